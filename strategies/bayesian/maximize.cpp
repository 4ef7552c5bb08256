#include "strategies/bayesian/maximize.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "strategies/bayesian/lbfgs.hpp"
#include "strategies/bayesian/pieces.hpp"
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
constexpr std::size_t kBlock = 128;       ///< points that are evaluated together
constexpr std::size_t kTogether = 4;      ///< local searches that advance together
constexpr Index kScreenedFrom = 128;      ///< beyond so many known points the candidates are screened by a bound first
constexpr std::size_t kScreened = 256;    ///< how many pass
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

Eigen::MatrixXd AcquisitionMaximizer::rows_of(const Points& points) const {
  Eigen::MatrixXd rows(static_cast<Index>(points.size()), features_.columns());
  for (std::size_t i = 0; i < points.size(); ++i) rows.row(static_cast<Index>(i)) = features_.row(points[i]);
  return rows;
}

double AcquisitionMaximizer::value_of(const Moments& moments, std::size_t i, std::span<const double> point) const {
  const auto at = static_cast<Index>(i);
  const double value = acquisition_(moments.mean[at], moments.sd[at]).value;
  return tilt_.prior == nullptr ? value : value + tilt_.weight * tilt_.prior->log_density(point);
}

std::vector<double> AcquisitionMaximizer::values_at(const Points& points) const {
  std::vector<double> values(points.size());
  in_pieces(points.size(), kBlock, [&](std::size_t first, std::size_t count) {
    const Points piece(points.begin() + static_cast<std::ptrdiff_t>(first),
                       points.begin() + static_cast<std::ptrdiff_t>(first + count));
    const Moments moments = posterior_.predict(rows_of(piece));
    for (std::size_t i = 0; i < count; ++i) values[first + i] = value_of(moments, i, piece[i]);
  });
  return values;
}

std::vector<Candidate> AcquisitionMaximizer::evaluate(Points points) const {
  const std::vector<double> values = values_at(points);
  std::vector<Candidate> candidates;
  candidates.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) candidates.push_back({std::move(points[i]), values[i]});
  return candidates;
}

Points AcquisitionMaximizer::promising(Points points, std::size_t kept) const {
  std::vector<std::pair<double, std::size_t>> order(points.size());
  in_pieces(points.size(), kBlock, [&](std::size_t first, std::size_t count) {
    const Points piece(points.begin() + static_cast<std::ptrdiff_t>(first),
                       points.begin() + static_cast<std::ptrdiff_t>(first + count));
    const Moments moments = posterior_.bound(rows_of(piece));
    for (std::size_t i = 0; i < count; ++i) order[first + i] = {-value_of(moments, i, piece[i]), first + i};
  });
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(kept, order.size()));
  std::partial_sort(order.begin() + 1, end, order.end());
  Points chosen;
  for (auto place = order.begin(); place != end; ++place) chosen.push_back(std::move(points[place->second]));
  return chosen;
}

/// One local search over the active continuous coordinates of a candidate.
struct ContinuousSearch {
  Candidate* candidate;
  std::vector<std::size_t> free;  ///< parameters
  std::vector<Index> columns;     ///< their columns
  VectorXd unit;                  ///< min(length, 1): the coordinates' units in the search
  Eigen::RowVectorXd row;
  BoxMinimizer minimizer;

  /// The tilt where the search is now; adds its derivatives.
  [[nodiscard]] double add_tilt(const Tilt& tilt, VectorXd& ascent) const {
    std::vector<double> point = candidate->point;
    for (std::size_t k = 0; k < free.size(); ++k) {
      const auto at = static_cast<Index>(k);
      point[free[k]] = std::clamp(minimizer.point()[at] * unit[at], 0.0, 1.0);
    }
    std::vector<double> derivative(point.size());
    tilt.prior->gradient(point, derivative);
    for (std::size_t k = 0; k < free.size(); ++k) ascent[static_cast<Index>(k)] += tilt.weight * derivative[free[k]];
    return tilt.weight * tilt.prior->log_density(point);
  }
};

