#include "strategies/bayesian/bayesian_strategy.hpp"

#include <algorithm>
#include <limits>

#include "strategies/bayesian/training_data.hpp"
#include "strategies/sobol.hpp"

namespace tune::strategies {
namespace {

constexpr int kLeastUsable = 4;  ///< trials with a value before the model is used
constexpr std::int64_t kMaxInitial = 10'000;
constexpr double kMaxBeta = 100.0;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr Outlook kNoOutlook{kUnknown, kUnknown, kUnknown};  ///< of the initial design

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

BayesianStrategy::BayesianStrategy(const Space& space, BayesianOptions options)
    : options_(options), features_(space), prior_(space), schedule_(features_, options.input_warp) {}

const Earlier& BayesianStrategy::earlier_of(const StudyView& study) {
  if (!earlier_ || !earlier_->is_of(study)) {
    earlier_ = std::make_unique<Earlier>(study, features_);
    schedule_.begin(*earlier_);
  }
  return *earlier_;
}

std::optional<Configuration> BayesianStrategy::propose_initial(const StudyView& study, TrialId trial, const Tried& tried) const {
  std::vector<double> point(features_.space().size());
  ScrambledSobol(study.seed(), "sobol", point.size()).point(trial - 1, point);
  prior_.map(point);
  Configuration configuration = features_.cube().decode(point);
  if (!tried.contains(configuration)) return configuration;
  return tried.untried(features_.cube(), study.seed(), trial);
}

/// What was best in an earlier study on other data, before anything is known of this one's.
std::optional<Configuration> BayesianStrategy::propose_favourite(const Earlier& earlier, TrialId trial,
                                                                 const Tried& tried) const {
  const auto& favourites = earlier.favourites();
  if (trial > static_cast<TrialId>(favourites.size())) return std::nullopt;
  Configuration configuration = features_.cube().decode(favourites[static_cast<std::size_t>(trial - 1)]);
  return tried.contains(configuration) ? std::nullopt : std::optional(std::move(configuration));
}

std::unique_ptr<AskModel> BayesianStrategy::make_model(const StudyView& study, const Earlier& earlier) {
  Hyperparameters hyper = schedule_.at(study);
  TrainingData data = collect_training_data(study, features_, study.finished_count(), output_fade(hyper), earlier.trend().get());
  if (data.usable < kLeastUsable && !earlier.trend()) return nullptr;
  for (const auto& favourite : earlier.favourites()) {
    if (data.best_points.size() < kBestPoints) data.best_points.push_back(favourite);
  }
  return std::make_unique<AskModel>(options_, features_, prior_, std::move(data), std::move(hyper), earlier.trend());
}

Asked BayesianStrategy::ask(const StudyView& study, int count) {
  Asked asked;
  Tried tried(study);
  const Earlier& earlier = earlier_of(study);
  std::unique_ptr<AskModel> model;
  bool wanted = false;
  // Earlier trials of the same kind are as good as an initial design.
  const std::int64_t initial =
      earlier.trend() ? 0 : options_.initial.value_or(default_initial(features_.dimensions())) - earlier.identical();
  const bool news = has_news(study);
  for (int i = 0; i < count; ++i) {
    const TrialId trial = study.next_trial() + i;
    if (trial > initial && !wanted) {
      wanted = true;
      model = make_model(study, earlier);
      if (model) {
        for (const TrialView running : study.running()) model->add_pending(running.configuration());
        for (const Configuration& proposed : asked.configurations) model->add_pending(proposed);
      }
    }
    std::optional<Configuration> proposal = propose_favourite(earlier, trial, tried);
    Outlook outlook = kNoOutlook;
    if (!proposal && model) {
      if (auto found = model->propose(study.seed(), trial, news && i == 0, tried)) {
        proposal = std::move(found->configuration);
        outlook = found->outlook;
      }
    }
    if (!proposal) proposal = propose_initial(study, trial, tried);
    if (!proposal) {
      asked.exhausted = true;
      break;
    }
    tried.add(*proposal);
    if (model) model->add_pending(*proposal);
    asked.configurations.push_back(std::move(*proposal));
    asked.outlooks.push_back(outlook);
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
