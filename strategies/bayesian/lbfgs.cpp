#include "strategies/bayesian/lbfgs.hpp"

#include <algorithm>
#include <cmath>

namespace tune::strategies {
namespace {

using Eigen::VectorXd;

constexpr double kSufficientDecrease = 1e-4;
constexpr int kMaxBacktracks = 25;
constexpr double kMinCurvature = 1e-12;

}  // namespace

BoxMinimizer::BoxMinimizer(const VectorXd& start, const VectorXd& low, const VectorXd& high, LbfgsOptions options)
    : low_(low), high_(high), options_(options) {
  trial_ = start.cwiseMax(low_).cwiseMin(high_);
  result_.x = trial_;
}

/// The gradient with the entries zeroed that push against a bound the point is on.
VectorXd BoxMinimizer::free_gradient() const {
  VectorXd free = gradient_;
  for (Eigen::Index i = 0; i < free.size(); ++i) {
    const bool at_low = result_.x[i] <= low_[i] && gradient_[i] > 0.0;
    const bool at_high = result_.x[i] >= high_[i] && gradient_[i] < 0.0;
    if (at_low || at_high) free[i] = 0.0;
  }
  return free;
}

/// Two-loop recursion: -H g.
VectorXd BoxMinimizer::quasi_newton(const VectorXd& gradient) const {
  VectorXd q = -gradient;
  std::deque<double> weights;
  for (auto pair = pairs_.rbegin(); pair != pairs_.rend(); ++pair) {
    const double weight = pair->inverse_curvature * pair->step.dot(q);
    q -= weight * pair->change;
    weights.push_front(weight);
  }
  if (!pairs_.empty()) q /= pairs_.back().inverse_curvature * pairs_.back().change.squaredNorm();
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const double correction = pairs_[i].inverse_curvature * pairs_[i].change.dot(q);
    q += (weights[i] - correction) * pairs_[i].step;
  }
  return q;
}

void BoxMinimizer::start_iteration() {
  if (iterations_++ >= options_.max_iterations || !std::isfinite(result_.value) || !gradient_.allFinite()) {
    done_ = true;
    return;
  }
  const VectorXd free = free_gradient();
  if (free.size() == 0 || free.lpNorm<Eigen::Infinity>() <= options_.gradient_tolerance) {
    done_ = true;
    return;
  }
  direction_ = quasi_newton(free);
  for (Eigen::Index i = 0; i < direction_.size(); ++i) {
    if (free[i] == 0.0 && gradient_[i] != 0.0) direction_[i] = 0.0;
  }
  if (!(direction_.dot(free) < 0.0) || !direction_.allFinite()) {
    pairs_.clear();
    direction_ = -free;
  }
  length_ = pairs_.empty() ? std::min(1.0, 1.0 / free.norm()) : 1.0;
  backtracks_ = 0;
  try_length();
}

void BoxMinimizer::try_length() {
  if (backtracks_++ >= kMaxBacktracks) return line_search_failed();
  trial_ = (result_.x + length_ * direction_).cwiseMax(low_).cwiseMin(high_);
  slope_ = gradient_.dot(trial_ - result_.x);
  if ((trial_ - result_.x).isZero(0.0)) line_search_failed();
}

/// Once more along the gradient, else the end.
void BoxMinimizer::line_search_failed() {
  if (pairs_.empty()) {
    done_ = true;
    return;
  }
  pairs_.clear();
  start_iteration();
}

void BoxMinimizer::accept(double value, const VectorXd& gradient) {
  const VectorXd step = trial_ - result_.x;
  const VectorXd change = gradient - gradient_;
  const double curvature = step.dot(change);
  if (curvature > kMinCurvature * change.squaredNorm()) {
    pairs_.push_back({step, change, 1.0 / curvature});
    if (static_cast<int>(pairs_.size()) > options_.memory) pairs_.pop_front();
  }
  const double decrease = result_.value - value;
  result_.x = trial_;
  result_.value = value;
  gradient_ = gradient;
  if (decrease <= options_.value_tolerance * std::max(1.0, std::abs(value))) {
    done_ = true;
  } else {
    start_iteration();
  }
}

void BoxMinimizer::tell(double value, const VectorXd& gradient) {
  if (result_.evaluations++ == 0) {
    result_.value = value;
    gradient_ = gradient;
    return start_iteration();
  }
  if (std::isfinite(value) && slope_ < 0.0 && value <= result_.value + kSufficientDecrease * slope_)
    return accept(value, gradient);
  // Minimum of the parabola through what is known, kept within [0.1, 0.5] of the step.
  const double bend = 2.0 * (value - result_.value - slope_);
  const double shrink = std::isfinite(value) && bend > 0.0 ? -slope_ / bend : 0.1;
  length_ *= std::min(0.5, std::max(0.1, shrink));
  try_length();
}

LbfgsResult minimize_in_box(const Differentiable& function, const VectorXd& start, const VectorXd& low, const VectorXd& high,
                            const LbfgsOptions& options) {
  BoxMinimizer search(start, low, high, options);
  VectorXd gradient(start.size());
  while (!search.done()) {
    const double value = function(search.point(), gradient);
    search.tell(value, gradient);
  }
  return search.result();
}

}  // namespace tune::strategies
