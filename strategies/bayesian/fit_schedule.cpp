#include "strategies/bayesian/fit_schedule.hpp"

#include <algorithm>
#include <cstring>

#include "strategies/bayesian/training_data.hpp"

namespace tune::strategies {
namespace {

constexpr std::size_t kFirstStage = 4;
constexpr std::size_t kGrowth = 20;          ///< one new stage for every 1 / kGrowth more trials
constexpr std::size_t kFirstAnchor = 40;     ///< trials; every doubling of it is one too
constexpr Eigen::Index kMaxFitPoints = 200;  ///< a fit uses at most so many observations
constexpr int kFirstIterations = 200;
constexpr int kWarmIterations = 30;
constexpr std::size_t kSecondStart = 50;  ///< below so many trials the default start is tried too
constexpr double kFadeFrom = 0.1;         ///< share of noise where the output warps begin to give way
constexpr double kFadeTo = 0.4;

std::size_t next_stage(std::size_t finished) { return finished + std::max<std::size_t>(1, finished / kGrowth); }

/// Equal as bits, so that NaN equals itself.
bool same_number(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

double output_fade(const Hyperparameters& hyper) {
  return std::clamp((hyper.noise_share() - kFadeFrom) / (kFadeTo - kFadeFrom), 0.0, 1.0);
}

FitSchedule::FitSchedule(const FeatureSpace& features, bool warp_inputs) : features_(features), warp_inputs_(warp_inputs) {}

ModelShape FitSchedule::shape(int usable) const {
  return {features_.kinds(), features_.dimensions(), warp_inputs_ && usable >= 2 * features_.dimensions() + 5};
}

FitSchedule::Seen FitSchedule::seen(const TrialView& trial) {
  Seen out{trial.configuration(), trial.status(), trial.infeasible(), trial.value(), {}};
  for (const Point& point : trial.objective()) out.curve.emplace_back(point.step, point.value);
  return out;
}

bool FitSchedule::same(const Seen& known, const TrialView& trial) {
  const auto points = trial.objective();
  if (known.status != trial.status() || known.infeasible != trial.infeasible() || known.value != trial.value()) return false;
  if (known.curve.size() != points.size() || known.configuration != trial.configuration()) return false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (known.curve[i].first != points[i].step || !same_number(known.curve[i].second, points[i].value)) return false;
  }
  return true;
}

void FitSchedule::forget_from_first_difference(const StudyView& study) {
  const auto max_step = study.max_step();
  std::size_t common = 0;
  if (goal_ == study.objective().goal && max_step_ == max_step) {
    for (const TrialView trial : study.finished()) {
      if (common == history_.size() || !same(history_[common], trial)) break;
      ++common;
    }
  }
  goal_ = study.objective().goal;
  max_step_ = max_step;
  history_.resize(common);
  stages_.erase(stages_.upper_bound(common), stages_.end());
}

void FitSchedule::begin(const Earlier& earlier) {
  earlier_ = &earlier;
  history_.clear();
  stages_.clear();
}

TrainingData FitSchedule::data_of(const StudyView& study, std::size_t finished, double fade) const {
  return collect_training_data(study, features_, finished, fade, earlier_ != nullptr ? earlier_->trend().get() : nullptr);
}

Hyperparameters FitSchedule::fit_stage(const StudyView& study, std::size_t finished, const Hyperparameters& start) const {
  const TrainingData data = data_of(study, finished, output_fade(start));
  const ModelShape fitted = shape(data.usable);
  if (data.usable < 2) return default_hyperparameters(fitted);
  const Observations used = subset_of(data.observations, kMaxFitPoints);
  const MapObjective objective(fitted, used);
  const auto warm = objective.fit(start, kWarmIterations);
  if (finished >= kSecondStart) return warm.hyper;
  const auto fresh = objective.fit(default_hyperparameters(fitted), kFirstIterations);
  return fresh.value < warm.value ? fresh.hyper : warm.hyper;
}

/// Twice when there is noise: how much decides which values are fitted.
Hyperparameters FitSchedule::fit_anchor(const StudyView& study, std::size_t finished) const {
  Hyperparameters hyper = default_hyperparameters(shape(0));
  for (int round = 0; round < 2; ++round) {
    const double fade = output_fade(hyper);
    if (round > 0 && fade == 0.0) break;
    const TrainingData data = data_of(study, finished, fade);
    const ModelShape fitted = shape(data.usable);
    if (data.usable < 2) return default_hyperparameters(fitted);
    const Observations used = subset_of(data.observations, kMaxFitPoints);
    hyper = MapObjective(fitted, used).fit(default_hyperparameters(fitted), kFirstIterations).hyper;
  }
  return hyper;
}

Hyperparameters FitSchedule::at(const StudyView& study) {
  const std::size_t finished = study.finished_count();
  forget_from_first_difference(study);
  const bool begun = earlier_ != nullptr && earlier_->identical() > 0;
  std::size_t anchor = begun ? 0 : kFirstStage;
  std::optional<std::size_t> last;
  std::size_t doubling = kFirstAnchor;
  for (std::size_t stage = anchor; stage <= finished; stage = next_stage(stage)) {
    last = stage;
    if (stage < doubling) continue;
    anchor = stage;
    doubling *= 2;
  }
  if (!last) return default_hyperparameters(shape(0));
  Hyperparameters hyper;
  for (std::size_t stage = anchor; stage <= *last; stage = next_stage(stage)) {
    const auto known = stages_.find(stage);
    if (known != stages_.end()) {
      hyper = known->second;
      continue;
    }
    hyper = stage == anchor ? fit_anchor(study, stage) : fit_stage(study, stage, hyper);
    stages_.emplace(stage, hyper);
  }
  std::size_t known = 0;
  for (const TrialView trial : study.finished()) {
    if (known++ >= history_.size()) history_.push_back(seen(trial));
  }
  return hyper;
}

}  // namespace tune::strategies
