#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "trainers/log/event_file.hpp"
#include "trainers/log/tensor_series.hpp"
#include "trainers/log/training_log.hpp"
#include "trainers/loop/step_record.hpp"
#include "trainers/options/settings.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// What a run with a checkpoint directory writes there beside checkpoints: scalars for TensorBoard, and tensors by step where
/// `save_tensors` asks for them (docs/trainer-files.md). Without such a directory it writes nothing.
class RunFiles {
 public:
  /// The next epoch and step are those the run will do first, counted from 1.
  static Fallible<RunFiles> open(const Settings& settings, std::int64_t next_epoch, std::int64_t next_step);

  /// Whether that step is to be written; whether it needs a record, which has more than its loss; and whether that needs the
  /// outputs of the ReLUs.
  [[nodiscard]] bool wants(std::int64_t step) const { return series_ && series_->wants(step); }
  [[nodiscard]] bool wants_record(std::int64_t step) const { return series_ && series_->wants_more_than_losses(step); }
  [[nodiscard]] bool wants_outputs(std::int64_t step) const { return series_ && series_->wants(step, Collection::kReluOutputs); }

  /// REQUIRES: `record` is not null where wants_record(step).
  Outcome write_step(std::int64_t step, double loss, const StepRecord* record) const;
  Outcome write_epoch(std::int64_t epoch, const Metrics& metrics);
  /// To be called before a checkpoint is saved.
  Outcome sync();

 private:
  std::optional<EventFile> events_;
  std::optional<TensorSeries> series_;
};

}  // namespace tune::trainer
