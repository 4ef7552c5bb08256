#include "trainers/loop/training_loop.hpp"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <span>
#include <utility>

#include "trainers/log/metric_names.hpp"
#include "trainers/loop/gpu_memory.hpp"
#include "trainers/loop/model_file.hpp"
#include "trainers/loop/stop_request.hpp"
#include "trainers/loop/validation_batch.hpp"
#include "trainers/support/numbers.hpp"
#include "trainers/support/random.hpp"

namespace tune::trainer {
namespace {

constexpr std::int64_t kBatchLines = 4;  // an epoch, about

/// The order in which an epoch sees the images (Fisher and Yates, Durstenfeld's form).
std::vector<std::int64_t> sample_order(std::uint64_t seed, std::int64_t epoch, std::int64_t count) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  KeyedRandom random(seed, Purpose::kOrder, static_cast<std::uint64_t>(epoch));
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

}  // namespace

TrainingLoop::TrainingLoop(const Settings& settings, const ImageData& data, Plan plan, TrainingLog& log)
    : settings_(settings),
      log_(log),
      plan_(std::move(plan)),
      train_(data.train, plan_.augment, plan_.placement.device, plan_.placement.compute),
      validation_(data.validation, plan_.augment, plan_.placement.device, plan_.placement.compute),
      model_(make_model(plan_.model, settings.seed, plan_.placement)),
      optimizer_(make_optimizer(settings.hyperparameters, model_->tensors().values(), model_->tensors().decayed())),
      loss_(settings.hyperparameters, data.train, plan_.placement.device),
      step_(*model_, *optimizer_, loss_, settings),
      rate_(settings.hyperparameters, batches()),
      configuration_(configuration_facts(settings, data)),
      class_errors_(data) {}

std::int64_t TrainingLoop::batches() const {
  const std::int64_t batch = settings_.hyperparameters.mini_batch_size;
  return (train_.size() + batch - 1) / batch;
}

at::Tensor TrainingLoop::make_tally() const {
  return at::zeros({loss_.tally_size()}, at::device(plan_.placement.device).dtype(at::kDouble));
}

// ---- beginning ----

Outcome TrainingLoop::begin() {
  if (saves()) {
    const auto loaded = load_checkpoint(settings_.checkpoint_directory);
    if (!loaded.ok()) return loaded.failure();
    if (!loaded.value().note.empty()) log_.line("Note: " + loaded.value().note);
    if (loaded.value().checkpoint) {
      if (auto failure = resume(loaded.value())) return failure;
    } else {
      std::error_code error;  // what another run has left there is not this one's result
      std::filesystem::remove(best_path(), error);
    }
  }
  if (!settings_.pretrained.empty() && step_number() == 0) {
    const auto taken = load_pretrained(settings_.pretrained, *model_);
    if (!taken.ok()) return taken.failure();
    log_.line(taken.value());
  }
  auto files = RunFiles::open(settings_, progress_.epoch + 1, step_number() + 1);
  if (!files.ok()) return files.failure();
  files_ = std::move(files.value());
  return {};
}

Outcome TrainingLoop::resume(const LoadedCheckpoint& loaded) {
  const Checkpoint& checkpoint = *loaded.checkpoint;
  const auto progress = progress_from(checkpoint, configuration_);
  if (!progress.ok()) {
    return Failure{loaded.path + ": " + progress.failure().message + "; remove that directory to train from the beginning"};
  }
  FlatParameters& tensors = model_->tensors();
  const auto restore = [&](std::string_view name, at::Tensor& buffer) {
    const Tensor* block = checkpoint.block(name);
    at::Tensor plain = at::empty(buffer.sizes(), at::kFloat);
    if (block == nullptr || !copy_from_file(*block, plain)) return false;
    tensors.from_plain(plain, buffer);
    return true;
  };
  bool complete = restore("parameters", tensors.values());
  for (auto& [name, buffer] : optimizer_->state()) complete = complete && restore(name, buffer);
  const Tensor* statistics = checkpoint.block("statistics");
  complete = complete && statistics != nullptr && copy_from_file(*statistics, tensors.statistics());
  if (!complete || progress.value().batch > batches()) {
    return Failure{loaded.path + ": damaged: of another size; remove that directory to train from the beginning"};
  }
  tensors.values_changed();
  progress_ = progress.value();
  optimizer_->steps = progress_.steps;
  step_.scale = {.factor = progress_.loss_scale, .good_steps = progress_.good_steps};
  if (auto failure = carry_best_over()) return failure;
  log_.line("Going on from checkpoint \"" + loaded.path + "\" at epoch " + std::to_string(progress_.epoch) + ", batch " +
            std::to_string(progress_.batch));
  return {};
}

// ---- epochs ----

bool TrainingLoop::is_over() const {
  return progress_.epoch >= settings_.hyperparameters.epochs ||
         progress_.early_end.due(progress_.epoch, settings_.hyperparameters);
}

Fallible<int> TrainingLoop::run() {
  log_.line("Training " + settings_.hyperparameters.model + " with " + std::to_string(model_->tensors().values().numel()) +
            " parameters on " + std::to_string(train_.size()) + " images, validating on " + std::to_string(validation_.size()) +
            "; device " + plan_.placement.device.str() + ", " + std::to_string(at::get_num_threads()) + " CPU threads, seed " +
            std::to_string(settings_.seed));
  while (!is_over()) {
    Scores scores;
    const auto trained = train_epoch();
    if (!trained.ok()) return trained.failure();
    if (!trained.value() || !validate(scores)) {
      if (auto failure = save()) return *failure;
      return stop_signal();
    }
    if (auto failure = finish_epoch(scores)) return *failure;
    if (log_.broken()) return Failure{"standard output cannot be written any more"};
  }
  if (progress_.epoch < settings_.hyperparameters.epochs) {
    log_.line("Early stopping: validation accuracy has not improved for " + std::to_string(progress_.early_end.unimproved) +
              " epochs; best " + plain_text(progress_.early_end.best));
  }
  log_.line("Training is complete: " + std::to_string(progress_.epoch) + " epochs; CRC-32 of the weights: " + weights_crc());
  return 0;
}

Outcome TrainingLoop::train_batch(const std::vector<std::int64_t>& order, at::Tensor& tally) {
  const std::int64_t size = settings_.hyperparameters.mini_batch_size;
  const std::int64_t first = progress_.batch * size;
  const auto chosen =
      std::span(order).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(size, train_.size() - first)));
  const std::int64_t done = step_number() + 1;
  const bool last = progress_.batch + 1 == batches() && settings_.hyperparameters.layer_metrics;
  record_.reset();
  if (last || files_.wants_record(done)) record_.emplace(files_.wants_outputs(done));
  const Stopwatch making;
  const at::Tensor images = train_.images(chosen, progress_.epoch, true);
  making_seconds_ += making.seconds();
  if (last) input_mean_ = images.to(at::kFloat).mean().item<double>();
  const auto result =
      step_.run(images, train_.labels(chosen), step_number(), rate_.at(step_number()), record_ ? &*record_ : nullptr);
  loss_.add(tally, result.loss, result.scores, result.labels);
  return files_.wants(done) ? files_.write_step(done, result.loss.item<double>(), record_ ? &*record_ : nullptr) : Outcome();
}

