#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tune/registry.hpp"
#include "tune/stopping.hpp"
#include "tune/study_view.hpp"

/// The one bracket of asynchronous successive halving as Ray Tune and Syne Tune (which took Ray's) keep it.
namespace tune::strategies {

struct AshaSpan {
  double grace_period = 1.0;
  double max_t = 100.0;
  double reduction_factor = 4.0;

  /// grace_period reduction_factor^k up to max_t, ascending; how many is decided by logarithms, rounding included.
  [[nodiscard]] std::vector<double> milestones() const;
};

inline constexpr double kLeastReduction = 1.001;  ///< of a reduction factor; 1 would put all rungs in one place

/// The options `max_t`, `grace_period` and `reduction_factor`; grace_period must not exceed max_t.
Result<AshaSpan> span_of(const Options& options);

/// How a scheduler treats its bracket.
struct AshaHabits {
  bool max_t_ends = true;     ///< a report at max_t or later leaves nothing
  bool rungs_once = false;    ///< nor does one whose highest rung has a value of the trial already
  bool again_stopped = true;  ///< the last report comes again when the trial has been stopped, not only when it has completed
  bool skip_nan = true;       ///< a NaN that was left at a rung is passed over
};

/// What a trial is to be compared with at the rung that its last report has taken.
struct RungLook {
  std::optional<Decision> without = {};  ///< the decision where nothing is compared: no value, no new rung, nobody there, max_t
  std::size_t rung = 0;
  std::vector<TrialId> trials = {};  ///< that have left a value there before
  std::vector<double> values = {};   ///< theirs
};

RungLook look_at_rung(std::string_view rule, const StudyView& study, const TrialView& trial, const AshaSpan& span,
                      const AshaHabits& habits);

}  // namespace tune::strategies
