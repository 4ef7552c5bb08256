#include "strategies/bayesian/bayesian_strategy.hpp"

#include <algorithm>

#include "strategies/bayesian/maximize.hpp"
#include "strategies/bayesian/posterior.hpp"
#include "strategies/bayesian/training_data.hpp"
#include "strategies/sobol.hpp"
#include "tune/random.hpp"

namespace tune::strategies {
namespace {

constexpr int kLeastUsable = 4;       ///< trials with a value before the model is used
constexpr double kNoisyShare = 0.05;  ///< of the fitted variance: beyond it the incumbent is a posterior mean
constexpr double kLevelBeta = 1.8;    ///< deviations that choose the level of pure exploration
constexpr std::int64_t kMaxInitial = 10'000;
constexpr double kMaxBeta = 100.0;
constexpr double kPureExploration = 0.75;  ///< chance of it while there is no news (Song et al., 2024, as for the acquisition)
// In a space with categories the model comes to believe in the one it has looked at most; every so many trials it looks elsewhere.
constexpr TrialId kLookElsewhere = 4;
constexpr double kElsewhereBeta = 10.0;

std::int64_t default_initial(int dimensions) { return std::max(5, std::min(10, 2 * dimensions + 1)); }

/// Whether a trial has ended since the newest running one was proposed.
bool has_news(const StudyView& study) {
  std::int64_t newest_proposal = -1;
  std::int64_t newest_end = -1;
  for (const TrialView trial : study.running()) newest_proposal = std::max(newest_proposal, trial.record().proposed_order);
  for (const TrialView trial : study.finished()) newest_end = std::max(newest_end, trial.record().ended_order);
  return newest_end > newest_proposal;
}

}  // namespace

/// The model of one ask: fitted once, then told of each proposal as it is made.
class BayesianStrategy::Model {
 public:
  Model(const BayesianOptions& options, const FeatureSpace& features, TrainingData data, Hyperparameters hyper)
      : features_(features),
        best_points_(std::move(data.best_points)),
        posterior_(features.kinds(), data.observations, std::move(hyper)),
        known_(data.observations.points),
        incumbent_(first_incumbent(data.observations)),
        options_(options) {}

  /// The incumbent counts what the model expects of a pending trial; else its surest guess would be proposed again and again.
  void add_pending(const Configuration& configuration) {
    const Eigen::RowVectorXd row = features_.row(configuration);
    incumbent_ = std::max(incumbent_, posterior_.predict(row).mean[0]);
    posterior_.condition_on(row);
    known_.conservativeResize(known_.rows() + 1, Eigen::NoChange);
    known_.bottomRows(1) = row;
    ++pending_;
  }