bool TrainingLoop::log_batch(std::int64_t first_batch, const Stopwatch& watch, const at::Tensor& tally) {
  const std::int64_t every = std::max<std::int64_t>(1, (batches() + kBatchLines - 1) / kBatchLines);
  const bool due = progress_.batch % every == 0 || progress_.batch == batches();
  // On a GPU a look at the tally is a wait for it.
  if (!due && !plan_.placement.device.is_cpu()) return true;
  const std::int64_t size = settings_.hyperparameters.mini_batch_size;
  const std::int64_t seen = std::min(progress_.batch * size, train_.size());
  if (!due) return std::isfinite(tally[0].item<double>());
  const Scores scores = loss_.scores(tally, seen);
  images_per_second_ = static_cast<double>(seen - first_batch * size) / std::max(watch.seconds(), 1e-9);
  log_.batch(progress_.epoch, progress_.batch - 1, images_per_second_, scores.accuracy);
  return std::isfinite(scores.loss);
}

Fallible<bool> TrainingLoop::train_epoch() {
  if (progress_.batch == batches()) return true;  // trained before an interruption, but not validated
  const Stopwatch watch;
  making_seconds_ = 0;
  const std::vector<std::int64_t> order = sample_order(settings_.seed, progress_.epoch, train_.size());
  at::Tensor tally = make_tally();
  for (std::int64_t i = 0; i < loss_.tally_size(); ++i) tally[i] = progress_.tally[static_cast<std::size_t>(i)];
  const std::int64_t first_batch = progress_.batch;
  while (progress_.batch < batches() && stop_signal() == 0) {
    if (auto failure = train_batch(order, tally)) return *failure;
    ++progress_.batch;
    if (!log_batch(first_batch, watch, tally)) {
      const Scores nothing = loss_.scores(tally, train_.size());
      log_.trained(progress_.epoch, nothing, watch.seconds());
      log_.validated(progress_.epoch, nothing);
      return Failure{"diverged: the loss is no number in epoch " + std::to_string(progress_.epoch) + ", batch " +
                     std::to_string(progress_.batch - 1) + " (learning_rate " +
                     plain_text(settings_.hyperparameters.learning_rate) + " is too large, most likely)"};
    }
  }
  const at::Tensor here = tally.cpu();
  for (std::int64_t i = 0; i < loss_.tally_size(); ++i) progress_.tally[static_cast<std::size_t>(i)] = here[i].item<double>();
  if (progress_.batch < batches()) return false;
  const Scores scores = loss_.scores(tally, train_.size());
  log_.trained(progress_.epoch, scores, watch.seconds());
  progress_.trained = trained_metrics(scores, watch.seconds());
  return true;
}

