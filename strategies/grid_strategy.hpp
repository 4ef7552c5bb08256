#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tune/registry.hpp"

namespace tune::strategies {

inline constexpr std::int64_t kDefaultGridPoints = 5;
inline constexpr std::int64_t kMaxGridPointsPerParameter = 10'000;
/// A grid of more combinations than this is refused: it would never end.
inline constexpr std::int64_t kMaxGridSize = 1'000'000'000;

/// Every combination of a few values of each parameter, each combination once, one number each; never held in memory.
///
/// Values: a categorical parameter and one with `step` give all of theirs. Any other numeric one gives `points` values, evenly
/// spaced on its scale, both ends included (an int: rounded, repeats dropped, all of them when there are no more than `points`).
/// Order: a conditional parameter counts directly after its parent and only where it is active; the last one changes fastest.
/// Immutable.
class Grid {
 public:
  /// `points` for all numeric parameters without a step, `named` for those in it (with a step too). Refuses a name that is no
  /// numeric parameter, a count outside [1, kMaxGridPointsPerParameter] and a grid larger than kMaxGridSize.
  static Result<Grid> make(const Space& space, std::int64_t points, const std::map<std::string, std::int64_t>& named);

  [[nodiscard]] std::int64_t size() const { return size_; }
  /// REQUIRES: 0 <= index < size().
  [[nodiscard]] Configuration at(std::int64_t index) const;

 private:
  struct Axis {
    std::int64_t count = 1;
    std::vector<Value> values;  ///< empty: computed from min and step
  };
  /// An unconditional parameter and those that depend on it; groups are independent of each other.
  struct Group {
    std::size_t parent = 0;
    std::vector<std::vector<std::size_t>> active;  ///< per value of the parent: its active children (one empty list without any)
    std::vector<std::int64_t> sizes;               ///< per entry of `active`: combinations, the parent's own values not counted
    std::int64_t size = 1;
  };

  explicit Grid(Space space) : space_(std::move(space)) {}
  [[nodiscard]] Value value(std::size_t parameter, std::int64_t index) const;
  Group make_group(std::size_t parent) const;
  void place(const Group& group, std::int64_t index, Configuration& into) const;

  Space space_;
  std::vector<Axis> axes_;
  std::vector<Group> groups_;
  std::int64_t size_ = 1;
};

/// The t-th trial of the study (imported ones and the user's first points not counted) is grid point t - 1; exhausted after the
/// last one.
class GridStrategy final : public Strategy {
 public:
  explicit GridStrategy(Grid grid) : grid_(std::move(grid)) {}
  [[nodiscard]] std::string_view name() const override { return "grid"; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override;

 private:
  Grid grid_;
};

Entry<Strategy> grid_entry();

}  // namespace tune::strategies
