#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tune/metric_definition.hpp"
#include "tune/status.hpp"

namespace tune::metrics {

class Capture;
class Gate;

/// Whether a metric may be called so: 1 to kMaxMetricNameLength bytes, no control characters.
Status check_metric_name(std::string_view name);

/// Checks one definition by itself: its name, its limits and whether its patterns can be used. The message says what is wrong
/// with the pattern and how to write it; where the definition stands is for the caller to add.
Status check_definition(const MetricDefinition& definition);

/// Metric definitions ready for use. Immutable; may be shared by readers on any thread.
class CompiledDefinitions {
 public:
  /// Several definitions may have the same step pattern; it is tried once a line.
  struct StepPattern {
    std::unique_ptr<const Capture> capture;
    std::vector<std::size_t> users;  ///< definitions
  };
  /// What one line needs; reused from line to line.
  struct Candidates {
    std::vector<std::size_t> steps;   ///< step patterns that may match, ascending
    std::vector<std::size_t> values;  ///< definitions that may match, ascending
    std::vector<int> scratch;
  };

  /// REQUIRES: every definition passed check_definition() and no two have the same name.
  explicit CompiledDefinitions(std::span<const MetricDefinition> definitions);
  ~CompiledDefinitions();

  [[nodiscard]] const std::vector<MetricDefinition>& definitions() const { return definitions_; }
  [[nodiscard]] const std::vector<StepPattern>& step_patterns() const { return step_patterns_; }

  /// Which patterns may match in `line`; those left out do not.
  void find_candidates(std::string_view line, Candidates& candidates) const;
  /// Whether the definition matches in `line`; then `group` is its first group, empty when that took no part.
  bool capture_value(std::size_t definition, std::string_view line, std::string_view& group) const;
  /// The same for the step pattern of that index.
  bool capture_step(std::size_t pattern, std::string_view line, std::string_view& group) const;

 private:
  std::vector<MetricDefinition> definitions_;
  std::vector<std::unique_ptr<const Capture>> captures_;
  std::vector<StepPattern> step_patterns_;
  std::unique_ptr<const Gate> gate_;
};

}  // namespace tune::metrics
