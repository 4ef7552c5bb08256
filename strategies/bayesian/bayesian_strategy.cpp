#include "strategies/bayesian/bayesian_strategy.hpp"

#include <algorithm>

#include "strategies/bayesian/maximize.hpp"
#include "strategies/bayesian/posterior.hpp"
#include "strategies/bayesian/training_data.hpp"
#include "strategies/sobol.hpp"

namespace tune::strategies {
namespace {

constexpr int kLeastUsable = 4;       ///< trials with a value before the model is used
constexpr double kNoisyShare = 0.05;  ///< of the fitted variance: beyond it the incumbent is a posterior mean
constexpr std::int64_t kMaxInitial = 10'000;
constexpr double kMaxBeta = 100.0;

std::int64_t default_initial(int dimensions) { return std::max(5, std::min(10, 2 * dimensions + 1)); }

}  // namespace

/// The model of one ask: fitted once, then told of each proposal as it is made.
class BayesianStrategy::Model {
 public:
  Model(const BayesianOptions& options, const FeatureSpace& features, TrainingData data, Hyperparameters hyper)
      : features_(features),
        best_points_(std::move(data.best_points)),
        posterior_(features.kinds(), data.observations, std::move(hyper)),
        incumbent_(first_incumbent(data.observations)),
        options_(options) {}

  /// The incumbent counts what the model expects of a pending trial; else its surest guess would be proposed again and again.
  void add_pending(const Configuration& configuration) {
    const Eigen::RowVectorXd row = features_.row(configuration);
    incumbent_ = std::max(incumbent_, posterior_.predict(row).mean[0]);
    posterior_.condition_on(row);
  }

  /// The best proposal that has not been tried; none when every candidate has.
  [[nodiscard]] std::optional<Configuration> propose(std::uint64_t seed, TrialId trial, const Tried& tried) const {
    const Acquisition acquisition(options_.acquisition, incumbent_, options_.beta);
    const AcquisitionMaximizer maximizer(features_, posterior_, acquisition);
    for (const Candidate& candidate : maximizer.search(seed, trial, best_points_)) {
      Configuration configuration = features_.cube().decode(candidate.point);
      if (!tried.contains(configuration)) return configuration;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] double first_incumbent(const Observations& observations) const {
    const Hyperparameters& hyper = posterior_.hyper();
    if (hyper.noise <= kNoisyShare * (hyper.noise + hyper.scale)) return observations.values.maxCoeff();
    return posterior_.predict(observations.points).mean.maxCoeff();
  }

  const FeatureSpace& features_;
  std::vector<std::vector<double>> best_points_;
  Posterior posterior_;
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
  for (int i = 0; i < count; ++i) {
    const TrialId trial = study.next_trial() + i;
    if (trial > initial && !data) {
      data = collect_training_data(study, features_, study.finished_count());
      if (data->usable >= kLeastUsable) {
        model.emplace(options_, features_, std::move(*data), schedule_.at(study));
        for (const TrialView running : study.running()) model->add_pending(running.configuration());
        for (const Configuration& proposed : asked.configurations) model->add_pending(proposed);
      }
    }
    std::optional<Configuration> proposal;
    if (model) proposal = model->propose(study.seed(), trial, tried);
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
                         OptionValue(std::string("log_ei")),
                         std::nullopt,
                         std::nullopt,
                         {"log_ei", "ucb"},
                         "what a proposal maximises: log expected improvement, or mean + beta x deviation"};
  OptionSpec beta{"beta", OptionType::kFloat, OptionValue(1.8), 0.0, kMaxBeta, {}, "how much acquisition ucb explores"};
  OptionSpec warp{"input_warp",
                  OptionType::kBool,
                  OptionValue(false),
                  std::nullopt,
                  std::nullopt,
                  {},
                  "learn how each continuous parameter is to be stretched"};
  const auto make = [](const Space& space, const Options& options) -> Result<std::unique_ptr<Strategy>> {
    BayesianOptions own;
    if (const auto given = options.find("initial"); given != options.end()) own.initial = std::get<std::int64_t>(given->second);
    const bool ucb = option<std::string>(options, "acquisition") == "ucb";
    own.acquisition = ucb ? AcquisitionKind::kUpperConfidenceBound : AcquisitionKind::kLogExpectedImprovement;
    own.beta = option<double>(options, "beta");
    own.input_warp = option<bool>(options, "input_warp");
    return std::unique_ptr<Strategy>(std::make_unique<BayesianStrategy>(space, own));
  };
  return {"bayesian",
          "a Gaussian process model of the objective; the default",
          {std::move(initial), std::move(acquisition), std::move(beta), std::move(warp)},
          make};
}

}  // namespace tune::strategies
