#include "strategies/bayesian/importance.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/sobol.hpp"

namespace tune::strategies {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;

constexpr std::int64_t kPoints = 4096;
constexpr std::int64_t kSlices = 16;          ///< of a parameter with more values than that
constexpr std::int64_t kMostCategories = 64;  ///< further ones share slices
constexpr double kFlat = 1e-18;               ///< a variance below it is rounding (values are of order 1)

/// Slices of equal width, but one a value where a number has few of them.
std::size_t slice_of(const FeatureSpace& features, std::size_t parameter, double u) {
  const Parameter& about = features.space()[parameter];
  const double width = grid_width(about);
  if (about.is_numeric() && width > 0.0 && about.cardinality() <= kSlices) {
    return static_cast<std::size_t>(std::lround((as_number(features.cube().decode(parameter, u)) - about.min) / width));
  }
  const std::int64_t count = about.is_numeric() ? kSlices : std::min<std::int64_t>(about.cardinality(), kMostCategories);
  return static_cast<std::size_t>(std::min(static_cast<double>(count - 1), std::floor(u * static_cast<double>(count))));
}

}  // namespace

MainEffects::MainEffects(const FeatureSpace& features, std::uint64_t seed) : rows_(kPoints, features.columns()) {
  const std::size_t size = features.space().size();
  for (std::size_t i = 0; i < size; ++i) {
    if (features.column_of(i)) parameters_.push_back(i);
  }
  slices_.resize(parameters_.size());
  const ScrambledSobol sequence(seed, "insight", size);
  std::vector<double> point(size);
  for (std::int64_t i = 0; i < kPoints; ++i) {
    sequence.point(i, point);
    rows_.row(static_cast<Index>(i)) = features.row(point);
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      slices_[k].push_back(slice_of(features, parameters_[k], point[parameters_[k]]));
    }
  }
}

MainEffects::Shares MainEffects::shares(const ArrayXd& values) const {
  ArrayXd out = ArrayXd::Zero(static_cast<Index>(parameters_.size()));
  const auto n = static_cast<double>(values.size());
  const ArrayXd centered = values - values.mean();
  const double total = centered.square().mean();
  if (!(total > kFlat)) return {out, 0.0};
  for (std::size_t k = 0; k < parameters_.size(); ++k) {
    const std::size_t count = *std::max_element(slices_[k].begin(), slices_[k].end()) + 1;
    std::vector<double> sums(count, 0.0);
    std::vector<double> sizes(count, 0.0);
    for (std::size_t i = 0; i < slices_[k].size(); ++i) {
      sums[slices_[k][i]] += centered[static_cast<Index>(i)];
      sizes[slices_[k][i]] += 1.0;
    }
    double between = 0.0;
    double groups = 0.0;
    for (std::size_t s = 0; s < count; ++s) {
      if (sizes[s] == 0.0) continue;
      between += sums[s] * sums[s] / sizes[s] / n;
      groups += 1.0;
    }
    const double by_chance = (groups - 1.0) / (n - groups) * std::max(0.0, total - between);
    out[static_cast<Index>(k)] = std::clamp((between - by_chance) / total, 0.0, 1.0);
  }
  out /= std::max(1.0, out.sum());
  return {out, std::max(0.0, 1.0 - out.sum())};
}

}  // namespace tune::strategies
