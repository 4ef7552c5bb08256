#include "engine/replay/virtual_study.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/core/outcome.hpp"

namespace tune::engine {

namespace {

TimePoint moment(double seconds) {
  return TimePoint(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

}  // namespace

VirtualStudy::VirtualStudy(const Curves& curves, const StoppingPolicy* policy, const Objective& objective, int workers)
    : curves_(curves), policy_(policy), slots_(static_cast<std::size_t>(workers)) {
  TUNE_CHECK(workers >= 1);
  record_.name = "replay";
  record_.objective = objective;
  record_.stopping = policy == nullptr ? "off" : std::string(policy->name());
  record_.declared_max_step = curves.max_step;
}

void VirtualStudy::clear(std::uint64_t seed) {
  while (!record_.trials.empty()) {
    spare_.push_back(std::move(record_.trials.back()));
    record_.trials.pop_back();
  }
  record_.seed = seed;
  record_.seq = 0;
  record_.finished_order.clear();
  record_.running.clear();
  std::ranges::fill(slots_, Slot{});
  next_point_.clear();
  outcomes_.clear();
}

std::span<const VirtualOutcome> VirtualStudy::run(std::span<const std::size_t> order, std::uint64_t seed) {
  clear(seed);
  record_.max_trials = static_cast<std::int64_t>(order.size());
  for (Slot& slot : slots_) fill(slot, 0.0, order);
  while (true) {
    Slot* next = nullptr;
    for (Slot& slot : slots_) {
      if (slot.trial == 0) continue;
      if (next == nullptr || slot.clock < next->clock || (slot.clock == next->clock && slot.trial < next->trial)) next = &slot;
    }
    if (next == nullptr) break;
    advance(*next, order);
  }
  return outcomes_;
}

/// Gives a free slot something to do; false when there is nothing now.
bool VirtualStudy::fill(Slot& slot, double now, std::span<const std::size_t> order) {
  if (policy_ != nullptr) {
    const Plan plan = policy_->plan(StudyView(record_));
    if (plan.resume && record_.has_trial(*plan.resume) && at(*plan.resume).secondary == SecondaryStatus::kPaused) {
      start(slot, *plan.resume, now);
      return true;
    }
  }
  if (record_.trials.size() == order.size()) return false;
  TrialRecord trial;
  if (!spare_.empty()) {
    // Only the memory of its points is kept.
    std::vector<Series> series = std::move(spare_.back().series);
    spare_.pop_back();
    for (Series& one : series) one.points.clear();
    trial.series = std::move(series);
  }
  trial.id = static_cast<TrialId>(record_.trials.size()) + 1;
  trial.as_of = record_.seq;
  trial.proposed_order = ++record_.seq;
  trial.proposed_time = moment(now);
  if (trial.series.empty()) trial.series.push_back({record_.objective.metric, {}});
  record_.trials.push_back(std::move(trial));
  record_.running.push_back(record_.trials.back().id);
  next_point_.push_back(0);
  outcomes_.emplace_back();
  start(slot, record_.trials.back().id, now);
  return true;
}

void VirtualStudy::start(Slot& slot, TrialId id, double now) {
  TrialRecord& trial = at(id);
  trial.secondary = SecondaryStatus::kTraining;
  AttemptRecord attempt;
  attempt.number = static_cast<int>(trial.attempts.size()) + 1;
  attempt.launched = attempt.started = moment(now);
  attempt.slot = static_cast<int>(&slot - slots_.data());
  trial.attempts.push_back(std::move(attempt));
  slot = {id, now};
}

void VirtualStudy::observe(TrialRecord& trial, const CurvePoint& point, double now) {
  trial.series.front().insert({point.step, point.value, moment(now), ++record_.seq, static_cast<int>(trial.attempts.size())});
  trial.judged_step = point.step;
}

/// The trial in `slot` runs on to its next value, and is judged there.
void VirtualStudy::advance(Slot& slot, std::span<const std::size_t> order) {
  const auto index = static_cast<std::size_t>(slot.trial - 1);
  const Curve& curve = curves_.curves[order[index]];
  TrialRecord& trial = at(slot.trial);
  VirtualOutcome& outcome = outcomes_[index];

  const CurvePoint& point = curve.points[next_point_[index]];
  const double done = slot.clock + static_cast<double>(point.step - outcome.steps) * pace(order[index]);
  if (point.step - outcome.steps > 0 && done > slot.clock) {
    // Others may report before this one does.
    const bool first = std::ranges::none_of(slots_, [&](const Slot& other) {
      return other.trial != 0 && &other != &slot && (other.clock < done || (other.clock == done && other.trial < slot.trial));
    });
    outcome.steps = point.step;
    slot.clock = done;
    if (!first) return;
  }
  ++next_point_[index];
  observe(trial, point, slot.clock);
  const bool last = next_point_[index] == curve.points.size();
  outcome.to_the_end = last;
  const double now = slot.clock;

  if (!std::isfinite(point.value) && record_.objective.on_nan == OnNan::kStop) {
    outcome.to_the_end = false;
    end(slot, TrialStatus::kStopped, "diverged", now);
  } else {
    Decision decision;
    if (policy_ != nullptr) decision = policy_->judge(StudyView(record_), TrialView(trial, record_.objective, point.step));
    if (decision.kind != Decision::Kind::kContinue) {
      trial.decisions.push_back({point.step, std::string(to_string(decision.kind)), decision.rule, decision.reason,
                                 decision.numbers, decision.references, moment(now), ++record_.seq});
    }
    if (decision.kind == Decision::Kind::kStop) {
      end(slot, TrialStatus::kStopped, decision.rule, now);
    } else if (last) {
      end(slot, TrialStatus::kCompleted, "", now);
    } else if (decision.kind == Decision::Kind::kPause) {
      trial.secondary = SecondaryStatus::kPaused;
      trial.attempts.back().ended = moment(now);
      trial.attempts.back().end_reason = "paused";
      slot = {};
    }
  }
  if (slot.trial == 0) {
    fill(slot, now, order);
    // A slot that found nothing to do may have something now: a rule can promote a paused trial after any result.
    for (Slot& other : slots_) {
      if (other.trial == 0 && !fill(other, now, order)) break;
    }
  }
}

void VirtualStudy::end(Slot& slot, TrialStatus status, std::string_view reason, double now) {
  TrialRecord& trial = at(slot.trial);
  trial.status = status;
  trial.secondary = SecondaryStatus::kNone;
  trial.stop_reason = reason;
  trial.ended_order = ++record_.seq;
  trial.ended_time = moment(now);
  trial.attempts.back().ended = moment(now);
  trial.attempts.back().end_reason = status == TrialStatus::kCompleted ? "completed" : "stopped";
  if (reason != "diverged") trial.value = result_value(trial, record_.objective);
  std::erase(record_.running, trial.id);
  record_.finished_order.push_back(trial.id);
  slot = {};
}

}  // namespace tune::engine
