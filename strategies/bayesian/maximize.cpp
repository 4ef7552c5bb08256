#include "strategies/bayesian/maximize.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "strategies/bayesian/lbfgs.hpp"
#include "strategies/sobol.hpp"
#include "tune/random.hpp"

namespace tune::strategies {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using Points = std::vector<std::vector<double>>;

constexpr int kCandidates = 1024;  ///< up to kFewDimensions
constexpr int kManyCandidates = 2048;
constexpr int kFewDimensions = 10;
constexpr double kLeastSpread = 1e-3;  ///< standard deviations of the samples around the best points, log-uniform
constexpr double kMostSpread = 0.2;
constexpr std::size_t kGreedyStarts = 5;
constexpr std::size_t kDrawnStarts = 4;
constexpr double kTemperature = 0.5;
constexpr int kMaxRounds = 20;
constexpr double kLeastGain = 1e-9;
constexpr std::int64_t kExhaustive = 16;  ///< values of a discrete parameter that are all tried
constexpr LbfgsOptions kLocal{.memory = 10, .max_iterations = 100, .gradient_tolerance = 1e-3, .value_tolerance = 1e-6};

/// A point near `base`: each coordinate moved with probability max(0.3, 5 / d), a category redrawn with probability 1 / d.
std::vector<double> near(const FeatureSpace& features, const std::vector<double>& base, RandomStream& stream) {
  std::vector<double> point = base;
  const double d = static_cast<double>(features.dimensions());
  const double spread = kLeastSpread * std::pow(kMostSpread / kLeastSpread, stream.uniform());
  for (std::size_t i = 0; i < point.size(); ++i) {
    const double chance = features.space()[i].is_numeric() ? std::max(0.3, 5.0 / d) : 1.0 / d;
    if (stream.uniform() >= chance) continue;
    point[i] = features.space()[i].is_numeric() ? std::clamp(point[i] + spread * stream.normal(), 0.0, 1.0) : stream.uniform();
  }
  return point;
}

/// The best few, then some drawn by softmax of the standardised values without replacement (Gumbel's trick), then `incumbent`.
std::vector<std::size_t> choose_starts(const std::vector<Candidate>& sorted, std::size_t incumbent, RandomStream& stream) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < std::min(kGreedyStarts, sorted.size()); ++i) starts.push_back(i);
  double mean = 0.0;
  for (const Candidate& candidate : sorted) mean += candidate.value / static_cast<double>(sorted.size());
  double variance = 0.0;
  for (const Candidate& candidate : sorted)
    variance += (candidate.value - mean) * (candidate.value - mean) / static_cast<double>(sorted.size());
  const double scale = variance > 0.0 && std::isfinite(variance) ? kTemperature * std::sqrt(variance) : 1.0;
  std::vector<std::pair<double, std::size_t>> keys;
  for (std::size_t i = starts.size(); i < sorted.size(); ++i) {
    keys.emplace_back((sorted[i].value - mean) / scale - std::log(-std::log1p(-stream.uniform()) + 1e-300), i);
  }
  const std::size_t drawn = std::min(kDrawnStarts, keys.size());
  std::partial_sort(
      keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(drawn), keys.end(),
      [](const auto& a, const auto& b) { return a.first > b.first || (a.first == b.first && a.second < b.second); });
  for (std::size_t i = 0; i < drawn; ++i) starts.push_back(keys[i].second);
  if (std::find(starts.begin(), starts.end(), incumbent) == starts.end()) starts.push_back(incumbent);
  return starts;
}

}  // namespace

Points AcquisitionMaximizer::sample(std::uint64_t seed, std::int64_t trial, const Points& best_points) const {
  const int total = features_.dimensions() <= kFewDimensions ? kCandidates : kManyCandidates;
  const int spread_out = total * 3 / 4;
  const std::size_t size = features_.space().size();
  const ScrambledSobol sequence(seed, "bayesian-candidates", size, trial);
  RandomStream stream(seed, trial, "bayesian-near");
  Points points;
  points.reserve(static_cast<std::size_t>(total) + 1);
  points.push_back(best_points.front());
  for (int i = 0; i < spread_out; ++i) sequence.point(i, points.emplace_back(size));
  for (int i = spread_out; i < total; ++i) {
    points.push_back(near(features_, best_points[static_cast<std::size_t>(i) % best_points.size()], stream));
  }
  return points;
}

std::vector<Candidate> AcquisitionMaximizer::evaluate(Points points) const {
  Eigen::MatrixXd rows(static_cast<Index>(points.size()), features_.columns());
  for (std::size_t i = 0; i < points.size(); ++i) rows.row(static_cast<Index>(i)) = features_.row(points[i]);
  const Moments moments = posterior_.predict(rows);
  std::vector<Candidate> candidates;
  candidates.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto at = static_cast<Index>(i);
    candidates.push_back({std::move(points[i]), acquisition_(moments.mean[at], moments.sd[at]).value});
  }
  return candidates;
}

