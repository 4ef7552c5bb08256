#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tune/records.hpp"
#include "tune/status.hpp"

/// Recorded learning curves: what stopping rules are tried on.
namespace tune::engine {

inline constexpr std::size_t kMaxCurveLineBytes = 16 << 20;  ///< bytes of one line of a CSV
inline constexpr std::size_t kMaxCurves = 1'000'000;         ///< lines of a CSV

struct CurvePoint {
  std::int64_t step = 0;
  double value = 0.0;
};

/// What one trial reported, from its first step to its last.
struct Curve {
  std::string id = {};
  std::vector<CurvePoint> points = {};          ///< by step; steps that it did not report are missing
  std::optional<double> seconds_per_step = {};  ///< its own pace, where it is known
  [[nodiscard]] std::int64_t last_step() const { return points.empty() ? 0 : points.back().step; }
};

struct Curves {
  std::string source = {};         ///< the file or the directory
  std::vector<Curve> curves = {};  ///< each with at least one point
  std::int64_t max_step = 0;       ///< of the study, or the number of columns
  std::size_t left_out = 0;        ///< trials (or rows) that did not run to the end, or have no value
};

/// A CSV, plain or compressed by gzip: a line of column names, among them y1 ... yR, the metric after each step; then one line a
/// curve. `id` and other columns are not needed. An empty cell is a missing step, or the end of a shorter curve; `nan` and `inf`
/// are values. Errors (invalid) name line and column.
Result<Curves> read_curves(const std::string& path);

/// The objective's curves of the trials of a study that ran to their end (`Completed`, not imported).
Curves curves_of(const StudyRecord& study, const std::string& source);

}  // namespace tune::engine
