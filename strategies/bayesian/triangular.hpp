#pragma once

#include <Eigen/Core>

namespace tune::strategies {

/// Replaces the lower triangle by its inverse, n^3 / 3 operations, by recursion on halves; the upper triangle is neither read nor
/// written. REQUIRES: square, no zero on the diagonal.
void invert_lower(Eigen::Ref<Eigen::MatrixXd> lower);

/// The lower triangle of W' W, of a lower triangular W: n^3 / 3 operations. Above the diagonal: 0.
Eigen::MatrixXd transpose_times_self(const Eigen::MatrixXd& lower);

}  // namespace tune::strategies
