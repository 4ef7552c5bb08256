#include "engine/run/would_go_on.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/config/resolve_options.hpp"
#include "engine/core/read_study.hpp"

namespace tune::engine {

namespace {

constexpr double kFirstStep = 1e-6;  ///< of the value, or of 1 where it is 0
constexpr int kMostDoublings = 80;
constexpr int kMostBisections = 60;

/// The nearest value on one side at which the trial is not stopped, as the rounder one of its two neighbours.
std::optional<Difference> nearest(const auto& stops, double from, double direction) {
  double step = kFirstStep * (from == 0.0 ? 1.0 : std::abs(from)) * direction;
  double bad = from;
  double good = from + step;
  for (int i = 0; stops(good); ++i) {
    if (i == kMostDoublings || !std::isfinite(from + 2.0 * step)) return std::nullopt;
    bad = good;
    step *= 2.0;
    good = from + step;
  }
  for (int i = 0; i < kMostBisections; ++i) {
    const double middle = bad / 2.0 + good / 2.0;
    if (middle == bad || middle == good) break;
    (stops(middle) ? bad : good) = middle;
  }
  if (to_text(bad).size() < to_text(good).size()) return Difference{.value = bad, .itself = false};
  return Difference{.value = good};
}

}  // namespace

std::optional<Difference> difference_to_go_on(StudyRecord record, const StoppingPolicy& policy, TrialId trial,
                                              std::int64_t step) {
  TrialRecord& judged = record.trials[static_cast<std::size_t>(trial - 1)];
  const auto series = std::ranges::find(judged.series, record.objective.metric, &Series::metric);
  if (series == judged.series.end()) return std::nullopt;
  const auto point = std::ranges::find(series->points, step, &Point::step);
  if (point == series->points.end() || !std::isfinite(point->value)) return std::nullopt;
  const double reported = point->value;
  const auto stops = [&](double value) {
    point->value = value;
    return policy.judge(StudyView(record), TrialView(judged, record.objective, step)).kind == Decision::Kind::kStop;
  };
  if (!stops(reported)) return std::nullopt;
  const double upwards = record.objective.goal == Goal::kMaximize ? 1.0 : -1.0;
  if (auto found = nearest(stops, reported, upwards)) return found;
  auto found = nearest(stops, reported, -upwards);
  if (!found) return Difference{};
  found->better = false;
  return found;
}

Result<std::vector<std::optional<Difference>>> differences_to_go_on(const std::string& directory, const Registry& registry,
                                                                    TrialId trial) {
  const auto now = read_study(directory);
  if (!now.ok()) return now.status();
  TUNE_CHECK(now->state.record().has_trial(trial));
  const auto& decisions = now->state.record().trial(trial).decisions;
  std::vector<std::optional<Difference>> found(decisions.size());
  const Result<StudySpec> spec = resolve_recorded(now->state.spec(), registry);
  if (!spec.ok()) return spec.status();
  if (!spec->stopping) return found;
  const auto policy = registry.make_policy(spec->space, spec->stopping->policy);
  if (!policy.ok()) return policy.status();
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (decisions[i].kind != to_string(Decision::Kind::kStop)) continue;
    const auto then = read_study(directory, decisions[i].order - 1);
    if (!then.ok()) return then.status();
    found[i] = difference_to_go_on(then->state.record(), **policy, trial, decisions[i].step);
  }
  return found;
}

}  // namespace tune::engine
