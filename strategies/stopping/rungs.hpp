#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "strategies/stopping/warmup.hpp"
#include "tune/registry.hpp"
#include "tune/study_view.hpp"

/// The rungs and brackets of successive halving (Jamieson and Talwalkar, AISTATS 2016; Li et al., "Hyperband", JMLR 2018; Li et
/// al., "A system for massively parallel hyperparameter tuning", MLSys 2020). Pure functions.
namespace tune::strategies {

inline constexpr std::int64_t kLeastFirstRung = 2;   ///< steps; a value after one step is mostly noise
inline constexpr std::int64_t kFirstRungParts = 10;  ///< one tenth (10 %) of the maximum step
inline constexpr double kDefaultReduction = 3.0;

/// How rungs are laid and who climbs which, as the options say it.
struct RungOptions {
  Warmup min_resource;  ///< the first rung, as an int or a share; nothing: max(2, 10 % of the maximum step, rounded up)
  double reduction_factor = kDefaultReduction;
  std::optional<std::size_t> brackets = 1;  ///< none: as many as there are rungs
};

/// The rungs of a study: the steps min_resource x reduction_factor^k that lie before its maximum step. Bracket b has all from the
/// b-th on. Immutable.
class Rungs {
 public:
  /// REQUIRES: max_step >= 1.
  Rungs(const RungOptions& options, std::int64_t max_step);

  [[nodiscard]] std::size_t count() const { return steps_.size(); }
  [[nodiscard]] double step(std::size_t rung) const { return steps_[rung]; }
  [[nodiscard]] std::size_t brackets() const { return brackets_; }
  /// The bracket of a trial, drawn from (seed, trial) alone: brackets that stop early get more trials, so that each costs about
  /// the same number of steps.
  [[nodiscard]] std::size_t bracket_of(std::uint64_t seed, TrialId trial) const;
  /// The highest rung of the bracket at or below `step`; none below its first.
  [[nodiscard]] std::optional<std::size_t> reached(std::size_t bracket, std::int64_t step) const;
  /// What a trial left at a rung: its first value from the rung's step on and before the next rung's; null when there is none.
  [[nodiscard]] const Point* left_at(std::size_t rung, std::span<const Point> points) const;

 private:
  std::vector<double> steps_;
  std::size_t brackets_ = 1;
  std::vector<double> bracket_ends_;  ///< where each bracket's share of the trials ends, in trials
};

/// Why a trial is at no rung that decides anything, whatever they are: it has no value, the maximum step is not known, or it has
/// reached that; empty when it may be judged.
std::string off_the_rungs(const TrialView& trial, std::optional<std::int64_t> max_step);

/// The options `min_resource` and `reduction_factor`.
std::vector<OptionSpec> rung_option_specs();
Result<RungOptions> rung_options_of(const Options& options);

}  // namespace tune::strategies
