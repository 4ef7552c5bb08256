#include "strategies/bayesian/triangular.hpp"

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <limits>

#include "tune/random.hpp"

using namespace tune::strategies;
using Eigen::MatrixXd;

namespace {

MatrixXd draw_lower(Eigen::Index n) {
  tune::RandomStream stream(5, n, "triangular");
  MatrixXd lower = MatrixXd::Zero(n, n);
  for (Eigen::Index j = 0; j < n; ++j) {
    lower(j, j) = 1.0 + stream.uniform();
    for (Eigen::Index i = j + 1; i < n; ++i) lower(i, j) = stream.normal() / static_cast<double>(n);
  }
  return lower;
}

}  // namespace

TEST_CASE("the inverse of a lower triangle, whatever stands above it") {
  for (const Eigen::Index n : {1, 2, 31, 32, 33, 64, 101, 200}) {
    CAPTURE(n);
    const MatrixXd lower = draw_lower(n);
    MatrixXd inverse = lower;
    for (Eigen::Index j = 1; j < n; ++j) inverse.col(j).head(j).setConstant(std::numeric_limits<double>::quiet_NaN());
    invert_lower(inverse);
    for (Eigen::Index j = 1; j < n; ++j) CHECK(inverse.col(j).head(j).array().isNaN().all());
    const MatrixXd product = MatrixXd(inverse.triangularView<Eigen::Lower>()) * lower;
    CHECK((product - MatrixXd::Identity(n, n)).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("a lower triangle's transpose times itself") {
  for (const Eigen::Index n : {1, 7, 32, 33, 65, 150}) {
    CAPTURE(n);
    const MatrixXd lower = draw_lower(n);
    const MatrixXd expected = lower.transpose() * lower;
    const MatrixXd product = transpose_times_self(lower);
    CHECK((product - MatrixXd(expected.triangularView<Eigen::Lower>())).cwiseAbs().maxCoeff() < 1e-12);
  }
}
