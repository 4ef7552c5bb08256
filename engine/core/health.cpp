#include "engine/core/health.hpp"

#include <algorithm>
#include <utility>

namespace tune::engine {

namespace {

/// The trial's metric up to `step`; an empty one when it has nothing so far.
HealthSeries series_up_to(const Series& series, std::int64_t step) {
  const std::span<const Point> points = series.points;
  const auto end = std::ranges::upper_bound(points, step, {}, &Point::step);
  return {series.metric, points.first(static_cast<std::size_t>(end - points.begin()))};
}

bool has_been_said(const TrialRecord& trial, std::string_view rule) {
  return std::ranges::any_of(trial.decisions,
                             [&](const DecisionRecord& decision) { return decision.rule == rule && is_warning(decision); });
}

}  // namespace

bool is_warning(std::string_view kind, std::string_view rule) { return kind == "continue" && rule.starts_with(kHealthPrefix); }

bool HealthRules::Input::matches(const std::string& metric) {
  const auto found = known.find(metric);
  return found != known.end() ? found->second : known.emplace(metric, pattern.matches(metric)).first->second;
}

Result<HealthRules> HealthRules::make(const StudySpec& spec, const Registry& registry) {
  HealthRules made;
  std::map<std::string, int> seen;
  for (const HealthSpec& one : spec.rules) {
    const Entry<HealthRule>* entry = registry.find_health_rule(one.rule.name);
    if (entry == nullptr) return Status::invalid("health rule '" + one.rule.name + "' is not known here");
    Result<std::unique_ptr<HealthRule>> rule = entry->make(spec.space, one.rule.options);
    if (!rule.ok()) return rule.status();
    const int number = ++seen[one.rule.name];
    Rule next;
    next.shown = std::string(kHealthPrefix) + one.rule.name + (number == 1 ? "" : " " + std::to_string(number));
    next.stop = one.stop;
    next.rule = *std::move(rule);
    for (const OptionSpec& option : entry->options) {
      const auto given = one.rule.options.find(option.name);
      if (option.type != OptionType::kMetrics || given == one.rule.options.end()) continue;
      auto pattern = metrics::NamePattern::compile(std::get<std::string>(given->second));
      if (!pattern.ok()) return Status::invalid("health rule '" + one.rule.name + "': " + pattern.status().message());
      next.inputs.push_back({option.name, *std::move(pattern)});
    }
    made.rules_.push_back(std::move(next));
  }
  return made;
}

std::vector<Decision> HealthRules::judge(const TrialRecord& trial, const std::string& metric, std::int64_t step) {
  std::vector<Decision> decisions;
  for (Rule& rule : rules_) {
    if (std::ranges::none_of(rule.inputs, [&](Input& input) { return input.matches(metric); })) continue;
    if (!rule.stop && has_been_said(trial, rule.shown)) continue;
    HealthView view{metric, step, {}};
    for (Input& input : rule.inputs) {
      std::vector<HealthSeries> matching;
      for (const Series& series : trial.series) {
        if (!input.matches(series.metric)) continue;
        if (const HealthSeries seen = series_up_to(series, step); !seen.points.empty()) matching.push_back(seen);
      }
      std::ranges::sort(matching, {}, &HealthSeries::metric);
      view.inputs.emplace_back(input.option, std::move(matching));
    }
    Decision decision = rule.rule->judge(view);
    if (decision.kind != Decision::Kind::kStop) continue;
    decision.rule = rule.shown;
    if (!rule.stop) decision.kind = Decision::Kind::kContinue;
    decisions.push_back(std::move(decision));
    if (rule.stop) break;
  }
  return decisions;
}

}  // namespace tune::engine
