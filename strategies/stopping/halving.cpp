#include "strategies/stopping/halving.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/promotion.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

struct Left {
  TrialId trial = 0;
  double value = 0.0;
};

/// What the other trials of the bracket had left at the rung by `moment`, by trial.
std::vector<Left> left_by_others(const StudyView& study, const TrialView& judged, const Rungs& rungs, std::size_t bracket,
                                 std::size_t rung, std::int64_t moment) {
  std::vector<Left> found;
  for (TrialId id = 1; id < study.next_trial(); ++id) {
    if (id == judged.id()) continue;
    const TrialView other = study.trial(id);
    const Point* point = rungs.left_at(rung, other.objective());
    if (point == nullptr || point->order > moment || rungs.bracket_of(study.seed(), id) != bracket) continue;
    found.push_back({id, point->value});
  }
  return found;
}

}  // namespace

Decision HalvingPolicy::judge(const StudyView& study, const TrialView& trial) const {
  const auto max_step = study.max_step();
  if (std::string why = off_the_rungs(trial, max_step); !why.empty()) return not_judged(name(), trial, std::move(why));
  const Rungs rungs(options_, *max_step);
  const std::size_t bracket = rungs.bracket_of(study.seed(), trial.id());
  const auto rung = rungs.reached(bracket, trial.last_step());
  const std::int64_t moment = moment_of(trial);
  const Point* own = rung ? rungs.left_at(*rung, trial.objective()) : nullptr;
  if (own == nullptr || own->order != moment) return not_judged(name(), trial, "the step is at no new rung");

  const std::vector<Left> others = left_by_others(study, trial, rungs, bracket, *rung, moment);
  const std::size_t population = others.size() + 1;
  const auto better_allowed = static_cast<std::size_t>(std::floor(static_cast<double>(population) / options_.reduction_factor));
  if (others.size() <= better_allowed) return not_judged(name(), trial, "too few other trials have come to the rung");
  const Objective& objective = study.objective();
  std::vector<double> values;
  Comparison comparison;
  for (const Left& left : others) {
    values.push_back(left.value);
    comparison.references.push_back(left.trial);
  }
  // More than `better_allowed` others are better exactly when this one, the next best of them, is.
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(better_allowed);
  std::ranges::nth_element(values, at, [&](double a, double b) { return objective.better(a, b); });
  comparison.judged = objective.metric;
  comparison.value = own->value;
  comparison.threshold = *at;
  comparison.stop = objective.better(comparison.threshold, comparison.value);
  comparison.against = "number " + std::to_string(better_allowed + 1) + " of the " + counted(others.size(), "other value") +
                       " at rung " + std::to_string(*rung) + ", where one in " + to_text(options_.reduction_factor) + " goes on";
  Decision decision = compared(name(), trial, std::move(comparison));
  decision.numbers.insert(decision.numbers.end(), {{"rung", static_cast<double>(*rung)},
                                                   {"rung_step", rungs.step(*rung)},
                                                   {"bracket", static_cast<double>(bracket)},
                                                   {"reduction_factor", options_.reduction_factor}});
  return decision;
}

OptionSpec halving_mode_option() {
  return choice_option("mode", {"stop", "promote"},
                       "at a rung: stop those that do not go on; or pause all and let the best go on, from their checkpoints");
}

std::unique_ptr<StoppingPolicy> make_halving(std::string_view rule, const RungOptions& rungs, const Options& options) {
  if (option<std::string>(options, "mode") == "promote") return std::make_unique<PromotionPolicy>(rule, rungs);
  return std::make_unique<HalvingPolicy>(rule, rungs);
}

}  // namespace tune::strategies
