#include "trainers/predict/predict.hpp"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "trainers/data/decode.hpp"
#include "trainers/data/resize.hpp"
#include "trainers/loop/batch_maker.hpp"
#include "trainers/loop/device.hpp"
#include "trainers/loop/model_file.hpp"
#include "trainers/support/printable.hpp"

namespace tune::trainer {
namespace {

Fallible<ImageSet> read_image(const std::string& path, const Plan& plan) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Failure{path + ": is a directory"};
  std::ifstream in(path, std::ios::binary);
  const std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return Failure{path + ": cannot be read"};
  Decoder decoder;
  Image image;
  auto failure = decoder.decode(bytes, plan.model.shape.channels, image);
  if (!failure && plan.resize > 0) failure = resize_shorter_side(image, plan.resize);
  if (!failure) failure = enlarge_to_crop(image, plan.model.shape.height, plan.model.shape.width);
  if (failure) return Failure{path + ": " + failure->message};
  return own_images({.channels = image.channels, .height = image.height, .width = image.width}, std::move(image.pixels), {0});
}

struct Guess {
  std::int64_t label = 0;
  double probability = 0;
};

std::vector<Guess> likeliest(const at::Tensor& probabilities, std::int64_t count) {
  const auto [values, labels] = probabilities.topk(std::min(count, probabilities.size(0)));
  std::vector<Guess> guesses;
  for (std::int64_t i = 0; i < values.size(0); ++i)
    guesses.push_back({.label = labels[i].item<std::int64_t>(), .probability = values[i].item<double>()});
  return guesses;
}

const std::string& name_of(const Plan& plan, std::int64_t label) {
  static const std::string kNone;
  return plan.class_names.empty() ? kNone : plan.class_names[static_cast<std::size_t>(label)];
}

std::string as_text(const std::string& image, const Plan& plan, const std::vector<Guess>& guesses) {
  std::string text = image + "\n";
  for (const Guess& guess : guesses) {
    std::array<char, 64> line{};
    std::snprintf(line.data(), line.size(), "  %7.2f %%  %lld", 100 * guess.probability, static_cast<long long>(guess.label));
    text += line.data() + (plan.class_names.empty() ? "" : "  " + printable(name_of(plan, guess.label))) + "\n";
  }
  return text;
}

std::string line_of(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string as_json(const std::string& image, const Plan& plan, const std::vector<Guess>& guesses, const at::Tensor& scores) {
  nlohmann::ordered_json object;
  object["image"] = image;
  object["top"] = nlohmann::ordered_json::array();
  for (const Guess& guess : guesses) {
    nlohmann::ordered_json one;
    one["class"] = guess.label;
    if (!plan.class_names.empty()) one["name"] = name_of(plan, guess.label);
    one["probability"] = guess.probability;
    object["top"].push_back(std::move(one));
  }
  object["scores"] = std::vector<float>(scores.const_data_ptr<float>(), scores.const_data_ptr<float>() + scores.numel());
  return line_of(object);
}

}  // namespace

Fallible<Predictions> predict(const PredictRequest& request) {
  const auto device = choose_device(request.device);
  if (!device.ok()) return device.failure();
  auto loaded = load_model(request.model, device.value());
  if (!loaded.ok()) return loaded.failure();
  const Plan& plan = loaded.value().plan;
  const c10::NoGradGuard no_grad;
  const std::vector<std::int64_t> only = {0};
  Predictions result;
  for (const std::string& path : request.images) {
    const auto set = read_image(path, plan);
    if (!set.ok()) {
      result.unreadable.push_back(set.failure());
      if (request.json) result.text += line_of({{"image", path}, {"error", set.failure().message}});
      continue;
    }
    const BatchMaker batch(set.value(), plan.augment, plan.placement.device, plan.placement.compute);
    const at::Tensor scores = loaded.value().model->forward(batch.images(only, 0, false), false)[0].cpu().contiguous();
    const at::Tensor probabilities = plan.multi_label ? scores.sigmoid() : scores.softmax(0);
    const auto guesses = likeliest(probabilities, request.top);
    result.text += request.json ? as_json(path, plan, guesses, scores) : as_text(path, plan, guesses);
  }
  return result;
}

}  // namespace tune::trainer
