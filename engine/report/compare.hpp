#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tune/records.hpp"
#include "tune/status.hpp"

/// The same job with two settings, side by side, once or with several seeds: the figures. compare_report shows them.
namespace tune::engine {

/// Within this share of the better arm's best objective.
inline constexpr double kWithinShare = 0.01;

/// A trial has ended, and the best value of all that have is another one.
struct BestSoFar {
  double training = 0.0;  ///< seconds that all trials had run by then
  double value = 0.0;
};

/// What early stopping saved, by the ledger of the run that had it and by the run that had none.
struct SavedCheck {
  double estimated = 0.0;  ///< seconds
  double measured = 0.0;
  /// (estimated - measured) / measured; none where nothing was saved.
  [[nodiscard]] std::optional<double> error() const {
    return measured > 0.0 ? std::optional((estimated - measured) / measured) : std::nullopt;
  }
};

struct ArmFigures {
  std::string name;
  std::string directory;
  std::string study;
  StudyStatus status = StudyStatus::kInProgress;
  std::string early_stopping;  ///< as reports name it: `off`, `median`
  double training = 0.0;       ///< seconds
  double wall = 0.0;           ///< seconds
  std::int64_t trials = 0;
  std::int64_t completed = 0;
  std::int64_t stopped = 0;
  std::int64_t failed = 0;
  std::optional<double> saved;  ///< seconds, estimated
  std::optional<TrialId> best_trial;
  std::optional<double> best_value;
  std::vector<BestSoFar> curve;  ///< in the order of time
  /// Best value of the trials that had ended when the arm that trained less had used up its training time.
  std::optional<double> best_at_equal_training;
  /// Training seconds, over all trials, until an objective was observed with |value - best| <= 1 % of |best|, or better than
  /// `best`, which is the better arm's best; none when it was not.
  std::optional<double> to_within;
};

/// One seed, two settings.
struct ComparedPair {
  std::uint64_t seed = 0;
  std::array<ArmFigures, 2> arms;   ///< the first is the one compared with
  std::optional<SavedCheck> saved;  ///< where exactly one arm had early stopping, and its saving is known
};

struct Comparison {
  Objective objective;
  std::vector<ComparedPair> pairs;  ///< at least one
};

struct Arm {
  std::string name;
  std::string directory;
  const StudyRecord* study = nullptr;
};
struct ArmPair {
  Arm first;
  Arm second;
};
/// Refuses studies of different objectives. REQUIRES: at least one pair.
Result<Comparison> compare_arms(const std::vector<ArmPair>& pairs);

/// Training seconds spent by all trials of a study up to `time`.
double training_seconds_until(const StudyRecord& study, TimePoint time);
/// The last value of a curve that was there after so many training seconds.
std::optional<double> best_after(const std::vector<BestSoFar>& curve, double training);

}  // namespace tune::engine
