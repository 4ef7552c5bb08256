#include "strategies/stopping/median.hpp"

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tune::strategies {
namespace {

std::string judged_text(const MedianOptions& options, const Objective& objective, double value, std::int64_t step) {
  const bool best = options.value == MedianOptions::Judged::kBest;
  return objective.metric + (best ? " at best " : " ") + to_text(value) + (best ? " up to step " : " at step ") +
         std::to_string(step);
}

std::string threshold_text(const MedianOptions& options, double threshold, std::size_t count) {
  std::string text = to_text(threshold) + ", the ";
  text += options.percentile == 50.0 ? "median" : "percentile " + to_text(options.percentile);
  text += " of the running averages of " + std::to_string(count);
  text += options.references == References::kCompleted ? " completed trial" : " trial";
  if (count != 1) text += "s";
  return options.references == References::kCompleted ? text : text + " that got that far";
}

/// Why `step` is not judged; empty when it is.
std::string exempt(std::int64_t step, std::int64_t warmup, std::optional<std::int64_t> max_step) {
  if (step == 0) return "there is no value to judge yet";
  if (step < warmup)
    return "step " + std::to_string(step) + " comes before step " + std::to_string(warmup) + ", the first that is judged";
  if (step == max_step) return "step " + std::to_string(step) + " is the last one, where there is nothing left to save";
  return {};
}

}  // namespace

Decision MedianPolicy::judge(const StudyView& study, const TrialView& trial) const {
  const Objective& objective = study.objective();
  const std::int64_t step = trial.last_step();
  const auto max_step = study.max_step();
  const std::int64_t warmup = first_judged_step(options_.warmup, max_step);

  Decision decision;
  decision.rule = name();
  decision.numbers = {{"step", static_cast<double>(step)}, {"warmup", static_cast<double>(warmup)}};
  if (std::string why = exempt(step, warmup, max_step); !why.empty()) {
    decision.reason = std::move(why);
    return decision;
  }

  const std::vector<Reference> references = references_at(study, options_.references, step, trial.id());
  for (const Reference& one : references) decision.references.push_back(one.id);
  const bool best = options_.value == MedianOptions::Judged::kBest;
  const double value = best ? trial.best().value_or(std::nan("")) : trial.objective().back().value;
  decision.numbers.insert(decision.numbers.end(), {{"value", value},
                                                   {"references", static_cast<double>(references.size())},
                                                   {"min_trials", static_cast<double>(options_.min_trials)},
                                                   {"percentile", options_.percentile},
                                                   {"margin", options_.margin}});
  if (references.empty() || references.size() < static_cast<std::size_t>(options_.min_trials)) {
    decision.reason = "step " + std::to_string(step) + " has " + std::to_string(references.size()) + " of the " +
                      std::to_string(options_.min_trials) + " references needed";
    return decision;
  }

  const double threshold = percentile_of(references, options_.percentile, objective);
  decision.numbers.emplace_back("threshold", threshold);
  const double judged = std::isnan(value) ? worst_of(objective) : value;
  const double shortfall = objective.goal == Goal::kMaximize ? threshold - judged : judged - threshold;
  const bool stop = shortfall > options_.margin;  // false for equal infinities, whose difference is no number
  decision.kind = stop ? Decision::Kind::kStop : Decision::Kind::kContinue;
  decision.reason = judged_text(options_, objective, value, step) + (stop ? " is worse than " : " is not worse than ") +
                    threshold_text(options_, threshold, references.size());
  if (options_.margin > 0.0) decision.reason += ", by more than the margin " + to_text(options_.margin);
  return decision;
}

namespace {

OptionSpec spec(std::string name, OptionType type, std::optional<OptionValue> default_value, std::string doc) {
  OptionSpec made;
  made.name = std::move(name);
  made.type = type;
  made.default_value = std::move(default_value);
  made.doc = std::move(doc);
  return made;
}

std::vector<OptionSpec> median_specs() {
  OptionSpec references = spec("references", OptionType::kString, std::string("completed"),
                               "trials to compare with: completed ones, or all that have got as far");
  references.allowed = {"completed", "reached"};
  OptionSpec value = spec("value", OptionType::kString, std::string("current"),
                          "what is judged: the value at the step, or the trial's best so far");
  value.allowed = {"current", "best"};
  OptionSpec min_trials = spec("min_trials", OptionType::kInt, std::int64_t{5}, "references needed before a trial is judged");
  min_trials.min = 1.0;
  OptionSpec percentile = spec("percentile", OptionType::kFloat, 50.0,
                               "percentile of the references' averages that must be met: 0 the worst, 100 the best");
  percentile.min = 0.0;
  percentile.max = 100.0;
  OptionSpec margin =
      spec("margin", OptionType::kFloat, 0.0, "how much worse than that a trial may be, in the objective's units");
  margin.min = 0.0;
  OptionSpec warmup = spec("warmup", OptionType::kIntOrShare, std::nullopt,
                           "first step judged, or that share of the maximum step; default max(2, 20 % of it, rounded up)");
  warmup.min = 0.0;
  return {references, value, min_trials, percentile, margin, warmup};
}

Result<std::unique_ptr<StoppingPolicy>> make_median(const Space&, const Options& options) {
  MedianOptions made;
  made.references = option<std::string>(options, "references") == "reached" ? References::kReached : References::kCompleted;
  made.value = option<std::string>(options, "value") == "best" ? MedianOptions::Judged::kBest : MedianOptions::Judged::kCurrent;
  made.min_trials = option<std::int64_t>(options, "min_trials");
  made.percentile = option<double>(options, "percentile");
  made.margin = option<double>(options, "margin");
  if (!std::isfinite(made.margin)) return Status::invalid("margin: " + to_text(made.margin) + " is no finite number >= 0");
  if (const auto warmup = options.find("warmup"); warmup != options.end()) {
    if (const auto* share = std::get_if<double>(&warmup->second)) {
      if (!(*share >= 0.0 && *share <= 1.0)) {
        return Status::invalid("warmup: the share " + to_text(*share) + " is not between 0 and 1 (0 % and 100 %)");
      }
      made.warmup = *share;
    } else {
      made.warmup = std::get<std::int64_t>(warmup->second);
    }
  }
  return std::unique_ptr<StoppingPolicy>(std::make_unique<MedianPolicy>(made));
}

}  // namespace

Entry<StoppingPolicy> median_entry() {
  return {.name = "median",
          .doc = "stops a trial whose value is worse than the median of other trials' running averages",
          .options = median_specs(),
          .make = make_median};
}

}  // namespace tune::strategies
