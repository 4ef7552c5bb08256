#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What a run says, in the form of SageMaker's image classification algorithm, so that regexes made for its logs read ours. The
/// only part of the trainer that reads a clock.
namespace tune::trainer {

/// Seconds since it was made.
class Stopwatch {
 public:
  Stopwatch();
  [[nodiscard]] double seconds() const;

 private:
  std::int64_t start_;  ///< nanoseconds, monotonic
};

/// Seconds since 1970.
double unix_seconds();

/// What a set of images was found to be worth.
struct Scores {
  double accuracy = 0;               ///< share of images, 0 to 1; NaN where the loss is no number
  double loss = 0;                   ///< nats
  std::optional<double> top_k = {};  ///< share of images whose class is among the k likeliest
  std::int64_t k = 0;
};

/// Names (log/metric_names.hpp) and values, in the order in which they are to be shown.
using Metrics = std::vector<std::pair<std::string, double>>;

/// Prints `[11/21/2026 05:38:58 INFO 139869866030912] text` lines (time in UTC, then the thread), each flushed at once. Epochs
/// and batches count from 0. Numbers read back exactly and have no exponent; they may be `nan` or `inf`.
class TrainingLog {
 public:
  explicit TrainingLog(std::FILE* out) : out_(out) {}

  void line(const std::string& text);
  void batch(std::int64_t epoch, std::int64_t batch, double samples_per_second, double accuracy);
  void trained(std::int64_t epoch, Scores scores, double seconds);
  void validated(std::int64_t epoch, Scores scores);

  /// One line `@tune {"step": 3, ...}` (docs/trial-contract.md, "Reports") with all of it, in full precision. Steps count from 1:
  /// the epochs that are done. Without metrics nothing is printed.
  void report(std::int64_t step, const Metrics& metrics);

  /// Whether a line could not be written (disk full): nobody sees the metrics any more.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  void print(const std::string& line);

  std::FILE* out_;
  bool broken_ = false;
};

}  // namespace tune::trainer
