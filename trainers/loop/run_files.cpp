#include "trainers/loop/run_files.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace tune::trainer {
namespace {

std::vector<TensorView> views(const std::vector<NamedTensor>& named, bool biases, bool others) {
  std::vector<TensorView> result;
  for (const auto& [name, tensor] : named) {
    if (!(name.ends_with("bias") ? biases : others)) continue;
    result.emplace_back(name, Dtype::kF32, tensor.sizes().vec(),
                        std::string_view(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()));
  }
  return result;
}

}  // namespace

Fallible<RunFiles> RunFiles::open(const Settings& settings, std::int64_t next_epoch, std::int64_t next_step) {
  RunFiles files;
  if (settings.checkpoint_directory.empty()) return files;
  auto events = EventFile::open(settings.checkpoint_directory + "/events", next_epoch);
  if (!events.ok()) return events.failure();
  files.events_ = std::move(events.value());
  const Hyperparameters& h = settings.hyperparameters;
  if (h.save_tensors.empty()) return files;
  auto collections = parse_collections(h.save_tensors);
  if (!collections.ok()) return collections.failure();
  auto series = TensorSeries::open(settings.checkpoint_directory + "/tensors", std::move(collections.value()),
                                   h.save_tensors_every, next_step);
  if (!series.ok()) return series.failure();
  files.series_ = std::move(series.value());
  return files;
}

Outcome RunFiles::write_step(std::int64_t step, double loss, const StepRecord* record) const {
  if (!wants(step)) return {};
  const auto loss_value = static_cast<float>(loss);
  const std::vector<TensorView> losses = {
      {"loss", Dtype::kF32, {}, std::string_view(reinterpret_cast<const char*>(&loss_value), sizeof loss_value)}};
  if (auto failure = series_->write(step, Collection::kLosses, losses)) return failure;
  if (!wants_record(step)) return {};
  const std::pair<Collection, std::vector<TensorView>> all[] = {
      {Collection::kWeights, views(record->weights(), false, true)},
      {Collection::kBiases, views(record->weights(), true, false)},
      {Collection::kGradients, views(record->gradients(), true, true)},
      {Collection::kReluOutputs, views(record->relu_outputs(), true, true)}};
  for (const auto& [collection, tensors] : all) {
    if (auto failure = series_->write(step, collection, tensors)) return failure;
  }
  return {};
}

Outcome RunFiles::write_epoch(std::int64_t epoch, const Metrics& metrics) {
  return events_ ? events_->write(epoch, metrics) : Outcome();
}

Outcome RunFiles::sync() { return events_ ? events_->sync() : Outcome(); }

}  // namespace tune::trainer
