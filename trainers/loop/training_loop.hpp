#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/log/training_log.hpp"
#include "trainers/loop/batch_maker.hpp"
#include "trainers/loop/class_errors.hpp"
#include "trainers/loop/loss.hpp"
#include "trainers/loop/plan.hpp"
#include "trainers/loop/progress.hpp"
#include "trainers/loop/run_files.hpp"
#include "trainers/loop/training_step.hpp"
#include "trainers/model/model.hpp"
#include "trainers/optimizer/optimizer.hpp"
#include "trainers/options/settings.hpp"
#include "trainers/schedule/learning_rate.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// One training run: epochs of batches, a validation after each, a checkpoint every so many. On a CPU, with the same number of
/// threads, the same settings give the same weights bit for bit, however often the run was interrupted and went on from its
/// checkpoint.
class TrainingLoop {
 public:
  /// Makes the network and its input. The settings' hyperparameters leave nothing open.
  TrainingLoop(const Settings& settings, const ImageData& data, Plan plan, TrainingLog& log);

  /// Takes over pretrained weights, if asked to, or goes on from the checkpoint in the checkpoint directory, if there is one.
  /// Fails when that is of another configuration, of other data, or damaged. Call once, before run().
  Outcome begin();

  /// Trains to the end, or until a stop signal; then the state is saved. The result is 0 or the signal. Fails when a checkpoint
  /// or the log cannot be written, and when the loss is no number any more.
  Fallible<int> run();

 private:
  Fallible<bool> train_epoch();  ///< false: a stop signal came
  Outcome train_batch(const std::vector<std::int64_t>& order, at::Tensor& tally);
  [[nodiscard]] bool log_batch(std::int64_t first_batch, const Stopwatch& watch, const at::Tensor& tally);
  [[nodiscard]] bool validate(Scores& scores);  ///< false: a stop signal came
  Outcome finish_epoch(const Scores& scores);
  [[nodiscard]] Metrics trained_metrics(const Scores& scores, double seconds) const;
  [[nodiscard]] Metrics epoch_metrics(const Scores& scores) const;
  Outcome store_best(const Scores& scores);
  Outcome carry_best_over();
  [[nodiscard]] std::string best_path() const;
  Outcome save();
  Outcome resume(const LoadedCheckpoint& loaded);
  [[nodiscard]] bool saves() const { return !settings_.checkpoint_directory.empty(); }
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] std::int64_t batches() const;
  [[nodiscard]] std::int64_t step_number() const { return progress_.epoch * batches() + progress_.batch; }
  [[nodiscard]] at::Tensor make_tally() const;
  [[nodiscard]] std::string weights_crc();

  const Settings& settings_;
  TrainingLog& log_;
  Plan plan_;
  BatchMaker train_;
  BatchMaker validation_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Optimizer> optimizer_;
  Loss loss_;
  TrainingStep step_;
  LearningRate rate_;
  FlatObject configuration_;  ///< what a checkpoint must agree with
  Progress progress_;
  std::optional<StepRecord> record_;  ///< of its last step
  std::optional<double> input_mean_;  ///< of its images
  ClassErrors class_errors_;
  RunFiles files_;
  double images_per_second_ = 0;
  double best_stored_ = -1;    ///< validation accuracy of the model that is stored; negative: none is
  double making_seconds_ = 0;  ///< of the epoch, spent on making batches
};

}  // namespace tune::trainer
