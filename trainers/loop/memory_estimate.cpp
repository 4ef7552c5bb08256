#include "trainers/loop/memory_estimate.hpp"

#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/core/GradMode.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "trainers/loop/loss.hpp"
#include "trainers/loop/training_step.hpp"
#include "trainers/loop/validation_batch.hpp"
#include "trainers/model/model.hpp"
#include "trainers/optimizer/optimizer.hpp"

namespace tune::trainer {
namespace {

/// The larger a batch, the less of it is beside the point; the smaller, the sooner it is done. From 16 images on, LibTorch takes
/// the same convolutions whatever the images' size, without buffers of unfolded images that a GPU does not need.
constexpr std::int64_t kProbePixels = 65536;
constexpr std::int64_t kLargestProbe = 16;  // images

constexpr double kGiga = 1e9;

/// Adds up what this thread allocates and frees.
class Height final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* /*ptr*/, std::int64_t bytes, std::size_t /*allocated*/, std::size_t /*reserved*/,
                         c10::Device /*device*/) override {
    now_ += bytes;
    most_ = std::max(most_, now_);
  }
  [[nodiscard]] bool memoryProfilingEnabled() const override { return true; }
  [[nodiscard]] std::int64_t most() const { return most_; }

 private:
  std::int64_t now_ = 0;
  std::int64_t most_ = 0;
};

std::int64_t height_of(const std::function<void()>& work) {
  const auto height = std::make_shared<Height>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, height);
  work();
  return height->most();
}

std::int64_t bytes_of(const at::Tensor& tensor) { return tensor.defined() ? static_cast<std::int64_t>(tensor.nbytes()) : 0; }

std::int64_t bytes_of(const ImageSet& set) {
  const std::size_t label = set.labels_per_image == 1 ? sizeof(std::int64_t) : sizeof(float);
  return static_cast<std::int64_t>(set.pixels.size_bytes() + set.places.size_bytes() + set.labels.size() * label);
}

/// Constant part and growth of the height of work on a batch.
struct Line {
  double constant = 0;
  double growth = 0;  ///< bytes an image

  [[nodiscard]] std::int64_t at(std::int64_t batch, double share) const {
    return static_cast<std::int64_t>(constant + growth * share * static_cast<double>(batch));
  }
};

Line probe(std::int64_t first, const std::function<void(std::int64_t batch)>& work) {
  work(first);  // whatever is made once and kept is made now
  const auto small = static_cast<double>(height_of([&] { work(first); }));
  const auto large = static_cast<double>(height_of([&] { work(2 * first); }));
  const double growth = (large - small) / static_cast<double>(first);
  return {.constant = std::max(0.0, small - growth * static_cast<double>(first)), .growth = growth};
}

}  // namespace

Outcome check_memory(const Plan& plan, const Hyperparameters& hyperparameters, std::int64_t limit) {
  double parameters = 0;  // as a double, which cannot overflow
  for (const TensorSpec& tensor : tensor_specs(plan.model)) {
    if (tensor.role == Role::kMean || tensor.role == Role::kVariance) continue;
    double elements = 1;
    for (const std::int64_t size : tensor.sizes) elements *= static_cast<double>(size);
    parameters += elements;
  }
  // What a GPU is given is first made here, but only the parameters.
  const bool all_here = plan.placement.device.is_cpu();
  const std::size_t others = 1 + make_optimizer(hyperparameters, at::empty({0}), 0)->state().size();
  const double bytes = parameters * static_cast<double>(sizeof(float) * (1 + (all_here ? others : 0)));
  if (bytes <= static_cast<double>(limit)) return {};
  char text[256];
  std::snprintf(
      text, sizeof text,
      "out of memory: the network has %.0f parameters, which%s%s take %.1f GB; this process can have %.1f GB (a smaller "
      "network or image_shape needs less)",
      parameters, all_here ? " with gradients and the state of " : "", all_here ? hyperparameters.optimizer.c_str() : "",
      bytes / kGiga, static_cast<double>(limit) / kGiga);
  return Failure{text};
}

