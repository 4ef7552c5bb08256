#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/log/training_log.hpp"
#include "trainers/loop/batch_maker.hpp"
#include "trainers/loop/progress.hpp"
#include "trainers/model/model.hpp"
#include "trainers/optimizer/optimizer.hpp"
#include "trainers/options/settings.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// One training run: epochs of batches, a validation and a checkpoint after each. On a CPU, with the same number of threads, the
/// same settings give the same weights bit for bit, however often the run was interrupted and went on from its checkpoint.
class TrainingLoop {
 public:
  /// Moves data and network to the device.
  TrainingLoop(const Settings& settings, const ImageData& data, at::Device device, TrainingLog& log);

  /// Goes on from the checkpoint in the checkpoint directory, if there is one. Fails when that is of another configuration, of
  /// other data, or damaged. Call once, before run().
  Outcome resume();

  /// Trains to the end, or until a stop signal; then the state is saved. The result is 0 or the signal. Fails when a checkpoint
  /// or the log cannot be written.
  Fallible<int> run();

 private:
  bool train_epoch();  ///< false: a stop signal came
  void train_batch(const std::vector<std::int64_t>& order, at::Tensor& sums);
  void log_batch(std::int64_t first_batch, const Stopwatch& watch, const at::Tensor& sums);
  [[nodiscard]] bool validate(Scores& scores);  ///< false: a stop signal came
  Outcome finish_epoch(Scores scores);
  Outcome save();
  [[nodiscard]] std::string path(const char* name) const;
  [[nodiscard]] std::int64_t batches() const;
  [[nodiscard]] std::string weights_crc();

  const Settings& settings_;
  TrainingLog& log_;
  at::Device device_;
  std::unique_ptr<BatchMaker> train_;
  std::unique_ptr<BatchMaker> validation_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Optimizer> optimizer_;
  FlatObject configuration_;  ///< what a checkpoint must agree with
  Progress progress_;
};

}  // namespace tune::trainer
