#include "strategies/user_prior.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tune::strategies {
namespace {

constexpr double kEdge = 1e-9;  ///< of a category's slice

double inside(double u) { return u >= 0.0 ? std::min(u, 1.0) : 0.0; }

std::vector<double> categories_around(std::size_t favourite, std::size_t count, double weight) {
  std::vector<double> probabilities(count, 1.0 / (weight + static_cast<double>(count) - 1.0));
  probabilities[favourite] *= weight;
  return probabilities;
}

}  // namespace

UserPrior::UserPrior(const Space& space) : cube_(space), beliefs_(space.size()) {
  for (std::size_t i = 0; i < space.size(); ++i) {
    const Parameter& parameter = space[i];
    if (!parameter.prior) continue;
    any_ = true;
    const Value& value = parameter.prior->value;
    const auto level = static_cast<std::size_t>(parameter.prior->confidence);
    Belief& belief = beliefs_[i].emplace();
    if (parameter.is_numeric()) {
      belief.number.emplace(cube_.encode(i, value), kPriorDeviations[level]);
    } else {
      belief.categories = categories_around(cube_.category(i, value), parameter.values.size(), kPriorWeights[level]);
    }
  }
}

double UserPrior::log_density(std::size_t parameter, double u) const {
  const auto& belief = beliefs_[parameter];
  if (!belief) return 0.0;
  if (belief->number) return belief->number->log_density(inside(u));
  return std::log(belief->categories[cube_.category_at(parameter, u)] * static_cast<double>(belief->categories.size()));
}

double UserPrior::log_density(std::span<const double> point) const {
  TUNE_CHECK(point.size() == beliefs_.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (beliefs_[i] && cube_.is_active(point, i)) sum += log_density(i, point[i]);
  }
  return sum;
}

void UserPrior::gradient(std::span<const double> point, std::span<double> derivative) const {
  TUNE_CHECK(point.size() == beliefs_.size() && derivative.size() == beliefs_.size());
  for (std::size_t i = 0; i < point.size(); ++i) {
    derivative[i] = 0.0;
    if (!beliefs_[i] || !beliefs_[i]->number || !cube_.is_active(point, i)) continue;
    const TruncatedNormal& number = *beliefs_[i]->number;
    derivative[i] = (number.center() - inside(point[i])) / (number.deviation() * number.deviation());
  }
}

double UserPrior::cdf(std::size_t parameter, double u) const {
  const double at = inside(u);
  const auto& belief = beliefs_[parameter];
  if (!belief) return at;
  if (belief->number) return belief->number->probability(0.0, at);
  const auto& categories = belief->categories;
  const std::size_t category = cube_.category_at(parameter, at);
  const auto before = categories.begin() + static_cast<std::ptrdiff_t>(category);
  const double within = at * static_cast<double>(categories.size()) - static_cast<double>(category);
  return std::accumulate(categories.begin(), before, 0.0) + within * categories[category];
}

double UserPrior::quantile(std::size_t parameter, double p) const {
  const double share = inside(p);
  const auto& belief = beliefs_[parameter];
  if (!belief) return share;
  if (belief->number) return belief->number->quantile(share);
  const auto& categories = belief->categories;
  std::size_t category = 0;
  double before = 0.0;
  while (category + 1 < categories.size() && share >= before + categories[category]) before += categories[category++];
  // Off the slice's edges: rounding may not carry a point into the next slice.
  const double within = std::clamp((share - before) / categories[category], kEdge, 1.0 - kEdge);
  return (static_cast<double>(category) + within) / static_cast<double>(categories.size());
}

void UserPrior::map(std::span<double> point) const {
  TUNE_CHECK(point.size() == beliefs_.size());
  for (std::size_t i = 0; i < point.size(); ++i) point[i] = quantile(i, point[i]);
}

}  // namespace tune::strategies