std::int64_t MemoryEstimate::total() const { return parameters + gradients + optimizer + std::max(step, validation) + images; }

MemoryEstimate estimate_memory(const Settings& settings, const ImageData& data, const Plan& plan) {
  const Hyperparameters& h = settings.hyperparameters;
  const ImageShape& shape = plan.model.shape;
  const Placement here{.device = at::kCPU, .compute = at::kFloat, .channels_last = false};
  const auto model = make_model(plan.model, settings.seed, here);
  FlatParameters& tensors = model->tensors();
  const auto optimizer = make_optimizer(h, tensors.values(), tensors.decayed());
  const Loss loss(h, data.train, at::kCPU);
  TrainingStep step(*model, *optimizer, loss, settings);
  const bool half = plan.placement.compute != at::kFloat;

  const auto labels = [&](std::int64_t batch) {
    return plan.multi_label ? at::zeros({batch, plan.model.classes}) : at::zeros({batch}, at::kLong);
  };
  const auto images = [&](std::int64_t batch) { return at::zeros({batch, shape.channels, shape.height, shape.width}); };
  const std::int64_t first = std::clamp<std::int64_t>(kProbePixels / (shape.height * shape.width), 1, kLargestProbe);
  const Line training = probe(first, [&](std::int64_t batch) {
    constexpr double kNoMatter = 1e-9;  // learning rate: the weights are thrown away
    step.run(images(batch), labels(batch), 0, kNoMatter, nullptr);
  });
  const Line validation = probe(first, [&](std::int64_t batch) {
    const c10::NoGradGuard no_grad;
    model->forward(images(batch), false);
  });

  MemoryEstimate estimate;
  const double share = half ? 0.5 : 1;
  std::int64_t weights = 0;  // of which there are copies in 16 bits
  for (const auto& [name, tensor] : tensors.named_parameters()) {
    if (tensor.dim() > 1) weights += bytes_of(tensor) / 2;
  }
  estimate.parameters = bytes_of(tensors.values()) + bytes_of(tensors.statistics()) + (half ? weights : 0);
  estimate.gradients = bytes_of(tensors.gradients()) + (half ? weights : 0);
  for (const auto& [name, buffer] : optimizer->state()) estimate.optimizer += bytes_of(buffer);
  estimate.step = training.at(std::min(h.mini_batch_size, data.train.size()), share);
  estimate.validation =
      validation.at(std::min(validation_batch(shape, plan.placement.device.is_cuda()), data.validation.size()), share);
  estimate.images = bytes_of(data.train) + bytes_of(data.validation);
  if (data.train.size() > 0) {
    const double share_of_set = std::min(1.0, static_cast<double>(h.mini_batch_size) / static_cast<double>(data.train.size()));
    estimate.images_of_a_batch = static_cast<std::int64_t>(share_of_set * static_cast<double>(bytes_of(data.train)));
  }
  return estimate;
}

std::string text_of(const MemoryEstimate& estimate) {
  constexpr double kMega = 1e6;
  const std::pair<const char*, std::int64_t> lines[] = {{"parameters", estimate.parameters},
                                                        {"gradients", estimate.gradients},
                                                        {"optimizer's state", estimate.optimizer},
                                                        {"a training step, at its height", estimate.step},
                                                        {"a validation batch", estimate.validation},
                                                        {"images, all on the device", estimate.images},
                                                        {"images, one batch at a time", estimate.images_of_a_batch}};
  std::string text;
  for (const auto& [name, bytes] : lines) {
    char line[128];
    std::snprintf(line, sizeof line, "%-32s %12.1f MB\n", name, static_cast<double>(bytes) / kMega);
    text += line;
  }
  return text + "Estimated memory: " + std::to_string(estimate.total()) + " bytes with all images on the device\n";
}

}  // namespace tune::trainer