bool TrainingLoop::validate(Scores& scores) {
  const c10::NoGradGuard no_grad;
  const std::int64_t size = validation_batch(plan_.model.shape, plan_.placement.device.is_cuda());
  at::Tensor tally = make_tally();
  class_errors_.reset(plan_.placement.device);
  for (std::int64_t first = 0; first < validation_.size(); first += size) {
    if (stop_signal() != 0) return false;
    std::vector<std::int64_t> chosen(static_cast<std::size_t>(std::min(size, validation_.size() - first)));
    std::iota(chosen.begin(), chosen.end(), first);
    const at::Tensor labels = validation_.labels(chosen);
    const at::Tensor output = model_->forward(validation_.images(chosen, progress_.epoch, false), false);
    loss_.add(tally, loss_.validation(output, labels), output, labels);
    class_errors_.add(output, labels);
  }
  scores = loss_.scores(tally, validation_.size());
  return true;
}

Outcome TrainingLoop::finish_epoch(const Scores& scores) {
  log_.validated(progress_.epoch, scores);
  const Metrics metrics = epoch_metrics(scores);
  log_.report(progress_.epoch + 1, metrics);
  if (auto failure = files_.write_epoch(progress_.epoch + 1, metrics)) return failure;
  progress_.early_end.take(scores.accuracy, settings_.hyperparameters);
  ++progress_.epoch;
  progress_.batch = 0;
  progress_.tally = {};
  progress_.trained.clear();
  record_.reset();
  input_mean_.reset();
  if (scores.accuracy > best_stored_) {
    if (auto failure = store_best(scores)) return failure;
  }
  const bool due = progress_.epoch % settings_.hyperparameters.checkpoint_frequency == 0 || is_over();
  return due ? save() : Outcome();
}

