#include "strategies/bayesian/triangular.hpp"

namespace tune::strategies {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr Index kSmall = 32;

void add_product(const Eigen::Ref<const MatrixXd>& w, Eigen::Ref<MatrixXd> out) {
  const Index n = w.rows();
  if (n <= kSmall) {
    const MatrixXd full = w.triangularView<Eigen::Lower>();
    out.selfadjointView<Eigen::Lower>().rankUpdate(full.transpose());
    return;
  }
  const Index half = n / 2;
  const Index rest = n - half;
  add_product(w.topLeftCorner(half, half), out.topLeftCorner(half, half));
  out.topLeftCorner(half, half).selfadjointView<Eigen::Lower>().rankUpdate(w.bottomLeftCorner(rest, half).transpose());
  out.bottomLeftCorner(rest, half).noalias() +=
      w.bottomRightCorner(rest, rest).triangularView<Eigen::Lower>().transpose() * w.bottomLeftCorner(rest, half);
  add_product(w.bottomRightCorner(rest, rest), out.bottomRightCorner(rest, rest));
}

}  // namespace

void invert_lower(Eigen::Ref<MatrixXd> lower) {
  const Index n = lower.rows();
  if (n <= kSmall) {
    MatrixXd inverse = MatrixXd::Identity(n, n);
    lower.triangularView<Eigen::Lower>().solveInPlace(inverse);
    lower.triangularView<Eigen::Lower>() = inverse;
    return;
  }
  const Index half = n / 2;
  const Index rest = n - half;
  invert_lower(lower.topLeftCorner(half, half));
  invert_lower(lower.bottomRightCorner(rest, rest));
  auto below = lower.bottomLeftCorner(rest, half);
  const MatrixXd left = lower.bottomRightCorner(rest, rest).triangularView<Eigen::Lower>() * below;
  below.noalias() = -left * lower.topLeftCorner(half, half).triangularView<Eigen::Lower>();
}

MatrixXd transpose_times_self(const MatrixXd& lower) {
  MatrixXd out = MatrixXd::Zero(lower.rows(), lower.cols());
  add_product(lower, out);
  return out;
}

}  // namespace tune::strategies
