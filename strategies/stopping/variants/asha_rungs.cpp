#include "strategies/stopping/variants/asha_rungs.hpp"

#include <cmath>

#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {

std::vector<double> AshaSpan::milestones() const {
  const auto count = static_cast<int>(std::log(max_t / grace_period) / std::log(reduction_factor) + 1.0);
  std::vector<double> steps;
  for (int k = 0; k < count; ++k) steps.push_back(grace_period * std::pow(reduction_factor, k));
  return steps;
}

Result<AshaSpan> span_of(const Options& options) {
  const AshaSpan span{static_cast<double>(option<std::int64_t>(options, "grace_period")),
                      static_cast<double>(option<std::int64_t>(options, "max_t")), option<double>(options, "reduction_factor")};
  if (span.grace_period > span.max_t) {
    return Status::invalid("grace_period: given " + to_text(span.grace_period) + "; allowed: int that does not exceed max_t, " +
                           to_text(span.max_t));
  }
  return span;
}

std::vector<RungRecord> rung_records(const TrialView& trial, std::int64_t moment, const AshaSpan& span,
                                     const AshaHabits& habits) {
  const std::vector<double> milestones = span.milestones();
  std::vector<bool> taken(milestones.size(), false);
  std::vector<RungRecord> records;
  const auto hand_over = [&](const Point& point, std::int64_t order) {
    for (std::size_t rung = milestones.size(); rung-- > 0;) {
      if (static_cast<double>(point.step) < milestones[rung]) continue;
      if (taken[rung] && habits.rungs_once) return;
      if (taken[rung]) continue;
      taken[rung] = true;
      records.push_back({rung, point.value, order});
      return;
    }
  };
  const Arrived points = arrived(trial, moment);
  for (const Point& point : points) {
    if (!(habits.max_t_ends && static_cast<double>(point.step) >= span.max_t)) hand_over(point, point.order);
  }
  const bool again = habits.again_stopped ? ended_by(trial, moment) && !failed_by(trial, moment) : completed_by(trial, moment);
  if (!points.empty() && again) {
    hand_over(points.back(), trial.record().ended_order);
  }
  return records;
}

RungLook look_at_rung(std::string_view rule, const StudyView& study, const TrialView& trial, const AshaSpan& span,
                      const AshaHabits& habits) {
  RungLook look;
  const auto nothing = [&](std::string why, Decision::Kind kind = Decision::Kind::kContinue) {
    look.without = not_judged(rule, trial, std::move(why));
    look.without->kind = kind;
    return look;
  };
  if (trial.objective().empty()) return nothing("there is no value to judge yet");
  if (habits.max_t_ends && static_cast<double>(trial.last_step()) >= span.max_t) {
    return nothing("step " + std::to_string(trial.last_step()) + " is max_t, where every trial is stopped",
                   Decision::Kind::kStop);
  }
  const std::int64_t moment = moment_of(trial);
  const std::vector<RungRecord> own = rung_records(trial, moment, span, habits);
  if (own.empty() || own.back().order != moment) return nothing("the step is at no new rung");
  look.rung = own.back().rung;
  for (const TrialId id : others(study, trial)) {
    for (const RungRecord& record : rung_records(study.trial(id), moment, span, habits)) {
      if (record.rung != look.rung || (habits.skip_nan && std::isnan(record.value))) continue;
      look.trials.push_back(id);
      look.values.push_back(record.value);
    }
  }
  if (look.values.empty()) return nothing("no other trial has left a value at this rung");
  return look;
}

}  // namespace tune::strategies
