#pragma once

#include <Eigen/Core>
#include <deque>
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

/// Minimises over the box [low, high] by L-BFGS on the free variables with a projected backtracking line search (Nocedal &
/// Wright, "Numerical Optimization", 2nd edition, algorithm 7.4 and section 16.7; Bertsekas, SIAM J. Control Optim. 20, 1982).
/// Turned inside out, so that several searches can have their points evaluated together: while not `done()`, evaluate at
/// `point()` and `tell()`. Its result is never worse than the projected start. Deterministic.
class BoxMinimizer {
 public:
  BoxMinimizer(const Eigen::VectorXd& start, const Eigen::VectorXd& low, const Eigen::VectorXd& high, LbfgsOptions options);

  [[nodiscard]] bool done() const { return done_; }
  /// Where the function is to be evaluated next.
  [[nodiscard]] const Eigen::VectorXd& point() const { return trial_; }
  /// Its value there and its gradient; a value that is not finite means that the point cannot be used. REQUIRES: not done.
  void tell(double value, const Eigen::VectorXd& gradient);
  [[nodiscard]] const LbfgsResult& result() const { return result_; }

 private:
  struct Pair {
    Eigen::VectorXd step;
    Eigen::VectorXd change;
    double inverse_curvature;
  };
  [[nodiscard]] Eigen::VectorXd free_gradient() const;
  [[nodiscard]] Eigen::VectorXd quasi_newton(const Eigen::VectorXd& gradient) const;
  void accept(double value, const Eigen::VectorXd& gradient);
  void start_iteration();
  void try_length();
  void line_search_failed();

  Eigen::VectorXd low_;
  Eigen::VectorXd high_;
  LbfgsOptions options_;
  LbfgsResult result_;
  Eigen::VectorXd gradient_;
  std::deque<Pair> pairs_;
  Eigen::VectorXd direction_;
  Eigen::VectorXd trial_;
  double length_ = 1.0;
  double slope_ = 0.0;
  int backtracks_ = 0;
  int iterations_ = 0;
  bool done_ = false;
};

/// Returns the value at x and writes the gradient; a value that is not finite means that x cannot be used.
using Differentiable = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>;

/// One search from its start to its end.
LbfgsResult minimize_in_box(const Differentiable& function, const Eigen::VectorXd& start, const Eigen::VectorXd& low,
                            const Eigen::VectorXd& high, const LbfgsOptions& options = {});

}  // namespace tune::strategies
