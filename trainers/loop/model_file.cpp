#include "trainers/loop/model_file.hpp"

#include <c10/core/GradMode.h>

#include <array>
#include <cmath>
#include <sstream>

#include "trainers/data/image_shape.hpp"
#include "trainers/support/numbers.hpp"
#include "trainers/support/printable.hpp"
#include "tune/report.hpp"

namespace tune::trainer {
namespace {

constexpr std::string_view kLastLayer = "fc.";
constexpr std::size_t kShownNames = 3;

std::string text_of_channels(const float (&numbers)[3]) {
  return to_text(numbers[0]) + "," + to_text(numbers[1]) + "," + to_text(numbers[2]);
}

bool read_channels(const std::string& text, float (&numbers)[3]) {
  std::istringstream in(text);
  std::string word;
  for (float& number : numbers) {
    const auto read = std::getline(in, word, ',') ? parse_number<float>(word) : std::nullopt;
    if (!read) return false;
    number = *read;
  }
  return true;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

at::ScalarType type_of(Dtype dtype) {
  return dtype == Dtype::kF16 ? at::kHalf : dtype == Dtype::kBF16 ? at::kBFloat16 : at::kFloat;
}

Fallible<Plan> plan_from(const Checkpoint& file) {
  Plan plan;
  const auto text = [&](std::string_view name) {
    const std::string* fact = file.fact(name);
    return fact == nullptr ? std::string() : *fact;
  };
  const auto layers = parse_number<std::int64_t>(text("model.num_layers"));
  const auto width = parse_number<double>(text("model.width_multiplier"));
  const auto classes = parse_number<std::int64_t>(text("model.num_classes"));
  const auto shape = parse_image_shape(text("model.image_shape"));
  const auto resize = parse_number<std::int64_t>(text("model.resize"));
  plan.model.name = text("model.name");
  Hyperparameters allowed;  // the table knows which depths and widths there are
  const bool known = (plan.model.name == "cnn" || plan.model.name == "resnet") && layers && width && classes && *classes > 0 &&
                     shape && resize && *resize >= 0 &&
                     !set_hyperparameter(allowed, *find_hyperparameter("num_layers"), text("model.num_layers"), "") &&
                     !set_hyperparameter(allowed, *find_hyperparameter("num_classes"), text("model.num_classes"), "") &&
                     !set_hyperparameter(allowed, *find_hyperparameter("width_multiplier"), text("model.width_multiplier"), "") &&
                     !set_hyperparameter(allowed, *find_hyperparameter("resize"), text("model.resize"), "");
  if (!known || !read_channels(text("model.mean"), plan.augment.mean) ||
      !read_channels(text("model.deviation"), plan.augment.deviation)) {
    return Failure{"no model in it (best.safetensors has one)"};
  }
  for (int channel = 0; channel < 3; ++channel) {
    const bool good = std::isfinite(plan.augment.mean[channel]) && std::isfinite(plan.augment.deviation[channel]) &&
                      plan.augment.deviation[channel] > 0;
    if (!good) return Failure{"damaged: mean or deviation is no such number"};
  }
  plan.model.num_layers = *layers;
  plan.model.width_multiplier = *width;
  plan.model.classes = *classes;
  plan.model.shape = *shape;
  plan.multi_label = text("model.multi_label") == "1";
  plan.resize = *resize;
  plan.augment.channels = static_cast<std::int32_t>(shape->channels);
  plan.augment.height = static_cast<std::int32_t>(shape->height);
  plan.augment.width = static_cast<std::int32_t>(shape->width);
  std::istringstream names(text("model.class_names"));
  for (std::string name; std::getline(names, name);) plan.class_names.push_back(name);
  if (!plan.class_names.empty() && static_cast<std::int64_t>(plan.class_names.size()) != *classes) plan.class_names.clear();
  return plan;
}

}  // namespace

Tensor file_tensor(std::string name, const at::Tensor& values) {
  const at::Tensor here = values.detach().to(at::kCPU, at::kFloat).contiguous();
  return {.name = std::move(name),
          .dtype = Dtype::kF32,
          .shape = here.sizes().vec(),
          .bytes = {static_cast<const char*>(here.const_data_ptr()), here.nbytes()}};
}

bool copy_from_file(const Tensor& from, at::Tensor to) {
  const bool number = from.dtype == Dtype::kF32 || from.dtype == Dtype::kF16 || from.dtype == Dtype::kBF16;
  if (!number || from.shape != to.sizes().vec()) return false;
  const c10::NoGradGuard no_grad;
  to.copy_(at::from_blob(const_cast<char*>(from.bytes.data()), to.sizes(), type_of(from.dtype)));
  return true;
}

Checkpoint describe_model(Model& model, const Plan& plan, const FlatObject& facts) {
  Checkpoint file;
  std::string names;
  for (const std::string& name : plan.class_names) names += printable(name) + "\n";
  file.facts = {{"model.name", plan.model.name},
                {"model.num_layers", std::to_string(plan.model.num_layers)},
                {"model.width_multiplier", to_text(plan.model.width_multiplier)},
                {"model.num_classes", std::to_string(plan.model.classes)},
                {"model.image_shape", text_of(plan.model.shape)},
                {"model.resize", std::to_string(plan.resize)},
                {"model.multi_label", plan.multi_label ? "1" : "0"},
                {"model.mean", text_of_channels(plan.augment.mean)},
                {"model.deviation", text_of_channels(plan.augment.deviation)},
                {"model.class_names", names}};
  file.facts.insert(file.facts.end(), facts.begin(), facts.end());
  for (const auto& [name, tensor] : model.tensors().named_tensors()) file.blocks.push_back(file_tensor(name, tensor));
  return file;
}

Fallible<LoadedModel> load_model(const std::string& path, at::Device device) {
  const auto file = read_checkpoint(path);
  if (!file.ok()) return file.failure();
  auto plan = plan_from(file.value());
  if (!plan.ok()) return Failure{path + ": " + plan.failure().message};
  if (auto failure = check_model(plan.value().model)) return Failure{path + ": " + failure->message};
  for (const TensorSpec& spec : tensor_specs(plan.value().model)) {
    const Tensor* block = file.value().block(spec.name);
    if (block == nullptr || block->shape != spec.sizes)
      return Failure{path + ": damaged: " + spec.name + " is missing or does not fit"};
  }
  plan.value().placement = {.device = device, .compute = at::kFloat, .channels_last = device.is_cuda()};
  LoadedModel loaded{.plan = plan.value(), .model = make_model(plan.value().model, 0, plan.value().placement)};
  for (const auto& [name, tensor] : loaded.model->tensors().named_tensors()) {
    const Tensor* block = file.value().block(name);
    if (block == nullptr || !copy_from_file(*block, tensor))
      return Failure{path + ": damaged: " + name + " is missing or does not fit"};
  }
  return loaded;
}

Fallible<std::string> load_pretrained(const std::string& path, Model& model) {
  const auto file = read_safetensors(path);
  if (!file.ok()) return file.failure();
  int taken = 0;
  int all = 0;
  std::string missing;
  std::size_t missing_count = 0;
  for (const auto& [name, tensor] : model.tensors().named_tensors()) {
    if (name.starts_with(kLastLayer)) continue;
    ++all;
    const Tensor* given = file.value().tensor(name);
    if (given == nullptr) {
      if (missing_count++ < kShownNames) missing += (missing.empty() ? "" : ", ") + name;
      continue;
    }
    if (!copy_from_file(*given, tensor)) {
      return Failure{path + ": " + name + " is " + std::string(dtype_name(given->dtype)) + " " + shape_text(given->shape) +
                     ", but the network's is " + shape_text(tensor.sizes().vec()) +
                     " (num_layers, width_multiplier and the channels of image_shape decide that)"};
    }
    ++taken;
  }
  if (taken == 0) return Failure{path + ": no tensor of it has a name of this network's, as " + missing};
  model.tensors().values_changed();
  std::string text = "Pretrained weights: " + std::to_string(taken) + " of " + std::to_string(all) + " tensors from \"" + path +
                     "\"; the last layer is new";
  if (missing_count > 0) text += "; not there: " + missing + (missing_count > kShownNames ? ", ..." : "");
  return text;
}

}  // namespace tune::trainer
