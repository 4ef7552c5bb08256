#pragma once

#include <Eigen/Cholesky>
#include <optional>

namespace tune::strategies {

inline constexpr double kFirstJitter = 1e-8;
inline constexpr double kLastJitter = 1e-2;

/// The Cholesky factor of a covariance matrix, with `scale` times 0, 1e-8, 1e-7, ..., 1e-2 on the diagonal, whichever
/// succeeds first; none when all fail. Only the lower triangle is read.
inline std::optional<Eigen::LLT<Eigen::MatrixXd>> jittered_cholesky(Eigen::MatrixXd covariance, double scale) {
  double added = 0.0;
  for (double jitter = 0.0; jitter <= kLastJitter; jitter = jitter == 0.0 ? kFirstJitter : jitter * 10.0) {
    covariance.diagonal().array() += (jitter - added) * scale;
    added = jitter;
    Eigen::LLT<Eigen::MatrixXd> factor(covariance);
    // A NaN anywhere in the lower triangle passes the factorisation and ends up on its row's diagonal.
    if (factor.info() == Eigen::Success && factor.matrixLLT().diagonal().allFinite()) return factor;
  }
  return std::nullopt;
}

}  // namespace tune::strategies
