#pragma once

#include <Eigen/Core>
#include <vector>

#include "strategies/bayesian/features.hpp"

namespace tune::strategies {

/// What the fit chooses. Lengths and warps have one entry a column; warps are 1 where a column is not warped.
struct Hyperparameters {
  Eigen::ArrayXd length;
  double scale = 1.0;   ///< sigma_f^2
  double noise = 0.01;  ///< sigma_n^2
  Eigen::ArrayXd warp_a;
  Eigen::ArrayXd warp_b;

  /// The share of the variance that is noise.
  [[nodiscard]] double noise_share() const { return noise / (noise + scale); }
};

/// Matern-5/2 of squared scaled distances r^2, in place: (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r).
void matern52(Eigen::Ref<Eigen::MatrixXd> squared);
/// The same, and its derivative by r^2 into `slope`: -5/6 (1 + sqrt(5) r) exp(-sqrt(5) r).
void matern52_with_slope(Eigen::Ref<Eigen::MatrixXd> squared, Eigen::Ref<Eigen::MatrixXd> slope);

/// Points (one a row) as the kernel measures them.
struct Embedded {
  Eigen::MatrixXd scaled;        ///< numeric columns, bent by the input warp and divided by their lengths
  Eigen::VectorXd squared_norm;  ///< of the rows of `scaled`
  Eigen::MatrixXd labels;        ///< Hamming columns as they are

  [[nodiscard]] Eigen::Index size() const { return squared_norm.size(); }
  void append(const Embedded& more);
};

/// From points to scaled distances, which are sums over columns of (difference / length)^2, a Hamming column's difference being
/// 0 or 1. Distances between numeric columns come from one matrix product. Immutable; const use is safe from several threads.
class Embedding {
 public:
  Embedding(const std::vector<ColumnKind>& kinds, const Hyperparameters& hyper);

  [[nodiscard]] Embedded operator()(const Eigen::MatrixXd& points) const;
  /// One row for each of `count` points of `a` from `first` on, one column for each of `b`.
  [[nodiscard]] Eigen::MatrixXd squared_distances(const Embedded& a, Eigen::Index first, Eigen::Index count,
                                                  const Embedded& b) const;
  [[nodiscard]] Eigen::MatrixXd squared_distances(const Embedded& a, const Embedded& b) const {
    return squared_distances(a, 0, a.size(), b);
  }
  /// Lower triangle of the squared distances among the points of `a`, by panels; what stands above the diagonal is of no meaning.
  [[nodiscard]] Eigen::MatrixXd squared_distances(const Embedded& a) const;

  /// The points' columns that `Embedded::scaled` and `Embedded::labels` hold.
  [[nodiscard]] const std::vector<Eigen::Index>& numeric() const { return numeric_; }
  [[nodiscard]] const std::vector<Eigen::Index>& hamming() const { return hamming_; }
  /// d scaled / d x of numeric column number `k` at each of `x`.
  [[nodiscard]] Eigen::ArrayXd slope(std::size_t k, const Eigen::ArrayXd& x) const;

 private:
  [[nodiscard]] bool bent(Eigen::Index column) const { return warp_a_[column] != 1.0 || warp_b_[column] != 1.0; }
  void add_hamming(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, Eigen::Ref<Eigen::MatrixXd> squared) const;

  std::vector<Eigen::Index> numeric_;
  std::vector<Eigen::Index> hamming_;
  Eigen::ArrayXd length_;
  Eigen::ArrayXd warp_a_;
  Eigen::ArrayXd warp_b_;
};

}  // namespace tune::strategies
