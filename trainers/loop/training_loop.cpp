#include "trainers/loop/training_loop.hpp"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "trainers/augment/statistics.hpp"
#include "trainers/loop/stop_request.hpp"
#include "trainers/support/numbers.hpp"
#include "trainers/support/random.hpp"

namespace tune::trainer {
namespace {

constexpr std::int64_t kValidationBatch = 500;  // images: enough to keep the kernels busy, and small beside the images themselves
constexpr std::int64_t kBatchLines = 4;         // an epoch, about

/// The order in which an epoch sees the images (Fisher and Yates, Durstenfeld's form).
std::vector<std::int64_t> sample_order(std::uint64_t seed, std::int64_t epoch, std::int64_t count) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  KeyedRandom random(seed, Purpose::kOrder, static_cast<std::uint64_t>(epoch));
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

/// Adds a batch's loss and its right answers to `sums` (two doubles on the device, so that a GPU need not be waited for).
void add_scores(at::Tensor& sums, const at::Tensor& mean_loss, const at::Tensor& scores, const at::Tensor& labels) {
  const c10::NoGradGuard no_grad;
  sums[0].add_(mean_loss.to(at::kDouble), static_cast<double>(labels.size(0)));
  sums[1].add_(scores.argmax(1).eq(labels).sum());
}

/// A network whose scores are no numbers has no accuracy: argmax over NaN would pass for a guess.
Scores scores_of(const at::Tensor& sums, std::int64_t images) {
  const at::Tensor here = sums.cpu();
  const double count = static_cast<double>(images);
  const double loss = here[0].item<double>() / count;
  const double accuracy = here[1].item<double>() / count;
  return {.accuracy = std::isfinite(loss) ? accuracy : std::numeric_limits<double>::quiet_NaN(), .loss = loss};
}

at::Tensor make_sums(double loss, double correct, at::Device device) {
  const double start[] = {loss, correct};
  return at::from_blob(const_cast<double*>(start), {2}, at::kDouble).clone().to(device);
}

std::string bytes_of(const at::Tensor& tensor) {
  const at::Tensor here = tensor.cpu().contiguous();
  return {static_cast<const char*>(here.const_data_ptr()), here.nbytes()};
}

Tensor block_of(std::string name, const at::Tensor& floats) {
  return {.name = std::move(name), .dtype = Dtype::kF32, .shape = floats.sizes().vec(), .bytes = bytes_of(floats)};
}

bool set_floats(at::Tensor tensor, const Tensor* block) {
  if (block == nullptr || block->dtype != Dtype::kF32 || block->shape != tensor.sizes().vec()) return false;
  const c10::NoGradGuard no_grad;
  tensor.copy_(at::from_blob(const_cast<char*>(block->bytes.data()), tensor.sizes(), at::kFloat));
  return true;
}

}  // namespace

TrainingLoop::TrainingLoop(const Settings& settings, const ImageData& data, at::Device device, TrainingLog& log)
    : settings_(settings), log_(log), device_(device), configuration_(configuration_facts(settings, data)) {
  const ImageShape shape = *data.train.common_shape();
  AugmentSettings augment;
  augment.channels = static_cast<std::int32_t>(shape.channels);
  augment.height = static_cast<std::int32_t>(shape.height);
  augment.width = static_cast<std::int32_t>(shape.width);
  augment.seed = settings.seed;
  normalise_by(data.train, augment);
  train_ = std::make_unique<BatchMaker>(data.train, augment, device, at::kFloat);
  validation_ = std::make_unique<BatchMaker>(data.validation, augment, device, at::kFloat);
  const Hyperparameters& h = settings.hyperparameters;
  model_ = make_model(h.model, shape, h.num_classes, settings.seed, device);
  optimizer_ = make_optimizer(h, model_->parameters());
}

std::string TrainingLoop::path(const char* name) const {
  return (std::filesystem::path(settings_.checkpoint_directory) / name).string();
}

std::int64_t TrainingLoop::batches() const {
  const std::int64_t batch = settings_.hyperparameters.mini_batch_size;
  return (train_->size() + batch - 1) / batch;
}

Outcome TrainingLoop::resume() {
  if (settings_.checkpoint_directory.empty()) return {};
  const auto loaded = load_checkpoint(settings_.checkpoint_directory);
  if (!loaded.ok()) return loaded.failure();
  if (!loaded.value().checkpoint) return {};
  const Checkpoint& checkpoint = *loaded.value().checkpoint;
  const std::string& found = loaded.value().path;
  if (!loaded.value().note.empty()) log_.line("Note: " + loaded.value().note);
  const auto progress = progress_from(checkpoint, configuration_);
  if (!progress.ok()) {
    return Failure{found + ": " + progress.failure().message + "; remove it to train from the beginning"};
  }
  bool complete = set_floats(model_->parameters(), checkpoint.block("parameters"));
  for (auto& [name, buffer] : optimizer_->state()) complete = complete && set_floats(buffer, checkpoint.block(name));
  if (!complete || progress.value().batch > batches()) {
    return Failure{found + ": damaged: of another size; remove it to train from the beginning"};
  }
  progress_ = progress.value();
  optimizer_->steps = progress_.steps;
  log_.line("Going on from checkpoint \"" + found + "\" at epoch " + std::to_string(progress_.epoch) + ", batch " +
            std::to_string(progress_.batch));
  return {};
}

Fallible<int> TrainingLoop::run() {
  log_.line("Training " + settings_.hyperparameters.model + " with " + std::to_string(model_->parameters().numel()) +
            " parameters on " + std::to_string(train_->size()) + " images, validating on " + std::to_string(validation_->size()) +
            "; device " + device_.str() + ", " + std::to_string(at::get_num_threads()) + " CPU threads, seed " +
            std::to_string(settings_.seed));
  while (progress_.epoch < settings_.hyperparameters.epochs) {
    Scores scores;
    if (!train_epoch() || !validate(scores)) {
      if (auto failure = save()) return *failure;
      return stop_signal();
    }
    if (auto failure = finish_epoch(scores)) return *failure;
    if (log_.broken()) return Failure{"standard output cannot be written any more"};
  }
  log_.line("Training is complete: " + std::to_string(progress_.epoch) + " epochs; CRC-32 of the weights: " + weights_crc());
  return 0;
}

void TrainingLoop::train_batch(const std::vector<std::int64_t>& order, at::Tensor& sums) {
  const std::int64_t size = settings_.hyperparameters.mini_batch_size;
  const std::int64_t first = progress_.batch * size;
  const std::span chosen =
      std::span(order).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(size, train_->size() - first)));
  const at::Tensor labels = train_->labels(chosen);
  const at::Tensor scores = model_->forward(train_->images(chosen, progress_.epoch, true));
  const at::Tensor loss = at::cross_entropy_loss(scores, labels);
  model_->gradients().zero_();
  loss.backward();
  const c10::NoGradGuard no_grad;
  optimizer_->step(model_->parameters(), model_->gradients());
  add_scores(sums, loss, scores, labels);
}