  /// The best proposal that has not been tried; none when every candidate has. `news`: a trial has ended since the last proposal.
  [[nodiscard]] std::optional<Configuration> propose(std::uint64_t seed, TrialId trial, bool news, const Tried& tried) const {
    const AcquisitionMaximizer maximizer(features_, posterior_, acquisition(seed, trial, news));
    for (const Candidate& candidate : maximizer.search(seed, trial, best_points_)) {
      Configuration configuration = features_.cube().decode(candidate.point);
      if (!tried.contains(configuration)) return configuration;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] double first_incumbent(const Observations& observations) const {
    if (posterior_.hyper().noise_share() <= kNoisyShare) return observations.values.maxCoeff();
    return posterior_.predict(observations.points).mean.maxCoeff();
  }

  [[nodiscard]] Acquisition acquisition(std::uint64_t seed, TrialId trial, bool news) const {
    if (options_.pure_exploration && pending_ > 0 && !news &&
        RandomStream(seed, trial, "bayesian-explore").uniform() < kPureExploration) {
      return {AcquisitionKind::kPureExploration, exploration_level(), 0.0};
    }
    if (features_.has_categories() && options_.acquisition == BayesianOptions::Maximize::kUcb && trial % kLookElsewhere == 0) {
      return {AcquisitionKind::kUpperConfidenceBound, incumbent_, std::max(kElsewhereBeta, options_.beta)};
    }
    const bool log_ei = options_.acquisition == BayesianOptions::Maximize::kLogEi ||
                        (options_.acquisition == BayesianOptions::Maximize::kAlternate && trial % 2 == 1);
    return {log_ei ? AcquisitionKind::kLogExpectedImprovement : AcquisitionKind::kUpperConfidenceBound, incumbent_, options_.beta};
  }

  [[nodiscard]] double exploration_level() const {
    const Moments moments = posterior_.predict(known_);
    Eigen::Index most_hopeful = 0;
    (moments.mean + kLevelBeta * moments.sd).maxCoeff(&most_hopeful);
    return moments.mean[most_hopeful];
  }

  const FeatureSpace& features_;
  std::vector<std::vector<double>> best_points_;
  Posterior posterior_;
  Eigen::MatrixXd known_;  ///< observed and pending points
  int pending_ = 0;
  double incumbent_;
  const BayesianOptions& options_;
};

BayesianStrategy::BayesianStrategy(const Space& space, BayesianOptions options)
    : options_(options), features_(space), schedule_(features_, options.input_warp) {}

std::optional<Configuration> BayesianStrategy::propose_initial(const StudyView& study, TrialId trial, const Tried& tried) const {
  std::vector<double> point(features_.space().size());
  ScrambledSobol(study.seed(), "sobol", point.size()).point(trial - 1, point);
  Configuration configuration = features_.cube().decode(point);
  if (!tried.contains(configuration)) return configuration;
  return tried.untried(features_.cube(), study.seed(), trial);
}

Asked BayesianStrategy::ask(const StudyView& study, int count) {
  Asked asked;
  Tried tried(study);
  std::optional<TrainingData> data;
  std::optional<Model> model;
  const std::int64_t initial = options_.initial.value_or(default_initial(features_.dimensions()));
  const bool news = has_news(study);
  for (int i = 0; i < count; ++i) {
    const TrialId trial = study.next_trial() + i;
    if (trial > initial && !data) {
      Hyperparameters hyper = schedule_.at(study);
      data = collect_training_data(study, features_, study.finished_count(), output_fade(hyper));
      if (data->usable >= kLeastUsable) {
        model.emplace(options_, features_, std::move(*data), std::move(hyper));
        for (const TrialView running : study.running()) model->add_pending(running.configuration());
        for (const Configuration& proposed : asked.configurations) model->add_pending(proposed);
      }
    }
    std::optional<Configuration> proposal;
    if (model) proposal = model->propose(study.seed(), trial, news && i == 0, tried);
    if (!proposal) proposal = propose_initial(study, trial, tried);
    if (!proposal) {
      asked.exhausted = true;
      break;
    }
    tried.add(*proposal);
    if (model) model->add_pending(*proposal);
    asked.configurations.push_back(std::move(*proposal));
  }
  return asked;
}

Entry<Strategy> bayesian_entry() {
  OptionSpec initial{"initial",
                     OptionType::kInt,
                     std::nullopt,
                     1.0,
                     static_cast<double>(kMaxInitial),
                     {},
                     "trials of the initial design, a scrambled Sobol sequence; default max(5, min(10, 2 x parameters + 1))"};
  OptionSpec acquisition{"acquisition",
                         OptionType::kString,
                         OptionValue(std::string("ucb")),
                         std::nullopt,
                         std::nullopt,
                         {"ucb", "log_ei", "alternate"},
                         "what a proposal maximises: mean + beta x deviation, log expected improvement, or both by turns"};
  OptionSpec beta{"beta", OptionType::kFloat, OptionValue(1.8), 0.0, kMaxBeta, {}, "how much acquisition ucb explores"};
  OptionSpec warp{"input_warp",
                  OptionType::kBool,
                  OptionValue(true),
                  std::nullopt,
                  std::nullopt,
                  {},
                  "learn how each continuous parameter is to be stretched"};
  OptionSpec explore{"pure_exploration",
                     OptionType::kBool,
                     OptionValue(true),
                     std::nullopt,
                     std::nullopt,
                     {},
                     "while nothing new has ended, propose mostly where least is known among what could be best"};
  const auto make = [](const Space& space, const Options& options) -> Result<std::unique_ptr<Strategy>> {
    BayesianOptions own;
    if (const auto given = options.find("initial"); given != options.end()) own.initial = std::get<std::int64_t>(given->second);
    const auto word = option<std::string>(options, "acquisition");
    own.acquisition = word == "ucb"      ? BayesianOptions::Maximize::kUcb
                      : word == "log_ei" ? BayesianOptions::Maximize::kLogEi
                                                : BayesianOptions::Maximize::kAlternate;
    own.beta = option<double>(options, "beta");
    own.input_warp = option<bool>(options, "input_warp");
    own.pure_exploration = option<bool>(options, "pure_exploration");
    return std::unique_ptr<Strategy>(std::make_unique<BayesianStrategy>(space, own));
  };
  return {"bayesian",
          "a Gaussian process model of the objective; the default",
          {std::move(initial), std::move(acquisition), std::move(beta), std::move(warp), std::move(explore)},
          make};
}

}  // namespace tune::strategies