void AcquisitionMaximizer::refine_continuous(Candidate& candidate) const {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < candidate.point.size(); ++i) {
    const auto column = features_.column_of(i);
    if (!column || features_.kinds()[static_cast<std::size_t>(*column)] != ColumnKind::kContinuous) continue;
    if (features_.is_active(candidate.point, i)) free.push_back(i);
  }
  if (free.empty()) return;
  const auto count = static_cast<Index>(free.size());
  VectorXd start(count);
  VectorXd unit(count);
  for (Index k = 0; k < count; ++k) {
    const std::size_t parameter = free[static_cast<std::size_t>(k)];
    unit[k] = std::min(posterior_.hyper().length[*features_.column_of(parameter)], 1.0);
    start[k] = candidate.point[parameter] / unit[k];
  }
  Eigen::RowVectorXd row = features_.row(candidate.point);
  const auto function = [&](const VectorXd& x, VectorXd& gradient) {
    for (Index k = 0; k < count; ++k) row[*features_.column_of(free[static_cast<std::size_t>(k)])] = x[k] * unit[k];
    const MomentsWithGradient moments = posterior_.predict_with_gradient(row);
    const AcquisitionValue value = acquisition_(moments.mean, moments.sd);
    for (Index k = 0; k < count; ++k) {
      const Index column = *features_.column_of(free[static_cast<std::size_t>(k)]);
      gradient[k] = -(value.by_mean * moments.mean_gradient[column] + value.by_sd * moments.sd_gradient[column]) * unit[k];
    }
    return -value.value;
  };
  const LbfgsResult result = minimize_in_box(function, start, VectorXd::Zero(count), unit.cwiseInverse(), kLocal);
  if (!(-result.value > candidate.value)) return;
  candidate.value = -result.value;
  for (Index k = 0; k < count; ++k)
    candidate.point[free[static_cast<std::size_t>(k)]] = std::clamp(result.x[k] * unit[k], 0.0, 1.0);
}

Points AcquisitionMaximizer::neighbors(const std::vector<double>& point, std::size_t parameter) const {
  const Parameter& about = features_.space()[parameter];
  const UnitCube& cube = features_.cube();
  const std::int64_t count = about.cardinality();
  const auto index = [&] {
    const Value value = cube.decode(parameter, point[parameter]);
    if (!about.is_numeric()) return static_cast<std::int64_t>(cube.category(parameter, value));
    return static_cast<std::int64_t>(std::llround((as_number(value) - about.min) / grid_width(about)));
  }();
  std::vector<std::int64_t> others;
  if (count <= kExhaustive) {
    others.resize(static_cast<std::size_t>(count));
    std::iota(others.begin(), others.end(), 0);
  } else {
    for (std::int64_t step = 1; step < count; step *= 2) {
      others.push_back(index - step);
      others.push_back(index + step);
    }
  }
  Points points;
  for (const std::int64_t other : others) {
    if (other == index || other < 0 || other >= count) continue;
    const Value value = about.is_numeric() ? about.snap(about.min + grid_width(about) * static_cast<double>(other))
                                           : about.values[static_cast<std::size_t>(other)];
    points.push_back(point);
    points.back()[parameter] = cube.encode(parameter, value);
  }
  return points;
}

bool AcquisitionMaximizer::refine_discrete(Candidate& candidate) const {
  bool better = false;
  for (std::size_t i = 0; i < candidate.point.size(); ++i) {
    const auto column = features_.column_of(i);
    if (!column || features_.kinds()[static_cast<std::size_t>(*column)] == ColumnKind::kContinuous) continue;
    if (!features_.is_active(candidate.point, i)) continue;
    for (Candidate& other : evaluate(neighbors(candidate.point, i))) {
      if (!(other.value > candidate.value + kLeastGain)) continue;
      candidate = std::move(other);
      better = true;
    }
  }
  return better;
}

Candidate AcquisitionMaximizer::refine(Candidate start) const {
  for (int round = 0; round < kMaxRounds; ++round) {
    refine_continuous(start);
    if (!refine_discrete(start)) break;
  }
  return start;
}

std::vector<Candidate> AcquisitionMaximizer::search(std::uint64_t seed, std::int64_t trial, const Points& best_points) const {
  std::vector<Candidate> candidates = evaluate(sample(seed, trial, best_points));
  const double incumbent_value = candidates.front().value;  // the incumbent is the first sample
  const std::vector<double> incumbent_point = candidates.front().point;
  const auto better = [](const Candidate& a, const Candidate& b) { return a.value > b.value; };
  std::stable_sort(candidates.begin(), candidates.end(), better);
  const auto place = std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
    return candidate.value == incumbent_value && candidate.point == incumbent_point;
  });
  RandomStream stream(seed, trial, "bayesian-starts");
  const auto incumbent = static_cast<std::size_t>(place - candidates.begin());
  for (const std::size_t start : choose_starts(candidates, incumbent, stream)) candidates.push_back(refine(candidates[start]));
  std::stable_sort(candidates.begin(), candidates.end(), better);
  return candidates;
}

}  // namespace tune::strategies
