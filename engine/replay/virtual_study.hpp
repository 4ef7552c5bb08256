#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/replay/curves.hpp"
#include "tune/stopping.hpp"

namespace tune::engine {

/// What became of one curve.
struct VirtualOutcome {
  std::int64_t steps = 0;   ///< that it ran
  bool to_the_end = false;  ///< it ran all its steps, so nothing of it was lost
};

/// A study that runs recorded curves under a stopping rule, on a virtual clock: each trial takes the same time for a step (one
/// second, or its own pace where that is known), `workers` run at once, a free one takes a paused trial that the rule wants to go
/// on, else the next curve. Values reach the rule as they reach it in a study: one judgement for each step, in the order of time,
/// of equal times the earlier trial first. Reused from run to run, so that memory is asked for once; not to be shared between
/// threads.
class VirtualStudy {
 public:
  /// `curves`, `policy` outlive it. No policy: nothing is stopped. REQUIRES: workers >= 1.
  VirtualStudy(const Curves& curves, const StoppingPolicy* policy, const Objective& objective, int workers);

  /// Runs the curves with these indices, in this order. The outcomes are those of the same index, valid until the next call.
  std::span<const VirtualOutcome> run(std::span<const std::size_t> order, std::uint64_t seed);
  /// The study as it is now.
  [[nodiscard]] const StudyRecord& record() const { return record_; }

 private:
  struct Slot {
    TrialId trial = 0;   ///< 0: free
    double clock = 0.0;  ///< seconds; when its next step is done
  };

  void clear(std::uint64_t seed);
  bool fill(Slot& slot, double now, std::span<const std::size_t> order);
  void start(Slot& slot, TrialId trial, double now);
  void advance(Slot& slot, std::span<const std::size_t> order);
  void observe(TrialRecord& trial, const CurvePoint& point, double now);
  void end(Slot& slot, TrialStatus status, std::string_view reason, double now);
  [[nodiscard]] double pace(std::size_t curve) const { return curves_.curves[curve].seconds_per_step.value_or(1.0); }
  [[nodiscard]] TrialRecord& at(TrialId id) { return record_.trials[static_cast<std::size_t>(id - 1)]; }

  const Curves& curves_;
  const StoppingPolicy* policy_;
  StudyRecord record_;
  std::deque<TrialRecord> spare_;  ///< of earlier runs, for their memory
  std::vector<Slot> slots_;
  std::vector<std::size_t> next_point_;  ///< of each trial's curve
  std::vector<VirtualOutcome> outcomes_;
};

}  // namespace tune::engine