void TrainingLoop::log_batch(std::int64_t first_batch, const Stopwatch& watch, const at::Tensor& sums) {
  const std::int64_t every = std::max<std::int64_t>(1, (batches() + kBatchLines - 1) / kBatchLines);
  if (progress_.batch % every != 0 && progress_.batch != batches()) return;
  const std::int64_t size = settings_.hyperparameters.mini_batch_size;
  const std::int64_t seen = std::min(progress_.batch * size, train_->size());
  const Scores scores = scores_of(sums, seen);
  const double speed = static_cast<double>(seen - first_batch * size) / std::max(watch.seconds(), 1e-9);
  log_.batch(progress_.epoch, progress_.batch - 1, speed, scores.accuracy);
}

bool TrainingLoop::train_epoch() {
  if (progress_.batch == batches()) return true;  // trained before an interruption, but not validated
  const Stopwatch watch;
  const std::vector<std::int64_t> order = sample_order(settings_.seed, progress_.epoch, train_->size());
  at::Tensor sums = make_sums(progress_.loss_sum, progress_.correct, device_);
  const std::int64_t first_batch = progress_.batch;
  while (progress_.batch < batches() && stop_signal() == 0) {
    train_batch(order, sums);
    ++progress_.batch;
    log_batch(first_batch, watch, sums);
  }
  const at::Tensor here = sums.cpu();
  progress_.loss_sum = here[0].item<double>();
  progress_.correct = here[1].item<double>();
  if (progress_.batch < batches()) return false;
  log_.trained(progress_.epoch, scores_of(sums, train_->size()), watch.seconds());
  return true;
}

bool TrainingLoop::validate(Scores& scores) {
  const c10::NoGradGuard no_grad;
  at::Tensor sums = make_sums(0, 0, device_);
  for (std::int64_t first = 0; first < validation_->size(); first += kValidationBatch) {
    if (stop_signal() != 0) return false;
    const std::int64_t count = std::min(kValidationBatch, validation_->size() - first);
    std::vector<std::int64_t> chosen(static_cast<std::size_t>(count));
    std::iota(chosen.begin(), chosen.end(), first);
    const at::Tensor labels = validation_->labels(chosen);
    const at::Tensor output = model_->forward(validation_->images(chosen, progress_.epoch, false));
    add_scores(sums, at::cross_entropy_loss(output, labels), output, labels);
  }
  scores = scores_of(sums, validation_->size());
  return true;
}

Outcome TrainingLoop::finish_epoch(Scores scores) {
  log_.validated(progress_.epoch, scores);
  ++progress_.epoch;
  progress_.batch = 0;
  progress_.loss_sum = 0;
  progress_.correct = 0;
  if (scores.accuracy > progress_.best) {
    progress_.best = scores.accuracy;
    if (!settings_.checkpoint_directory.empty()) {
      log_.line("Storing the best model with validation accuracy: " + plain_text(scores.accuracy));
      Checkpoint best;
      best.facts = configuration_;
      best.facts.emplace_back("epoch", std::to_string(progress_.epoch - 1));
      best.facts.emplace_back("validation:accuracy", plain_text(scores.accuracy));
      best.blocks.push_back(block_of("parameters", model_->parameters()));
      if (auto failure = write_checkpoint(path(kBestCheckpoint), best)) return failure;
    }
  }
  return save();
}

Outcome TrainingLoop::save() {
  if (settings_.checkpoint_directory.empty()) return {};
  progress_.steps = optimizer_->steps;
  Checkpoint checkpoint;
  checkpoint.facts = configuration_;
  for (auto& fact : progress_facts(progress_)) checkpoint.facts.push_back(std::move(fact));
  checkpoint.blocks.push_back(block_of("parameters", model_->parameters()));
  for (const auto& [name, buffer] : optimizer_->state()) checkpoint.blocks.push_back(block_of(std::string(name), buffer));
  if (auto failure = save_checkpoint(settings_.checkpoint_directory, checkpoint)) return failure;
  log_.line("Saved checkpoint to \"" + path(kLastCheckpoint) + "\"");
  return {};
}

std::string TrainingLoop::weights_crc() { return std::to_string(checksum(bytes_of(model_->parameters()))); }

}  // namespace tune::trainer
