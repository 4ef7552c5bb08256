#include "strategies/bayesian/features.hpp"

#include <algorithm>

namespace tune::strategies {
namespace {

bool varies(const Parameter& parameter) {
  if (!parameter.is_numeric() || grid_width(parameter) > 0.0) return parameter.cardinality() > 1;
  return parameter.min < parameter.max;
}

}  // namespace

FeatureSpace::FeatureSpace(const Space& space) : cube_(space) {
  const auto add_column = [this](ColumnKind kind) {
    kinds_.push_back(kind);
    return static_cast<Eigen::Index>(kinds_.size()) - 1;
  };
  for (std::size_t i = 0; i < space.size(); ++i) {
    const Parameter& parameter = space[i];
    auto& column = column_of_.emplace_back();
    if (varies(parameter)) {
      column = add_column(!parameter.is_numeric()       ? ColumnKind::kHamming
                          : grid_width(parameter) > 0.0 ? ColumnKind::kGrid
                                                        : ColumnKind::kContinuous);
    }
    auto& condition = condition_of_.emplace_back();
    if (!parameter.when) continue;
    ConditionColumn own;
    own.parent = *space.index_of(parameter.when->parameter);
    for (const Value& value : space[own.parent].values) {
      const auto& when = parameter.when->values;
      own.holds.push_back(std::find(when.begin(), when.end(), value) != when.end());
    }
    const auto same = std::find_if(conditions_.begin(), conditions_.end(), [&](const ConditionColumn& known) {
      return known.parent == own.parent && known.holds == own.holds;
    });
    condition = static_cast<std::size_t>(same - conditions_.begin());
    if (same != conditions_.end()) continue;
    const bool always = std::find(own.holds.begin(), own.holds.end(), false) == own.holds.end();
    if (!always) own.column = add_column(ColumnKind::kHamming);
    conditions_.push_back(std::move(own));
  }
  const auto varying = std::count_if(column_of_.begin(), column_of_.end(), [](const auto& column) { return column.has_value(); });
  dimensions_ = std::max(1, static_cast<int>(varying));
}

bool FeatureSpace::has_categories() const {
  for (std::size_t i = 0; i < space().size(); ++i) {
    if (column_of_[i] && !space()[i].is_numeric()) return true;
  }
  return false;
}

std::size_t FeatureSpace::category_at(double u, std::size_t parameter) const {
  const std::size_t count = space()[parameter].values.size();
  return std::min(count - 1, static_cast<std::size_t>(std::max(0.0, u) * static_cast<double>(count)));
}

bool FeatureSpace::is_active(std::span<const double> point, std::size_t parameter) const {
  const auto& condition = condition_of_[parameter];
  if (!condition) return true;
  const ConditionColumn& about = conditions_[*condition];
  return about.holds[category_at(point[about.parent], about.parent)];
}

Eigen::RowVectorXd FeatureSpace::row(std::span<const double> point) const {
  Eigen::RowVectorXd row(columns());
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (!column_of_[i]) continue;
    double& cell = row[*column_of_[i]];
    const ColumnKind kind = kinds_[static_cast<std::size_t>(*column_of_[i])];
    if (!is_active(point, i)) {
      cell = kind == ColumnKind::kHamming ? -1.0 : 0.5;
    } else if (kind == ColumnKind::kContinuous) {
      cell = point[i];
    } else if (kind == ColumnKind::kGrid) {
      cell = cube_.encode(i, cube_.decode(i, point[i]));
    } else {
      cell = static_cast<double>(category_at(point[i], i));
    }
  }
  for (const ConditionColumn& condition : conditions_) {
    if (!condition.column) continue;
    row[*condition.column] = condition.holds[category_at(point[condition.parent], condition.parent)] ? 1.0 : 0.0;
  }
  return row;
}

}  // namespace tune::strategies
