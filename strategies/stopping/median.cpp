#include "strategies/stopping/median.hpp"

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

constexpr double kDefaultPercentile = 25.0;  ///< of the rule `percentile`

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

}  // namespace

Decision MedianPolicy::judge(const StudyView& study, const TrialView& trial) const {
  const Objective& objective = study.objective();
  const std::int64_t step = trial.last_step();
  const auto max_step = study.max_step();
  const std::int64_t warmup = first_judged_step(options_.looks.warmup, max_step);

  Decision decision;
  decision.rule = name();
  decision.numbers = {{"step", static_cast<double>(step)}, {"warmup", static_cast<double>(warmup)}};
  if (std::string why = options_.looks.not_due(trial, max_step); !why.empty()) {
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

std::vector<OptionSpec> median_specs(double percentile) {
  std::vector<OptionSpec> specs{
      choice_option("references", {"completed", "reached"},
                    "trials to compare with: completed ones, or all that have got as far"),
      choice_option("value", {"current", "best"}, "what is judged: the value at the step, or the trial's best so far"),
      int_option("min_trials", 5, 1, "references needed before a trial is judged"),
      float_option("percentile", percentile, 0.0, 100.0,
                   "percentile of the references' averages that must be met: 0 the worst, 100 the best"),
      float_option("margin", 0.0, 0.0, {}, "how much worse than that a trial may be, in the objective's units")};
  for (OptionSpec& spec : looks_options({}, false)) specs.push_back(std::move(spec));
  return specs;
}

Result<std::unique_ptr<StoppingPolicy>> make_median(std::string_view rule, const Options& options) {
  MedianOptions made;
  made.rule = rule;
  made.references = option<std::string>(options, "references") == "reached" ? References::kReached : References::kCompleted;
  made.value = option<std::string>(options, "value") == "best" ? MedianOptions::Judged::kBest : MedianOptions::Judged::kCurrent;
  made.min_trials = option<std::int64_t>(options, "min_trials");
  made.percentile = option<double>(options, "percentile");
  made.margin = option<double>(options, "margin");
  if (!std::isfinite(made.margin)) return Status::invalid("margin: " + to_text(made.margin) + " is no finite number >= 0");
  const auto looks = looks_of(options);
  if (!looks.ok()) return looks.status();
  made.looks = *looks;
  return std::unique_ptr<StoppingPolicy>(std::make_unique<MedianPolicy>(made));
}

}  // namespace

Entry<StoppingPolicy> median_entry() {
  return {.name = "median",
          .doc = "stops a trial whose value is worse than the median of other trials' running averages",
          .options = median_specs(50.0),
          .make = [](const Space&, const Options& options) { return make_median("median", options); }};
}

Entry<StoppingPolicy> percentile_entry() {
  return {.name = "percentile",
          .doc = "stops a trial whose value is among the worst quarter, or another share, of other trials' running averages",
          .options = median_specs(kDefaultPercentile),
          .make = [](const Space&, const Options& options) { return make_median("percentile", options); }};
}

}  // namespace tune::strategies
