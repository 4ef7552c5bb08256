#include "strategies/bayesian/lbfgs.hpp"

#include <cmath>
#include <deque>

namespace tune::strategies {
namespace {

using Eigen::VectorXd;

constexpr double kSufficientDecrease = 1e-4;
constexpr int kMaxBacktracks = 25;
constexpr double kMinCurvature = 1e-12;

struct Pair {
  VectorXd step;
  VectorXd change;
  double inverse_curvature;
};

/// The gradient with the entries zeroed that push against a bound the point is on.
VectorXd free_gradient(const VectorXd& x, const VectorXd& gradient, const VectorXd& low, const VectorXd& high) {
  VectorXd free = gradient;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    if ((x[i] <= low[i] && gradient[i] > 0.0) || (x[i] >= high[i] && gradient[i] < 0.0)) free[i] = 0.0;
  }
  return free;
}

/// Two-loop recursion: -H g.
VectorXd direction_of(const VectorXd& gradient, const std::deque<Pair>& pairs) {
  VectorXd q = -gradient;
  std::deque<double> weights;
  for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair) {
    const double weight = pair->inverse_curvature * pair->step.dot(q);
    q -= weight * pair->change;
    weights.push_front(weight);
  }
  if (!pairs.empty()) q /= pairs.back().inverse_curvature * pairs.back().change.squaredNorm();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double correction = pairs[i].inverse_curvature * pairs[i].change.dot(q);
    q += (weights[i] - correction) * pairs[i].step;
  }
  return q;
}

}  // namespace

LbfgsResult minimize_in_box(const Differentiable& function, const VectorXd& start, const VectorXd& low, const VectorXd& high,
                            const LbfgsOptions& options) {
  LbfgsResult result;
  result.x = start.cwiseMax(low).cwiseMin(high);
  VectorXd gradient(start.size());
  result.value = function(result.x, gradient);
  result.evaluations = 1;
  std::deque<Pair> pairs;
  VectorXd trial_gradient(start.size());
  for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
    if (!std::isfinite(result.value) || !gradient.allFinite()) break;
    const VectorXd free = free_gradient(result.x, gradient, low, high);
    if (free.size() == 0 || free.lpNorm<Eigen::Infinity>() <= options.gradient_tolerance) break;
    VectorXd direction = direction_of(free, pairs);
    for (Eigen::Index i = 0; i < direction.size(); ++i) {
      if (free[i] == 0.0 && gradient[i] != 0.0) direction[i] = 0.0;
    }
    if (!(direction.dot(free) < 0.0) || !direction.allFinite()) {
      pairs.clear();
      direction = -free;
    }
    double length = pairs.empty() ? std::min(1.0, 1.0 / free.norm()) : 1.0;
    bool moved = false;
    double before = result.value;
    for (int backtrack = 0; backtrack < kMaxBacktracks; ++backtrack) {
      const VectorXd x = (result.x + length * direction).cwiseMax(low).cwiseMin(high);
      const VectorXd step = x - result.x;
      const double slope = gradient.dot(step);
      if (step.isZero(0.0)) break;
      const double value = function(x, trial_gradient);
      ++result.evaluations;
      if (std::isfinite(value) && value <= result.value + kSufficientDecrease * slope && slope < 0.0) {
        const VectorXd change = trial_gradient - gradient;
        const double curvature = step.dot(change);
        if (curvature > kMinCurvature * change.squaredNorm()) {
          pairs.push_back({step, change, 1.0 / curvature});
          if (static_cast<int>(pairs.size()) > options.memory) pairs.pop_front();
        }
        result.x = x;
        result.value = value;
        gradient = trial_gradient;
        moved = true;
        break;
      }
      // Minimum of the parabola through what is known, kept within [0.1, 0.5] of the step.
      const double bend = 2.0 * (value - result.value - slope);
      const double shrink = std::isfinite(value) && bend > 0.0 ? -slope / bend : 0.1;
      length *= std::min(0.5, std::max(0.1, shrink));
    }
    if (!moved) {
      if (pairs.empty()) break;
      pairs.clear();  // once more, along the gradient
      continue;
    }
    if (before - result.value <= options.value_tolerance * std::max(1.0, std::abs(result.value))) break;
  }
  return result;
}

}  // namespace tune::strategies
