#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "tune/records.hpp"
#include "tune/stopping.hpp"

namespace tune {

/// One metric of a trial up to the judged step, sorted by step, one point a step, not empty.
struct HealthSeries {
  std::string_view metric;
  std::span<const Point> points;
};

/// What a health rule looks at: those metrics of one trial that its options of type kMetrics name, as far as they had arrived.
/// Valid only during the call it was given to.
struct HealthView {
  std::string_view metric;  ///< the one whose first value at a step has just arrived
  std::int64_t step = 0;    ///< that step; no series goes beyond it
  /// By option, in the order of the rule's options; the metrics of each by name.
  std::vector<std::pair<std::string_view, std::vector<HealthSeries>>> inputs;

  /// The metrics that `option` names; empty when the option was not given or nothing matches.
  [[nodiscard]] std::span<const HealthSeries> of(std::string_view option) const {
    for (const auto& [name, series] : inputs) {
      if (name == option) return series;
    }
    return {};
  }
  /// The one that has just got a value, if `option` names it.
  [[nodiscard]] const HealthSeries* observed(std::string_view option) const {
    for (const HealthSeries& series : of(option)) {
      if (series.metric == metric && series.points.back().step == step) return &series;
    }
    return nullptr;
  }
};

/// Looks for something wrong in what one trial says of itself: vanishing gradients, a loss that does not fall. A pure function of
/// the trial's history. Const use is safe from several threads.
class HealthRule {
 public:
  virtual ~HealthRule() = default;
  /// Journaled as `rule:NAME`; changes when behaviour changes.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// kStop: it has found what it looks for, with one sentence as the reason; the user's `action` says what follows from it.
  [[nodiscard]] virtual Decision judge(const HealthView& view) const = 0;
};

}  // namespace tune
