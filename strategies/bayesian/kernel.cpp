#include "strategies/bayesian/kernel.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/bayesian/input_warp.hpp"

namespace tune::strategies {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;

const double kRoot5 = std::sqrt(5.0);
constexpr Index kPanel = 64;     ///< columns of a triangle that are filled at once
constexpr double kCenter = 0.5;  ///< of the columns: keeps products small, so that their differences stay exact

}  // namespace

void matern52(Eigen::Ref<MatrixXd> squared) {
  for (Index j = 0; j < squared.cols(); ++j) {
    auto column = squared.col(j).array();
    const ArrayXd r = kRoot5 * column.sqrt();
    column = (1.0 + r + (5.0 / 3.0) * column) * (-r).exp();
  }
}

void matern52_with_slope(Eigen::Ref<MatrixXd> squared, Eigen::Ref<MatrixXd> slope) {
  for (Index j = 0; j < squared.cols(); ++j) {
    auto column = squared.col(j).array();
    const ArrayXd r = kRoot5 * column.sqrt();
    const ArrayXd decay = (-r).exp();
    slope.col(j) = ((-5.0 / 6.0) * (1.0 + r) * decay).matrix();
    column = (1.0 + r + (5.0 / 3.0) * column) * decay;
  }
}

void Embedded::append(const Embedded& more) {
  const Index n = size();
  const Index all = n + more.size();
  scaled.conservativeResize(all, Eigen::NoChange);
  scaled.bottomRows(more.size()) = more.scaled;
  labels.conservativeResize(all, Eigen::NoChange);
  labels.bottomRows(more.size()) = more.labels;
  squared_norm.conservativeResize(all);
  squared_norm.tail(more.size()) = more.squared_norm;
}

Embedding::Embedding(const std::vector<ColumnKind>& kinds, const Hyperparameters& hyper)
    : length_(hyper.length), warp_a_(hyper.warp_a), warp_b_(hyper.warp_b) {
  for (std::size_t j = 0; j < kinds.size(); ++j) {
    (kinds[j] == ColumnKind::kHamming ? hamming_ : numeric_).push_back(static_cast<Index>(j));
  }
}

Embedded Embedding::operator()(const MatrixXd& points) const {
  Embedded out{MatrixXd(points.rows(), static_cast<Index>(numeric_.size())), {}, points(Eigen::all, hamming_)};
  for (std::size_t k = 0; k < numeric_.size(); ++k) {
    const Index j = numeric_[k];
    auto column = out.scaled.col(static_cast<Index>(k)).array();
    column = points.col(j).array();
    if (bent(j)) column = warp_inputs(points.col(j).array(), warp_a_[j], warp_b_[j]);
    column = (column - kCenter) / length_[j];
  }
  out.squared_norm = out.scaled.rowwise().squaredNorm();
  return out;
}

ArrayXd Embedding::slope(std::size_t k, const ArrayXd& x) const {
  const Index j = numeric_[k];
  if (!bent(j)) return ArrayXd::Constant(x.size(), 1.0 / length_[j]);
  return warp_with_derivatives(x, warp_a_[j], warp_b_[j]).by_x / length_[j];
}

void Embedding::add_hamming(const MatrixXd& a, const MatrixXd& b, Eigen::Ref<MatrixXd> squared) const {
  for (std::size_t k = 0; k < hamming_.size(); ++k) {
    const auto column = static_cast<Index>(k);
    const double weight = 1.0 / (length_[hamming_[k]] * length_[hamming_[k]]);
    for (Index i = 0; i < b.rows(); ++i) {
      squared.col(i).array() += weight * (a.col(column).array() != b(i, column)).cast<double>();
    }
  }
}

MatrixXd Embedding::squared_distances(const Embedded& a, Index first, Index count, const Embedded& b) const {
  MatrixXd squared = -2.0 * a.scaled.middleRows(first, count) * b.scaled.transpose();
  squared.colwise() += a.squared_norm.segment(first, count);
  squared.rowwise() += b.squared_norm.transpose();
  squared = squared.cwiseMax(0.0);
  add_hamming(a.labels.middleRows(first, count), b.labels, squared);
  return squared;
}

MatrixXd Embedding::squared_distances(const Embedded& a) const {
  const Index n = a.size();
  MatrixXd squared = MatrixXd::Zero(n, n);
  for (Index first = 0; first < n; first += kPanel) {
    const Index width = std::min(kPanel, n - first);
    const Embedded panel{a.scaled.middleRows(first, width), a.squared_norm.segment(first, width),
                         a.labels.middleRows(first, width)};
    squared.block(first, first, n - first, width) = squared_distances(a, first, n - first, panel);
  }
  squared.diagonal().setZero();
  return squared;
}

}  // namespace tune::strategies
