#include "strategies/bayesian/output_warp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "strategies/median_of.hpp"
#include "strategies/normal.hpp"

namespace tune::strategies {
namespace {

constexpr double kMaxTail = 5.0;
constexpr double kNormalPerMad = 1.4826;  ///< a normal's standard deviation by its median absolute deviation
constexpr double kFarthest = 1e100;       ///< units from the median: squares of it are finite

std::vector<double> distinct(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

double root_mean_square(const std::vector<double>& values, double center) {
  if (values.empty()) return 0.0;
  double sum = 0.0;
  for (const double value : values) sum += (value - center) * (value - center);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

void standardize(std::vector<double>& values) {
  if (values.empty()) return;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  const double sd = root_mean_square(values, mean);
  for (double& value : values) value = sd > 0.0 ? (value - mean) / sd : 0.0;
}

struct Centered {
  std::vector<double> values;
  double half_width;  ///< of the unit, in raw units
};

/// (raw - median) / (best - median), where the good half keeps all its digits however far the bad ones are away; over the whole
/// range instead when the good half is all one value. What the warps make of it is the same: they ignore shift and scale.
Centered around_median(const std::vector<double>& raw) {
  const double median = median_of(raw);
  const auto [low, high] = std::minmax_element(raw.begin(), raw.end());
  double half_width = *high / 2.0 - median / 2.0;
  if (!(half_width > 0.0)) half_width = *high / 2.0 - *low / 2.0;
  Centered out{std::vector<double>(raw.size(), 0.0), half_width};
  for (std::size_t i = 0; i < raw.size() && half_width > 0.0; ++i) {
    out.values[i] = std::clamp((raw[i] / 2.0 - median / 2.0) / half_width, -kFarthest, kFarthest);
  }
  return out;
}

/// Piecewise linear through (x, y), flat outside. REQUIRES: x sorted, not empty.
double interpolate(const std::vector<double>& x, const std::vector<double>& y, double at) {
  const auto above = std::upper_bound(x.begin(), x.end(), at);
  if (above == x.begin()) return y.front();
  if (above == x.end()) return y.back();
  const auto i = static_cast<std::size_t>(above - x.begin());
  const double width = x[i] - x[i - 1];
  return width > 0.0 ? y[i - 1] + (y[i] - y[i - 1]) * (at - x[i - 1]) / width : y[i];
}

}  // namespace

void half_rank(std::vector<double>& values) {
  if (values.size() < 2) return;
  const double median = median_of(values);
  const std::vector<double> levels = distinct(values);
  const auto first_good = std::lower_bound(levels.begin(), levels.end(), median);
  if (first_good == levels.begin()) return;
  const bool median_is_value = first_good != levels.end() && *first_good == median;
  const double below = static_cast<double>(first_good - levels.begin()) + (median_is_value ? 0.5 : 0.0);
  double spread = root_mean_square({first_good, levels.end()}, median);
  if (!(spread > 0.0)) spread = root_mean_square(levels, median);
  for (double& value : values) {
    if (value >= median) continue;
    const double rank = static_cast<double>(std::lower_bound(levels.begin(), first_good, value) - levels.begin()) + 1.0;
    value = median + spread * normal_quantile(0.5 * (rank - 0.5) / below);
  }
}

void log_warp(std::vector<double>& values) {
  if (values.empty()) return;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double best = *high;
  const double width = best - *low;
  for (double& value : values) {
    value = width > 0.0 ? 0.5 - std::log1p(0.5 * (best - value) / width) / std::log(1.5) : 0.0;
  }
}

void winsorize(std::vector<double>& values) {
  if (values.empty()) return;
  const double median = median_of(values);
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - median));
  const double deviation = kNormalPerMad * median_of(std::move(distances));
  if (!(deviation > 0.0)) return;
  for (double& value : values) value = std::max(value, median - kMaxTail * deviation);
}

WarpedOutputs warp_outputs(const std::vector<double>& raw, const std::vector<double>& variances, double fade) {
  WarpedOutputs out;
  if (raw.empty()) return out;
  const auto [unit, half_width] = around_median(raw);
  out.values = unit;
  half_rank(out.values);
  log_warp(out.values);
  standardize(out.values);
  if (fade > 0.0) {
    std::vector<double> plain = unit;
    winsorize(plain);
    standardize(plain);
    for (std::size_t i = 0; i < plain.size(); ++i) out.values[i] += fade * (plain[i] - out.values[i]);
    standardize(out.values);
  }

  std::vector<double> x = unit;
  std::vector<double> y = out.values;
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());  // the warp is monotone
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const double sd = half_width > 0.0 ? std::min(std::sqrt(variances[i]) / half_width / 2.0, 2.0 * kFarthest) : 0.0;
    const double reach = (interpolate(x, y, unit[i] + sd) - interpolate(x, y, unit[i] - sd)) / 2.0;
    out.variances.push_back(reach * reach);
  }
  out.infeasible = y.front() - (0.5 * (y.back() - y.front()) + 1.0);
  return out;
}

Unwarp::Unwarp(const std::vector<double>& raw, const std::vector<double>& warped) {
  std::vector<std::pair<double, double>> pairs;
  for (std::size_t i = 0; i < raw.size(); ++i) pairs.emplace_back(warped[i], raw[i]);
  std::sort(pairs.begin(), pairs.end());
  for (const auto& [value, before] : pairs) {
    if (!warped_.empty() && warped_.back() == value) {
      raw_.back() = before;
    } else {
      warped_.push_back(value);
      raw_.push_back(before);
    }
  }
  const std::size_t last = warped_.size() - 1;
  while (low_chord_ < last && warped_[low_chord_] < warped_.front() + kChord) ++low_chord_;
  high_chord_ = last;
  while (high_chord_ > 0 && warped_[high_chord_] > warped_.back() - kChord) --high_chord_;
}

double Unwarp::operator()(double warped) const {
  const std::size_t last = warped_.size() - 1;
  if (last == 0) return raw_.front();
  std::size_t from = 0;
  std::size_t to = low_chord_;
  if (warped >= warped_.back()) {
    from = last;
    to = high_chord_;
  } else if (warped >= warped_.front()) {
    to = static_cast<std::size_t>(std::upper_bound(warped_.begin(), warped_.end(), warped) - warped_.begin());
    from = to - 1;
  }
  constexpr double kMost = std::numeric_limits<double>::max();
  const double way = (warped - warped_[from]) / (warped_[to] - warped_[from]);
  return std::clamp(std::lerp(raw_[from], raw_[to], way), -kMost, kMost);
}

}  // namespace tune::strategies
