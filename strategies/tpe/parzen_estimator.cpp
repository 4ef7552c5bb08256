#include "strategies/tpe/parzen_estimator.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "strategies/tpe/cell.hpp"

namespace tune::strategies {
namespace {

/// A grid of more points counts as continuous: its cells are as good as points.
constexpr std::int64_t kFineGrid = 1'000'000;
constexpr double kBandwidth = 0.2;  ///< of a single trial's kernel, as a share of the range
constexpr double kMostKernels = 100.0;

/// Of every kernel: Scott's exponent, so that kernels narrow as trials come in.
double deviation_of(std::size_t observations, std::size_t dimensions, bool magic_clip) {
  const auto count = static_cast<double>(observations);
  const double scott = kBandwidth * std::pow(std::max(count, 1.0), -1.0 / (static_cast<double>(dimensions) + 4.0));
  return magic_clip ? std::max(scott, 1.0 / std::min(kMostKernels, count + 2.0)) : scott;
}

double log_sum_exp(const std::vector<double>& terms) {
  const double largest = *std::max_element(terms.begin(), terms.end());
  double sum = 0.0;
  for (const double term : terms) sum += std::exp(term - largest);
  return largest + std::log(sum);
}

}  // namespace

ParzenEstimator::ParzenEstimator(const UnitCube& cube, const std::vector<Observation>& observations, const ParzenOptions& options,
                                 const UserPrior* beliefs)
    : cube_(cube), beliefs_(beliefs) {
  for (std::size_t i = 0; i < cube.size(); ++i) axes_.push_back(make_axis(i, observations, options));
  for (const Observation& observation : observations) weights_.push_back(observation.weight);
  weights_.push_back(options.prior_weight);
  const double sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
  for (double& weight : weights_) weight /= sum;
}

ParzenEstimator::Axis ParzenEstimator::make_axis(std::size_t parameter, const std::vector<Observation>& observations,
                                                 const ParzenOptions& options) const {
  const Parameter& about = cube_.space()[parameter];
  Axis axis;
  if (!about.is_numeric()) {
    axis.kind = Kind::kCategory;
    const double extra = options.prior_weight / static_cast<double>(observations.size() + 1);
    const double sum = 1.0 + extra * static_cast<double>(about.values.size());
    axis.own = (1.0 + extra) / sum;
    axis.other = extra / sum;
    for (const Observation& observation : observations) {
      const auto& value = (*observation.configuration)[parameter];
      axis.categories.push_back(value ? std::optional(cube_.category(parameter, *value)) : std::nullopt);
    }
    return axis;
  }
  if (about.cardinality() == 1 || !(about.min < about.max)) return axis;
  axis.kind = about.cardinality() == 0 || about.cardinality() > kFineGrid ? Kind::kContinuous : Kind::kGrid;
  const double deviation = deviation_of(observations.size(), cube_.size(), options.magic_clip);
  for (const Observation& observation : observations) {
    const auto& value = (*observation.configuration)[parameter];
    auto& kernel = axis.numbers.emplace_back();
    if (value) kernel.emplace(cube_.encode(parameter, *value), deviation);
  }
  return axis;
}

double ParzenEstimator::log_prior(std::size_t parameter, double low, double high) const {
  if (axes_[parameter].kind == Kind::kContinuous) return beliefs_ ? beliefs_->log_density(parameter, low) : 0.0;
  return std::log(beliefs_ ? beliefs_->cdf(parameter, high) - beliefs_->cdf(parameter, low) : high - low);
}

void ParzenEstimator::add_axis(std::size_t parameter, const Value& value, std::vector<double>& sums) const {
  const Axis& axis = axes_[parameter];
  if (axis.kind == Kind::kFixed) return;
  Cell cell = cell_of(cube_, parameter, value);
  if (axis.kind == Kind::kContinuous) cell.low = cell.high = cube_.encode(parameter, value);
  const double prior = log_prior(parameter, cell.low, cell.high);
  sums.back() += prior;
  if (axis.kind == Kind::kCategory) {
    const std::size_t category = cube_.category(parameter, value);
    const double own = std::log(axis.own);
    const double other = std::log(axis.other);
    for (std::size_t k = 0; k < axis.categories.size(); ++k) {
      sums[k] += !axis.categories[k] ? prior : *axis.categories[k] == category ? own : other;
    }
    return;
  }
  for (std::size_t k = 0; k < axis.numbers.size(); ++k) {
    const auto& kernel = axis.numbers[k];
    sums[k] += !kernel                          ? prior
               : axis.kind == Kind::kContinuous ? kernel->log_density(cell.low)
                                                : std::log(kernel->probability(cell.low, cell.high));
  }
}

double ParzenEstimator::log_density(const Configuration& configuration) const {
  std::vector<double> sums(weights_.size());
  for (std::size_t k = 0; k < sums.size(); ++k) sums[k] = std::log(weights_[k]);
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (configuration[i]) add_axis(i, *configuration[i], sums);
  }
  return log_sum_exp(sums);
}

Value ParzenEstimator::draw(std::size_t parameter, std::size_t kernel, double u) const {
  const Axis& axis = axes_[parameter];
  if (kernel < axis.numbers.size() && axis.numbers[kernel]) return cube_.decode(parameter, axis.numbers[kernel]->quantile(u));
  if (kernel >= axis.categories.size() || !axis.categories[kernel]) {
    return cube_.decode(parameter, beliefs_ ? beliefs_->quantile(parameter, u) : u);
  }
  const auto& values = cube_.space()[parameter].values;
  const std::size_t own = *axis.categories[kernel];
  if (u < axis.own || values.size() == 1) return values[own];
  const auto other = std::min(values.size() - 2, static_cast<std::size_t>((u - axis.own) / axis.other));
  return values[other < own ? other : other + 1];
}

Configuration ParzenEstimator::sample(RandomStream& stream) const {
  double left = stream.uniform();
  std::size_t kernel = 0;
  while (kernel + 1 < weights_.size() && left >= weights_[kernel]) left -= weights_[kernel++];
  Configuration configuration(cube_.size());
  for (std::size_t i = 0; i < cube_.size(); ++i) {  // a parent stands before its children
    if (cube_.space().is_active(configuration, i)) configuration[i] = draw(i, kernel, stream.uniform());
  }
  return configuration;
}

}  // namespace tune::strategies
