#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/data/formats.hpp"
#include "trainers/data/generated.hpp"
#include "trainers/data/image_shape.hpp"
#include "trainers/log/training_log.hpp"
#include "trainers/loop/stop_request.hpp"
#include "trainers/loop/training_loop.hpp"
#include "trainers/options/settings.hpp"
#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

constexpr int kTrained = 0;
constexpr int kTrainingFailed = 1;
constexpr int kBadInput = 2;
constexpr int kSignalled = 128;  // plus the signal

int fail(int code, const Failure& failure) {
  std::fprintf(stderr, "tune-train-image: error: %s\n", failure.message.c_str());
  return code;
}

Fallible<at::Device> choose_device(const std::string& wanted) {
  const int count = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
  if (wanted == "cpu" || (wanted == "auto" && count == 0)) return at::Device(at::kCPU);
  const int index = wanted.starts_with("cuda:") ? *parse_number<int>(std::string_view(wanted).substr(5)) : 0;
  if (index < count) return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
  return Failure{"--device " + wanted + ": " +
                 (count == 0 ? "no GPU that this LibTorch can use" : std::to_string(count) + " GPUs are there")};
}

Fallible<ImageData> obtain_images(const Settings& settings) {
  const Hyperparameters& h = settings.hyperparameters;
  if (!settings.generate) {
    return read_images({.train_directory = settings.train_directory,
                        .validation_directory = settings.validation_directory,
                        .num_training_samples = h.num_training_samples,
                        .num_classes = h.num_classes});
  }
  if (h.num_classes > 0 && h.num_classes < kGeneratedClasses) {
    return Failure{"num_classes is " + std::to_string(h.num_classes) + ", but generated images have " +
                   std::to_string(kGeneratedClasses) + " classes"};
  }
  return generate_images(h.num_training_samples > 0 ? h.num_training_samples : kGeneratedTraining);
}

/// What the hyperparameters leave to the data.
void settle(Hyperparameters& h, ImageData& data) {
  if (data.num_classes == 0) {
    for (const ImageSet* set : {&data.train, &data.validation}) {
      for (const std::int32_t label : set->labels) data.num_classes = std::max<std::int64_t>(data.num_classes, label + 1);
    }
  }
  if (data.shape == ImageShape{}) data.shape = *data.train.common_shape();
  if (h.num_classes == 0) h.num_classes = data.num_classes;
  h.image_shape = text_of(data.shape);
}

int run(const std::vector<std::string>& arguments) {
  auto settings = read_settings(arguments);
  if (!settings.ok()) return fail(kBadInput, settings.failure());
  if (settings.value().help) {
    std::fputs(help_text().c_str(), stdout);
    return kTrained;
  }
  for (const std::string& note : settings.value().notes) std::fprintf(stderr, "tune-train-image: note: %s\n", note.c_str());
  if (!settings.value().checkpoint_directory.empty()) {
    if (auto failure = check_writable(settings.value().checkpoint_directory)) return fail(kBadInput, *failure);
  }
  const auto device = choose_device(settings.value().device);
  if (!device.ok()) return fail(kBadInput, device.failure());
  watch_stop_signals();
  std::optional<TrainingLoop> loop;
  TrainingLog log(stdout);
  {
    auto data = obtain_images(settings.value());
    if (!data.ok()) return fail(kBadInput, data.failure());
    settle(settings.value().hyperparameters, data.value());
    const std::int64_t wanted = settings.value().hyperparameters.num_training_samples;
    if (wanted > data.value().train.size()) {
      std::fprintf(stderr, "tune-train-image: note: num_training_samples=%lld, but there are %lld training images\n",
                   static_cast<long long>(wanted), static_cast<long long>(data.value().train.size()));
    }
    auto plan = make_plan(settings.value(), data.value(), device.value());
    if (!plan.ok()) return fail(kBadInput, plan.failure());
    loop.emplace(settings.value(), data.value(), std::move(plan.value()), log);
  }
  if (auto failure = loop->begin()) return fail(kBadInput, *failure);
  const auto result = loop->run();
  if (!result.ok()) return fail(kTrainingFailed, result.failure());
  return result.value() == 0 ? kTrained : kSignalled + result.value();
}

}  // namespace
}  // namespace tune::trainer

int main(int argc, char** argv) {
  using namespace tune::trainer;
  // Reruns and resumes are to repeat exactly on a GPU too, as far as its libraries allow.
  at::globalContext().setDeterministicCuDNN(true);
  // The network is too small to gain from more threads; left alone, each run of several would start one per core, all spinning.
  if (const char* threads = std::getenv("OMP_NUM_THREADS"); threads == nullptr || *threads == '\0') at::set_num_threads(1);
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {  // LibTorch's, out of memory above all; the rest of its text is a C++ back trace
    const std::string text = error.what();
    return fail(kTrainingFailed, {text.substr(0, text.find('\n'))});
  }
}
