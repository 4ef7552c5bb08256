#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "tune/unit_cube.hpp"

namespace tune::strategies {

enum class ColumnKind {
  kContinuous,  ///< a unit-cube coordinate
  kGrid,        ///< a unit-cube coordinate that takes grid values only
  kHamming,     ///< equal or not: a category, or whether a condition holds
};

/// What the kernel sees of a configuration: one column for each parameter that can vary, snapped as its value will be, and one
/// 0/1 column for each condition, shared by the parameters under it. An inactive parameter is 0.5 (a number) or -1 (a category).
/// Immutable; const use is safe from several threads.
class FeatureSpace {
 public:
  explicit FeatureSpace(const Space& space);

  [[nodiscard]] const UnitCube& cube() const { return cube_; }
  [[nodiscard]] const Space& space() const { return cube_.space(); }
  [[nodiscard]] Eigen::Index columns() const { return static_cast<Eigen::Index>(kinds_.size()); }
  [[nodiscard]] const std::vector<ColumnKind>& kinds() const { return kinds_; }
  /// Whether a categorical parameter can vary.
  [[nodiscard]] bool has_categories() const;
  /// Parameters that can vary: the dimension d of the priors; at least 1.
  [[nodiscard]] int dimensions() const { return dimensions_; }
  /// The column of a parameter; none for one that can hold only one value.
  [[nodiscard]] std::optional<Eigen::Index> column_of(std::size_t parameter) const { return column_of_[parameter]; }

  /// Features of the configuration that a point of the unit cube decodes to.
  [[nodiscard]] Eigen::RowVectorXd row(std::span<const double> point) const;
  [[nodiscard]] Eigen::RowVectorXd row(const Configuration& configuration) const { return row(cube_.encode(configuration)); }
  /// Whether `parameter` exists at `point`.
  [[nodiscard]] bool is_active(std::span<const double> point, std::size_t parameter) const;

 private:
  struct ConditionColumn {
    std::size_t parent = 0;
    std::vector<bool> holds;  ///< by the parent's category
    std::optional<Eigen::Index> column;
  };
  [[nodiscard]] std::size_t category_at(double u, std::size_t parameter) const;

  UnitCube cube_;
  std::vector<ColumnKind> kinds_;
  int dimensions_ = 1;
  std::vector<std::optional<Eigen::Index>> column_of_;
  std::vector<ConditionColumn> conditions_;
  std::vector<std::optional<std::size_t>> condition_of_;  ///< per parameter
};

}  // namespace tune::strategies
