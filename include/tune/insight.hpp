#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tune/study_view.hpp"

/// What a model of the objective, fitted to a study's finished trials, says of its parameters.
namespace tune {

/// Trials with a value, measured or predicted, below which nothing is said.
inline constexpr int kInsightTrials = 8;
/// Chance that the model gives the objective (without noise) of lying in an interval.
inline constexpr double kInsightLevel = 0.9;

struct ParameterImportance {
  std::string name = {};
  double share = 0.0;     ///< of the model's variation over the space that this parameter explains alone; 0 to 1
  double share_sd = 0.0;  ///< standard deviation of `share`, from fits without every fifth trial
};

/// In the objective's own units; low <= value <= high. All finite.
struct PredictedValue {
  double value = 0.0;  ///< the model's median
  double low = 0.0;    ///< the interval of level kInsightLevel
  double high = 0.0;
};

struct Insight {
  std::vector<ParameterImportance> importances = {};  ///< of the parameters that can vary, largest share first
  double interaction_share = 0.0;                     ///< what no parameter explains alone; 0 when the model is flat
  double explained = 0.0;             ///< of the variation among trials that a fit was not shown, the share it predicts; 0 to 1
  Configuration predicted_best = {};  ///< where the model expects most; it may never have been tried
  PredictedValue at_predicted_best = {};
  TrialId best_trial = 0;             ///< the trial with the best value; 0 when none has a value of its own
  PredictedValue at_best_trial = {};  ///< what the model expects there: how much of that trial's value was luck
  int trials = 0;                     ///< with a value, measured or predicted
};

/// None with fewer than kInsightTrials usable trials, and where no parameter can vary. A pure function of the finished trials and
/// the seed, whatever strategy proposed them. Safe from several threads. Defined in strategies/; docs/search.md says how.
std::optional<Insight> study_insight(const StudyView& study);

}  // namespace tune
