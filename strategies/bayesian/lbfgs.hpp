#pragma once

#include <Eigen/Core>
#include <functional>

namespace tune::strategies {

struct LbfgsOptions {
  int memory = 10;
  int max_iterations = 200;
  double gradient_tolerance = 1e-3;  ///< on the largest entry of the projected gradient
  double value_tolerance = 1e-7;     ///< on the relative decrease of one iteration
};

struct LbfgsResult {
  Eigen::VectorXd x;
  double value = 0.0;
  int evaluations = 0;
};

/// Returns the value at x and writes the gradient; a value that is not finite means that x cannot be used.
using Differentiable = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>;

/// Minimises over the box [low, high] by L-BFGS on the free variables with a projected backtracking line search (Nocedal &
/// Wright, "Numerical Optimization", 2nd edition, algorithm 7.4 and section 16.7; Bertsekas, SIAM J. Control Optim. 20, 1982).
/// Never returns a point worse than the projected start. Deterministic.
LbfgsResult minimize_in_box(const Differentiable& function, const Eigen::VectorXd& start, const Eigen::VectorXd& low,
                            const Eigen::VectorXd& high, const LbfgsOptions& options = {});

}  // namespace tune::strategies
