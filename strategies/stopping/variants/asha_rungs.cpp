#include "strategies/stopping/variants/asha_rungs.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "strategies/curves/points_until.hpp"
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

namespace {

/// A value that a trial has left at a rung.
struct RungRecord {
  std::size_t rung = 0;
  double value = 0.0;
  std::int64_t order = 0;
};

/// What trials have left at the rungs by a moment: each report goes to the highest rung it has reached that has none of the
/// trial's yet, if there is one; so does the last one once more when the trial has ended.
class Bracket {
 public:
  Bracket(const AshaSpan& span, const AshaHabits& habits, std::int64_t moment)
      : max_t_(span.max_t), habits_(habits), moment_(moment), milestones_(span.milestones()) {}

  /// Of one trial, in the order of the steps. Valid until the next call.
  const std::vector<RungRecord>& records(const TrialView& trial) {
    records_.clear();
    taken_.assign(milestones_.size(), false);
    const Arrived points = arrived(trial, moment_);
    const bool again =
        habits_.again_stopped ? ended_by(trial, moment_) && !failed_by(trial, moment_) : completed_by(trial, moment_);
    const std::span<const Point> all(points.begin(), points.end());
    const auto counting = habits_.max_t_ends ? before(all, max_t_) : all;
    for (std::size_t i = 0; i < counting.size();) {
      const std::size_t reached = hand_over(counting[i], counting[i].order);
      ++i;
      if (settled(reached))
        i = reached < milestones_.size() ? std::max(i, before(counting, milestones_[reached]).size()) : all.size();
    }
    if (!all.empty() && again) hand_over(all.back(), trial.record().ended_order);
    return records_;
  }

 private:
  /// How many rungs the report has reached.
  std::size_t hand_over(const Point& point, std::int64_t order) {
    const auto reached =
        static_cast<std::size_t>(std::ranges::upper_bound(milestones_, static_cast<double>(point.step)) - milestones_.begin());
    for (std::size_t rung = reached; rung-- > 0;) {
      if (taken_[rung] && habits_.rungs_once) return reached;
      if (taken_[rung]) continue;
      taken_[rung] = true;
      records_.push_back({rung, point.value, order});
      return reached;
    }
    return reached;
  }

  /// Whether no further report that reaches as many rungs leaves anything.
  [[nodiscard]] bool settled(std::size_t reached) const { return habits_.rungs_once || records_.size() == reached; }

  static std::span<const Point> before(std::span<const Point> points, double step) {
    const double last = std::ceil(step) - 1;  // steps are whole
    constexpr double kNoStep = 9e18;
    return last >= kNoStep ? points : points_until(points, static_cast<std::int64_t>(last));
  }

  double max_t_;
  AshaHabits habits_;
  std::int64_t moment_;
  std::vector<double> milestones_;
  std::vector<bool> taken_;
  std::vector<RungRecord> records_;
};

}  // namespace

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
  Bracket bracket(span, habits, moment);
  const std::vector<RungRecord>& own = bracket.records(trial);
  if (own.empty() || own.back().order != moment) return nothing("the step is at no new rung");
  look.rung = own.back().rung;
  for (const TrialView& other : others(study, trial)) {
    for (const RungRecord& record : bracket.records(other)) {
      if (record.rung != look.rung || (habits.skip_nan && std::isnan(record.value))) continue;
      look.trials.push_back(other.id());
      look.values.push_back(record.value);
    }
  }
  if (look.values.empty()) return nothing("no other trial has left a value at this rung");
  return look;
}

}  // namespace tune::strategies
