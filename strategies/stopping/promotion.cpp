#include "strategies/stopping/promotion.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

Plan promoted(std::string_view rule, const StudyView& study, const std::vector<RungValue>& standing, std::size_t place,
              std::size_t allowed, const Rungs& rungs, std::size_t bracket, std::size_t rung, double reduction_factor) {
  const RungValue& chosen = standing[place];
  Plan plan;
  plan.resume = chosen.trial;
  plan.bracket = static_cast<int>(bracket);
  plan.decision.rule = rule;
  plan.decision.reason = study.objective().metric + " " + to_text(chosen.value) + " is number " + std::to_string(place + 1) +
                         " of the " + counted(standing.size(), "value") + " at rung " + std::to_string(rung) + ", where " +
                         std::to_string(allowed) + " may go on, one in " + to_text(reduction_factor) +
                         (study.all_proposed() ? " rounded up since all trials are proposed" : "");
  plan.decision.numbers = {{"value", chosen.value},
                           {"place", static_cast<double>(place + 1)},
                           {"values", static_cast<double>(standing.size())},
                           {"allowed", static_cast<double>(allowed)},
                           {"rung", static_cast<double>(rung)},
                           {"rung_step", rungs.step(rung)},
                           {"bracket", static_cast<double>(bracket)},
                           {"reduction_factor", reduction_factor}};
  for (const RungValue& other : standing) {
    if (other.trial != chosen.trial) plan.decision.references.push_back(other.trial);
  }
  std::ranges::sort(plan.decision.references);
  return plan;
}

}  // namespace

std::optional<std::size_t> paused_at(const TrialView& trial, const Rungs& rungs, std::size_t bracket, std::int64_t moment) {
  std::optional<std::size_t> highest;
  for (const DecisionRecord& decision : trial.record().decisions) {
    if (decision.order >= moment || decision.kind != to_string(Decision::Kind::kPause)) continue;
    if (const auto rung = rungs.reached(bracket, decision.step)) highest = std::max(highest, rung);
  }
  return highest;
}

std::vector<RungValue> standing_at(const StudyView& study, const Rungs& rungs, std::size_t bracket, std::size_t rung) {
  std::vector<RungValue> standing;
  for (TrialId id = 1; id < study.next_trial(); ++id) {
    const TrialView trial = study.trial(id);
    const Point* point = rungs.left_at(rung, trial.objective());
    if (point == nullptr || rungs.bracket_of(study.seed(), id) != bracket) continue;
    const TrialRecord& record = trial.record();
    const bool paused = !record.finished() && !record.stop_requested && record.secondary == SecondaryStatus::kPaused;
    const bool here = paused && paused_at(trial, rungs, bracket, study.as_of() + 1) == rung;
    standing.push_back({id, point->value, here});
  }
  const Objective& objective = study.objective();
  std::ranges::stable_sort(standing, [&](const RungValue& a, const RungValue& b) { return objective.better(a.value, b.value); });
  return standing;
}

Decision PromotionPolicy::judge(const StudyView& study, const TrialView& trial) const {
  const auto max_step = study.max_step();
  if (std::string why = off_the_rungs(trial, max_step); !why.empty()) return not_judged(name(), trial, std::move(why));
  const Rungs rungs(options_, *max_step);
  const std::size_t bracket = rungs.bracket_of(study.seed(), trial.id());
  const auto rung = rungs.reached(bracket, trial.last_step());
  if (!rung) return not_judged(name(), trial, "the step is at no rung yet");
  const auto before = paused_at(trial, rungs, bracket, moment_of(trial));
  if (before && *before >= *rung) return not_judged(name(), trial, "the trial was let go on from this rung");
  Decision decision = not_judged(name(), trial,
                                 study.objective().metric + " " + to_text(trial.objective().back().value) + " at step " +
                                     std::to_string(trial.last_step()) + " takes it to rung " + std::to_string(*rung) +
                                     ", where it waits until it is among the best one in " + to_text(options_.reduction_factor));
  decision.kind = Decision::Kind::kPause;
  decision.numbers.insert(decision.numbers.end(), {{"value", trial.objective().back().value},
                                                   {"rung", static_cast<double>(*rung)},
                                                   {"rung_step", rungs.step(*rung)},
                                                   {"bracket", static_cast<double>(bracket)},
                                                   {"reduction_factor", options_.reduction_factor}});
  return decision;
}

Plan PromotionPolicy::plan(const StudyView& study) const {
  const auto max_step = study.max_step();
  if (!max_step) return {};
  const Rungs rungs(options_, *max_step);
  for (std::size_t rung = rungs.count(); rung-- > 0;) {
    for (std::size_t bracket = 0; bracket < std::min(rungs.brackets(), rung + 1); ++bracket) {
      if (rung >= open_rungs(study, rungs, bracket)) continue;
      const std::vector<RungValue> standing = standing_at(study, rungs, bracket, rung);
      const double share = static_cast<double>(standing.size()) / options_.reduction_factor;
      const auto allowed = static_cast<std::size_t>(study.all_proposed() ? std::ceil(share) : std::floor(share));
      for (std::size_t place = 0; place < std::min(allowed, standing.size()); ++place) {
        if (!standing[place].waits || std::isnan(standing[place].value)) continue;
        return promoted(name(), study, standing, place, allowed, rungs, bracket, rung, options_.reduction_factor);
      }
    }
  }
  return {};
}

}  // namespace tune::strategies
