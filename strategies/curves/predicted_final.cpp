#include "strategies/curves/predicted_final.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/median_of.hpp"

namespace tune::strategies {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max();

double finite(double x) { return std::clamp(x, -kLargest, kLargest); }

double spread_around(double center, const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum = finite(sum + finite((value - center) * (value - center)));
  return sum / static_cast<double>(values.size());
}

}  // namespace

FinalPredictor::FinalPredictor(const StudyView& study, std::size_t limit) : study_(study), max_step_(study.max_step()) {
  for (const TrialView trial : study.finished()) {
    if (limit-- == 0) break;
    if (trial.status() != TrialStatus::kCompleted || !trial.value() || !std::isfinite(*trial.value())) continue;
    Reference reference;
    reference.result = *trial.value();
    for (const Point& point : trial.objective()) {
      const bool number = std::isfinite(point.value);
      if (reference.best.empty() && !number) continue;
      const bool better = reference.best.empty() || (number && study.objective().better(point.value, reference.best.back()));
      reference.steps.push_back(point.step);
      reference.best.push_back(better ? point.value : reference.best.back());
    }
    references_.push_back(std::move(reference));
  }
}

const FinalPredictor::Gain& FinalPredictor::gain_after(std::int64_t step) {
  const auto [place, fresh] = gains_.try_emplace(step);
  Gain& gain = place->second;
  if (!fresh) return gain;
  std::vector<double> gains;
  for (const Reference& reference : references_) {
    if (reference.steps.empty() || reference.steps.back() < step || reference.steps.front() > step) continue;
    const auto after = std::ranges::upper_bound(reference.steps, step);
    gains.push_back(finite(reference.result - reference.best[static_cast<std::size_t>(after - reference.steps.begin()) - 1]));
  }
  gain.references = static_cast<int>(gains.size());
  if (gains.empty()) return gain;
  gain.median = median_of(gains);
  gain.variance = spread_around(gain.median, gains);
  return gain;
}

std::optional<FinalPrediction> FinalPredictor::predict(const TrialView& trial) {
  const std::optional<double> result = trial.value();
  const bool has_result = result && std::isfinite(*result);
  const bool ran_to_end = trial.status() == TrialStatus::kCompleted || (max_step_ && trial.last_step() >= *max_step_);
  if (has_result && (ran_to_end || trial.objective().empty())) return FinalPrediction{*result, 0.0, 0};
  std::optional<double> best;
  std::vector<double> values;
  for (const Point& point : trial.objective()) {
    if (!std::isfinite(point.value)) continue;
    values.push_back(point.value);
    if (!best || study_.objective().better(point.value, *best)) best = point.value;
  }
  if (!best) return has_result ? std::optional(FinalPrediction{*result, 0.0, 0}) : std::nullopt;
  const Gain& gain = gain_after(trial.last_step());
  if (gain.references == 0) return FinalPrediction{*best, spread_around(*best, values), 0};
  return FinalPrediction{finite(*best + gain.median), gain.variance, gain.references};
}

std::optional<FinalPrediction> predicted_final(const StudyView& study, const TrialView& trial) {
  return FinalPredictor(study).predict(trial);
}

}  // namespace tune::strategies
