#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "tune/study_view.hpp"

namespace tune::strategies {

/// What a trial's result would be had it run to its end, in the objective's units. Always finite.
struct FinalPrediction {
  double mean = 0.0;
  double variance = 0.0;
  int references = 0;  ///< completed trials it rests on
};

/// Predicts final values from the completed trials among the first `limit` finished ones of a study.
///
/// A completed trial, and one that reached the maximum step, has its own result. Any other: its best value so far plus the median
/// remaining gain (result - best value up to that step) of the completed trials that got as far, with the mean squared distance
/// of those gains from their median as variance. Without such a trial the gain is 0 and the variance that of the trial's own
/// values. (Give the model a predicted final value for a stopped trial, never its last one: at equal cost regret was a third
/// lower.) Valid as long as the view. Not to be shared between threads.
class FinalPredictor {
 public:
  explicit FinalPredictor(const StudyView& study, std::size_t limit = std::numeric_limits<std::size_t>::max());

  /// None for a trial without a finite observation and without a result.
  [[nodiscard]] std::optional<FinalPrediction> predict(const TrialView& trial);

 private:
  struct Reference {
    std::vector<std::int64_t> steps;
    std::vector<double> best;  ///< best value up to that step
    double result = 0.0;
  };
  struct Gain {
    double median = 0.0;
    double variance = 0.0;
    int references = 0;
  };
  const Gain& gain_after(std::int64_t step);

  StudyView study_;
  std::optional<std::int64_t> max_step_;
  std::vector<Reference> references_;
  std::map<std::int64_t, Gain> gains_;
};

/// The same for one trial: a pure function of its arguments.
std::optional<FinalPrediction> predicted_final(const StudyView& study, const TrialView& trial);

}  // namespace tune::strategies
