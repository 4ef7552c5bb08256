#include "strategies/bayesian/training_data.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "strategies/bayesian/earlier.hpp"
#include "strategies/bayesian/output_warp.hpp"
#include "strategies/curves/predicted_final.hpp"

namespace tune::strategies {
namespace {

using Eigen::Index;

struct Entry {
  const Configuration* configuration;
  bool infeasible;
  double value;
  double variance;
};

double variance_of(const std::vector<double>& values) {
  double mean = 0.0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  double sum = 0.0;
  for (const double value : values) sum += (value - mean) * (value - mean) / static_cast<double>(values.size());
  return std::min(sum, std::numeric_limits<double>::max());
}

void add_identical(const StudyView& study, double sign, std::vector<Entry>& entries) {
  std::vector<double> values;
  for (const EarlierTrial& trial : study.earlier()) {
    if (trial.value && trial.completed) values.push_back(*trial.value);
  }
  const double doubt = values.empty() ? 0.0 : variance_of(values);
  const auto studies = study.earlier_studies();
  for (const EarlierTrial& trial : study.earlier()) {
    if (studies[static_cast<std::size_t>(trial.study)].type != WarmStartType::kIdentical) continue;
    if (trial.infeasible) entries.push_back({&trial.configuration, true, 0.0, 0.0});
    if (trial.value) entries.push_back({&trial.configuration, false, sign * *trial.value, trial.completed ? 0.0 : doubt});
  }
}

std::vector<Entry> entries_of(const StudyView& study, std::size_t limit) {
  FinalPredictor predictor(study, limit);
  std::vector<Entry> entries;
  const double sign = study.objective().goal == Goal::kMaximize ? 1.0 : -1.0;
  add_identical(study, sign, entries);
  for (const TrialView trial : study.finished()) {
    if (limit-- == 0) break;
    if (trial.infeasible()) {
      entries.push_back({&trial.configuration(), true, 0.0, 0.0});
      continue;
    }
    if (trial.status() == TrialStatus::kFailed) continue;
    if (trial.status() == TrialStatus::kCompleted && !trial.value()) continue;
    if (const auto final = predictor.predict(trial)) {
      entries.push_back({&trial.configuration(), false, sign * final->mean, final->variance});
    }
  }
  return entries;
}

}  // namespace

Observations subset_of(const Observations& all, Index count) {
  if (all.size() <= count) return all;
  std::vector<Index> order(static_cast<std::size_t>(all.size()));
  std::iota(order.begin(), order.end(), 0);
  const auto half = order.begin() + count / 2;
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return all.values[a] > all.values[b]; });
  std::sort(half, order.end(), std::greater<>());  // newest first
  order.resize(static_cast<std::size_t>(count));
  std::sort(order.begin(), order.end());
  return {all.points(order, Eigen::all), all.values(order), all.noise(order)};
}

TrainingData collect_training_data(const StudyView& study, const FeatureSpace& features, std::size_t limit, double fade,
                                   const Posterior* trend) {
  const std::vector<Entry> entries = entries_of(study, limit);
  std::vector<double> values;
  std::vector<double> variances;
  for (const Entry& entry : entries) {
    if (entry.infeasible) continue;
    values.push_back(entry.value);
    variances.push_back(entry.variance);
  }
  WarpedOutputs warped = warp_outputs(values, variances, fade);
  TrainingData data;
  data.usable = static_cast<int>(values.size());
  const auto n = static_cast<Index>(entries.size());
  Observations all{Eigen::MatrixXd(n, features.columns()), Eigen::VectorXd(n), Eigen::VectorXd(n)};
  std::vector<std::pair<double, std::size_t>> ranking;
  std::size_t feasible = 0;
  for (Index i = 0; i < n; ++i) {
    const Entry& entry = entries[static_cast<std::size_t>(i)];
    all.points.row(i) = features.row(*entry.configuration);
    all.values[i] = entry.infeasible ? warped.infeasible : warped.values[feasible];
    all.noise[i] = entry.infeasible ? 0.0 : warped.variances[feasible];
    if (entry.infeasible) continue;
    ++feasible;
    ranking.emplace_back(-entry.value, static_cast<std::size_t>(i));
  }
  const std::size_t best = std::min(kBestPoints, ranking.size());
  std::partial_sort(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(best), ranking.end());
  for (std::size_t i = 0; i < best; ++i) {
    data.best_points.push_back(features.cube().encode(*entries[ranking[i].second].configuration));
  }
  data.observations = subset_of(all, static_cast<Index>(kMaxObservations));
  if (trend != nullptr) {
    const Eigen::VectorXd expected = trend->predict_mean(data.observations.points).matrix();
    data.trend_weight = trend_weight(expected, data.observations.values);
    data.observations.values -= data.trend_weight * expected;
  }
  data.raw = std::move(values);
  data.warped = std::move(warped.values);
  return data;
}

}  // namespace tune::strategies
