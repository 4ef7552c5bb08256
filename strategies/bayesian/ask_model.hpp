#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "strategies/bayesian/maximize.hpp"
#include "strategies/bayesian/options.hpp"
#include "strategies/bayesian/training_data.hpp"
#include "strategies/tried.hpp"

namespace tune::strategies {

/// The model of one ask: made once, then told of each proposal as it is made. Lives no longer than what it was made from.
class AskModel {
 public:
  struct Proposal {
    Configuration configuration;
    Outlook outlook;
  };

  AskModel(const BayesianOptions& options, const FeatureSpace& features, const UserPrior& prior, TrainingData data,
           Hyperparameters hyper, std::shared_ptr<const Posterior> trend);

  /// Counts a running trial: sd narrows around it, and the incumbent counts what the model expects of it; else its surest guess
  /// would be proposed again and again.
  void add_pending(const Configuration& configuration);

  /// The best proposal that has not been tried; none when every candidate has. `news`: a trial has ended since the last proposal.
  [[nodiscard]] std::optional<Proposal> propose(std::uint64_t seed, TrialId trial, bool news, const Tried& tried) const;

 private:
  [[nodiscard]] double first_incumbent() const;
  [[nodiscard]] Acquisition acquisition(std::uint64_t seed, TrialId trial, bool news) const;
  [[nodiscard]] double exploration_level() const;
  /// Known points with the largest means.
  [[nodiscard]] Eigen::MatrixXd best_known(std::size_t count) const;
  [[nodiscard]] Outlook outlook(const std::vector<Candidate>& candidates, const Configuration& proposed) const;

  const BayesianOptions& options_;
  const FeatureSpace& features_;
  const UserPrior& prior_;
  TrainingData data_;
  Posterior posterior_;
  Eigen::MatrixXd known_;  ///< observed and pending points
  int pending_ = 0;
  double incumbent_;
};

}  // namespace tune::strategies
