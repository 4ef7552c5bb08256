#include "trainers/loop/plan.hpp"

#include "trainers/augment/statistics.hpp"

namespace tune::trainer {
namespace {

// What torchvision's weights were trained with, in levels.
constexpr float kImageNetMean[] = {123.675F, 116.28F, 103.53F};
constexpr float kImageNetDeviation[] = {58.395F, 57.12F, 57.375F};

at::ScalarType compute_type(const std::string& precision) {
  if (precision == "float16") return at::kHalf;
  return precision == "bfloat16" ? at::kBFloat16 : at::kFloat;
}

}  // namespace

Fallible<Plan> make_plan(const Settings& settings, const ImageData& data, at::Device device) {
  const Hyperparameters& h = settings.hyperparameters;
  Plan plan;
  if (h.multi_label != (data.train.labels_per_image > 1)) {
    return Failure{h.multi_label
                       ? "multi_label is 1, but the images have one label each"
                       : "multi_label is 0, but the images have " + std::to_string(data.train.labels_per_image) + " labels each"};
  }
  plan.model = {.name = h.model,
                .num_layers = h.num_layers,
                .width_multiplier = h.width_multiplier,
                .shape = data.shape,
                .classes = h.num_classes};
  if (auto failure = check_model(plan.model)) return *failure;
  plan.placement = {.device = device, .compute = compute_type(h.precision_dtype), .channels_last = device.is_cuda()};
  plan.class_names = data.class_names;
  plan.resize = h.resize;
  plan.multi_label = h.multi_label;

  AugmentSettings& augment = plan.augment;
  augment.type = *parse_augmentation_type(h.augmentation_type);
  augment.channels = static_cast<std::int32_t>(data.shape.channels);
  augment.height = static_cast<std::int32_t>(data.shape.height);
  augment.width = static_cast<std::int32_t>(data.shape.width);
  augment.pad = static_cast<std::int32_t>(h.pad);
  augment.seed = settings.seed;
  if (!h.use_pretrained_model) {
    normalise_by(data.train, augment);
  } else {
    for (int channel = 0; channel < 3; ++channel) {
      augment.mean[channel] = kImageNetMean[channel];
      augment.deviation[channel] = kImageNetDeviation[channel];
    }
  }
  return plan;
}

}  // namespace tune::trainer
