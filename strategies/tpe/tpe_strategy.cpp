#include "strategies/tpe/tpe_strategy.hpp"

#include "strategies/paused.hpp"
#include "strategies/sobol.hpp"

namespace tune::strategies {
namespace {

constexpr double kMaxTrials = 10'000.0;
constexpr double kMaxCandidates = 10'000.0;
constexpr double kLeastPriorWeight = 1e-3;
constexpr double kMostPriorWeight = 1e3;

std::vector<ParzenEstimator::Observation> observations_of(const StudyView& study, const std::vector<TrialId>& trials) {
  const std::vector<double> weights = age_weights(trials.size());
  std::vector<ParzenEstimator::Observation> observations;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    observations.push_back({&study.trial(trials[i]).configuration(), weights[i]});
  }
  return observations;
}

}  // namespace

TpeStrategy::TpeStrategy(const Space& space, const TpeOptions& options) : options_(options), cube_(space), beliefs_(space) {}

std::optional<Configuration> TpeStrategy::startup_point(const StudyView& study, TrialId trial, const Tried& tried) const {
  std::vector<double> point(cube_.size());
  ScrambledSobol(study.seed(), "sobol", point.size()).point(trial - 1, point);
  beliefs_.map(point);
  Configuration configuration = cube_.decode(point);
  if (!tried.contains(configuration)) return configuration;
  return tried.untried(cube_, study.seed(), trial);
}

Asked TpeStrategy::ask(const StudyView& study, int count) {
  Asked asked;
  Tried tried(study);
  const TrialSplit split = split_trials(study, options_.gamma, options_.most_good);
  const bool startup = split.size() < static_cast<std::size_t>(options_.startup);
  for (int i = 0; i < count; ++i) {
    const TrialId trial = study.next_trial() + i;
    std::optional<Configuration> proposal =
        startup ? startup_point(study, trial, tried) : propose(study, trial, split, asked.configurations, tried);
    if (!proposal) {
      asked.exhausted = true;
      break;
    }
    tried.add(*proposal);
    asked.configurations.push_back(std::move(*proposal));
  }
  return asked;
}

std::optional<Configuration> TpeStrategy::propose(const StudyView& study, TrialId trial, const TrialSplit& split,
                                                  const std::vector<Configuration>& asked, const Tried& tried) const {
  std::vector<ParzenEstimator::Observation> bad = observations_of(study, split.bad);
  if (options_.constant_liar) {
    for (const TrialView running : study.running()) {
      if (!shown_and_paused(running)) bad.push_back({&running.configuration(), 1.0});
    }
    for (const Configuration& proposed : asked) bad.push_back({&proposed, 1.0});
  }
  const ParzenEstimator good_density(cube_, observations_of(study, split.good), options_.parzen,
                                     beliefs_.any() ? &beliefs_ : nullptr);
  const ParzenEstimator bad_density(cube_, bad, options_.parzen, nullptr);
  RandomStream stream(study.seed(), trial, "tpe");
  std::optional<Configuration> best;
  double best_ratio = 0.0;
  for (std::int64_t i = 0; i < options_.candidates; ++i) {
    Configuration candidate = good_density.sample(stream);
    if (tried.contains(candidate)) continue;
    const double ratio = good_density.log_density(candidate) - bad_density.log_density(candidate);
    if (best && !(ratio > best_ratio)) continue;
    best = std::move(candidate);
    best_ratio = ratio;
  }
  return best ? best : tried.untried(cube_, study.seed(), trial);
}

Entry<Strategy> tpe_entry() {
  OptionSpec startup{"n_startup_trials",
                     OptionType::kInt,
                     OptionValue(std::int64_t{10}),
                     0.0,
                     kMaxTrials,
                     {},
                     "trials that must have ended before the model is used; until then a scrambled Sobol sequence"};
  OptionSpec candidates{"n_ei_candidates",
                        OptionType::kInt,
                        OptionValue(std::int64_t{24}),
                        1.0,
                        kMaxCandidates,
                        {},
                        "draws from the density of good trials, the best of which is proposed"};
  OptionSpec gamma{
      "gamma", OptionType::kFloat, OptionValue(0.1), 0.0, 1.0, {}, "the share of trials that count as good, rounded up"};
  OptionSpec most{
      "max_good", OptionType::kInt, OptionValue(std::int64_t{25}), 1.0, kMaxTrials, {}, "no more trials than this count as good"};
  OptionSpec weight{"prior_weight",
                    OptionType::kFloat,
                    OptionValue(1.0),
                    kLeastPriorWeight,
                    kMostPriorWeight,
                    {},
                    "what the prior weighs among trials that weigh up to 1 each"};
  OptionSpec clip{"consider_magic_clip",
                  OptionType::kBool,
                  OptionValue(true),
                  std::nullopt,
                  std::nullopt,
                  {},
                  "keep kernels wide while there are few trials"};
  OptionSpec liar{"constant_liar",
                  OptionType::kBool,
                  OptionValue(true),
                  std::nullopt,
                  std::nullopt,
                  {},
                  "running trials count as bad, so that proposals keep away from them"};
  const auto make = [](const Space& space, const Options& options) -> Result<std::unique_ptr<Strategy>> {
    TpeOptions own;
    own.startup = option<std::int64_t>(options, "n_startup_trials");
    own.candidates = option<std::int64_t>(options, "n_ei_candidates");
    own.gamma = option<double>(options, "gamma");
    own.most_good = option<std::int64_t>(options, "max_good");
    own.parzen = {option<double>(options, "prior_weight"), option<bool>(options, "consider_magic_clip")};
    own.constant_liar = option<bool>(options, "constant_liar");
    return std::unique_ptr<Strategy>(std::make_unique<TpeStrategy>(space, own));
  };
  return {"tpe",
          "the multivariate tree-structured Parzen estimator, for those who know it from Optuna",
          {std::move(startup), std::move(candidates), std::move(gamma), std::move(most), std::move(weight), std::move(clip),
           std::move(liar)},
          make};
}

}  // namespace tune::strategies