void AcquisitionMaximizer::refine_continuous(std::vector<Candidate*>& candidates) const {
  std::vector<ContinuousSearch> searches;
  for (Candidate* candidate : candidates) {
    std::vector<std::size_t> free;
    std::vector<Index> columns;
    for (std::size_t i = 0; i < candidate->point.size(); ++i) {
      const auto column = features_.column_of(i);
      if (!column || features_.kinds()[static_cast<std::size_t>(*column)] != ColumnKind::kContinuous) continue;
      if (!features_.is_active(candidate->point, i)) continue;
      free.push_back(i);
      columns.push_back(*column);
    }
    if (free.empty()) continue;
    const auto count = static_cast<Index>(free.size());
    VectorXd start(count);
    VectorXd unit(count);
    for (Index k = 0; k < count; ++k) {
      unit[k] = std::min(posterior_.hyper().length[columns[static_cast<std::size_t>(k)]], 1.0);
      start[k] = candidate->point[free[static_cast<std::size_t>(k)]] / unit[k];
    }
    searches.push_back({candidate, std::move(free), std::move(columns), unit, features_.row(candidate->point),
                        BoxMinimizer(start, VectorXd::Zero(count), unit.cwiseInverse(), kLocal)});
  }
  std::vector<ContinuousSearch*> open;
  for (ContinuousSearch& search : searches) open.push_back(&search);
  while (true) {
    std::erase_if(open, [](const ContinuousSearch* search) { return search->minimizer.done(); });
    if (open.empty()) break;
    Eigen::MatrixXd rows(static_cast<Index>(open.size()), features_.columns());
    for (std::size_t i = 0; i < open.size(); ++i) {
      ContinuousSearch& search = *open[i];
      search.row(search.columns) = search.minimizer.point().cwiseProduct(search.unit).transpose();
      rows.row(static_cast<Index>(i)) = search.row;
    }
    const MomentsWithGradient found = posterior_.predict_with_gradient(rows);
    for (std::size_t i = 0; i < open.size(); ++i) {
      ContinuousSearch& search = *open[i];
      const auto at = static_cast<Index>(i);
      const AcquisitionValue value = acquisition_(found.moments.mean[at], found.moments.sd[at]);
      const Eigen::RowVectorXd gradient = value.by_mean * found.mean_gradient.row(at) + value.by_sd * found.sd_gradient.row(at);
      VectorXd ascent = gradient(search.columns).transpose();
      double height = value.value;
      if (tilt_.prior != nullptr) height += search.add_tilt(tilt_, ascent);
      search.minimizer.tell(-height, -ascent.cwiseProduct(search.unit));
    }
  }
  for (const ContinuousSearch& search : searches) {
    const LbfgsResult& result = search.minimizer.result();
    if (!(-result.value > search.candidate->value)) continue;
    search.candidate->value = -result.value;
    for (std::size_t k = 0; k < search.free.size(); ++k) {
      const auto at = static_cast<Index>(k);
      search.candidate->point[search.free[k]] = std::clamp(result.x[at] * search.unit[at], 0.0, 1.0);
    }
  }
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

void AcquisitionMaximizer::refine_discrete(std::vector<Candidate*>& candidates) const {
  std::vector<bool> better(candidates.size(), false);
  for (std::size_t i = 0; i < features_.space().size(); ++i) {
    const auto column = features_.column_of(i);
    if (!column || features_.kinds()[static_cast<std::size_t>(*column)] == ColumnKind::kContinuous) continue;
    Points points;
    std::vector<std::size_t> owner;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      if (!features_.is_active(candidates[c]->point, i)) continue;
      for (auto& point : neighbors(candidates[c]->point, i)) {
        points.push_back(std::move(point));
        owner.push_back(c);
      }
    }
    if (points.empty()) continue;
    const Moments moments = posterior_.predict(rows_of(points));
    for (std::size_t p = 0; p < points.size(); ++p) {
      const double value = value_of(moments, p, points[p]);
      Candidate& candidate = *candidates[owner[p]];
      if (!(value > candidate.value + kLeastGain)) continue;
      candidate = {std::move(points[p]), value};
      better[owner[p]] = true;
    }
  }
  std::size_t kept = 0;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    if (better[c]) candidates[kept++] = candidates[c];
  }
  candidates.resize(kept);
}

void AcquisitionMaximizer::refine(std::vector<Candidate>& starts) const {
  in_pieces(starts.size(), kTogether, [&](std::size_t first, std::size_t count) {
    std::vector<Candidate*> open;
    for (std::size_t i = 0; i < count; ++i) open.push_back(&starts[first + i]);
    for (int round = 0; round < kMaxRounds && !open.empty(); ++round) {
      refine_continuous(open);
      refine_discrete(open);
    }
  });
}

std::vector<Candidate> AcquisitionMaximizer::search(std::uint64_t seed, std::int64_t trial, const Points& best_points) const {
  Points points = sample(seed, trial, best_points);
  if (posterior_.size() > kScreenedFrom) points = promising(std::move(points), kScreened);
  std::vector<Candidate> candidates = evaluate(std::move(points));
  const double incumbent_value = candidates.front().value;  // the incumbent is the first sample
  const std::vector<double> incumbent_point = candidates.front().point;
  const auto better = [](const Candidate& a, const Candidate& b) { return a.value > b.value; };
  std::stable_sort(candidates.begin(), candidates.end(), better);
  const auto place = std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
    return candidate.value == incumbent_value && candidate.point == incumbent_point;
  });
  RandomStream stream(seed, trial, "bayesian-starts");
  std::vector<Candidate> starts;
  const auto incumbent = static_cast<std::size_t>(place - candidates.begin());
  for (const std::size_t start : choose_starts(candidates, incumbent, stream)) starts.push_back(candidates[start]);
  refine(starts);
  candidates.insert(candidates.end(), starts.begin(), starts.end());
  std::stable_sort(candidates.begin(), candidates.end(), better);
  return candidates;
}

}  // namespace tune::strategies