Metrics TrainingLoop::trained_metrics(const Scores& scores, double seconds) const {
  Metrics metrics;
  const auto add = [&](std::string_view name, double value) { metrics.emplace_back(name, value); };
  add(kTrainLoss, scores.loss);
  add(kTrainAccuracy, scores.accuracy);
  if (scores.top_k) add(kTrainTopK, *scores.top_k);
  add(kTrainSeconds, seconds);
  add(kImagesPerSecond, images_per_second_);
  add(kDataWaitShare, making_seconds_ / std::max(seconds, 1e-9));
  add(kLearningRate, rate_.at(step_number() - 1));
  if (const auto most = most_gpu_bytes(plan_.placement.device)) add(kGpuMemoryBytes, static_cast<double>(*most));
  if (input_mean_) add(kInputMean, *input_mean_);
  if (record_ && settings_.hyperparameters.layer_metrics) {
    const Metrics health = record_->health();
    metrics.insert(metrics.end(), health.begin(), health.end());
  }
  return metrics;
}

Metrics TrainingLoop::epoch_metrics(const Scores& scores) const {
  Metrics metrics = {{std::string(kValidationLoss), scores.loss}, {std::string(kValidationAccuracy), scores.accuracy}};
  if (scores.top_k) metrics.emplace_back(kValidationTopK, *scores.top_k);
  metrics.insert(metrics.end(), progress_.trained.begin(), progress_.trained.end());
  if (!settings_.hyperparameters.layer_metrics) return metrics;
  const Metrics classes = class_errors_.metrics();
  metrics.insert(metrics.end(), classes.begin(), classes.end());
  return metrics;
}

// ---- files ----

Outcome TrainingLoop::store_best(const Scores& scores) {
  if (!saves() && settings_.model_directory.empty()) return {};
  log_.line("Storing the best model with validation accuracy: " + plain_text(scores.accuracy));
  const FlatObject facts = {{"epoch", std::to_string(progress_.epoch - 1)},
                            {"validation:accuracy", plain_text(scores.accuracy)},
                            {"validation:loss", plain_text(scores.loss)}};
  best_stored_ = scores.accuracy;
  const Checkpoint model = describe_model(*model_, plan_, facts);
  if (saves()) {
    if (auto failure = write_checkpoint(best_path(), model)) return failure;
  }
  return settings_.model_directory.empty() ? Outcome() : write_checkpoint(settings_.model_directory + "/" + kModelFile, model);
}

/// A new attempt has a new directory for its model, and the best one so far may be of an earlier attempt. Where that cannot be
/// had any more, the best from now on is kept.
Outcome TrainingLoop::carry_best_over() {
  if (progress_.early_end.best < 0) return {};
  const auto best = read_checkpoint(best_path());
  if (!best.ok()) {
    log_.line("Note: " + best.failure().message + "; the best model so far is lost, and the best of the epochs to come is kept");
    return {};
  }
  best_stored_ = progress_.early_end.best;
  if (settings_.model_directory.empty()) return {};
  return write_checkpoint(settings_.model_directory + "/" + kModelFile, best.value());
}

std::string TrainingLoop::best_path() const { return settings_.checkpoint_directory + "/" + kBestCheckpoint; }

Outcome TrainingLoop::save() {
  if (!saves()) return {};
  if (auto failure = files_.sync()) return failure;
  progress_.steps = optimizer_->steps;
  progress_.loss_scale = step_.scale.factor;
  progress_.good_steps = step_.scale.good_steps;
  Checkpoint checkpoint;
  checkpoint.facts = configuration_;
  for (auto& fact : progress_facts(progress_)) checkpoint.facts.push_back(std::move(fact));
  const FlatParameters& tensors = model_->tensors();
  checkpoint.blocks.push_back(file_tensor("parameters", tensors.to_plain(model_->tensors().values())));
  checkpoint.blocks.push_back(file_tensor("statistics", model_->tensors().statistics()));
  for (const auto& [name, buffer] : optimizer_->state())
    checkpoint.blocks.push_back(file_tensor(std::string(name), tensors.to_plain(buffer)));
  if (auto failure = save_checkpoint(settings_.checkpoint_directory, checkpoint)) return failure;
  log_.line("Saved checkpoint to \"" + settings_.checkpoint_directory + "/" + kLastCheckpoint + "\"");
  return {};
}

std::string TrainingLoop::weights_crc() {
  return std::to_string(checksum(file_tensor("", model_->tensors().to_plain(model_->tensors().values())).bytes));
}

}  // namespace tune::trainer
