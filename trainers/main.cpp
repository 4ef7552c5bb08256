#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/data/image_shape.hpp"
#include "trainers/data/inspect.hpp"
#include "trainers/data/read_images.hpp"
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

void note(const std::vector<std::string>& notes) {
  for (const std::string& text : notes) std::fprintf(stderr, "tune-train-image: note: %s\n", text.c_str());
}

Fallible<at::Device> choose_device(const std::string& wanted) {
  const int count = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
  if (wanted == "cpu" || (wanted == "auto" && count == 0)) return at::Device(at::kCPU);
  const int index = wanted.starts_with("cuda:") ? *parse_number<int>(std::string_view(wanted).substr(5)) : 0;
  if (index < count) return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
  return Failure{"--device " + wanted + ": " +
                 (count == 0 ? "no GPU that this LibTorch can use" : std::to_string(count) + " GPUs are there")};
}

/// What the hyperparameters leave to the data.
void settle(Hyperparameters& h, const ImageData& data) {
  h.num_classes = data.num_classes;
  h.image_shape = text_of(data.shape);
}

int show(const Settings& settings) {
  const auto found = inspect(settings.inspect);
  if (!found.ok()) return fail(kBadInput, found.failure());
  for (const Inspection& channel : found.value()) std::fputs(text_of(channel).c_str(), stdout);
  if (settings.contact_sheet.empty()) return kTrained;
  const auto failure = write_contact_sheet(found.value().front(), settings.contact_sheet);
  return failure ? fail(kBadInput, *failure) : kTrained;
}

int run(const std::vector<std::string>& arguments) {
  auto settings = read_settings(arguments);
  if (!settings.ok()) return fail(kBadInput, settings.failure());
  if (settings.value().help) {
    std::fputs(help_text().c_str(), stdout);
    return kTrained;
  }
  if (!settings.value().inspect.empty()) return show(settings.value());
  note(settings.value().notes);
  if (!settings.value().checkpoint_directory.empty()) {
    if (auto failure = check_writable(settings.value().checkpoint_directory)) return fail(kBadInput, *failure);
  }
  const auto device = choose_device(settings.value().device);
  if (!device.ok()) return fail(kBadInput, device.failure());
  std::optional<TrainingLoop> loop;
  TrainingLog log(stdout);
  {
    const auto data = read_images(settings.value().data);
    if (!data.ok()) return fail(kBadInput, data.failure());
    watch_stop_signals();  // until here there was nothing to save
    note(data.value().notes);
    settle(settings.value().hyperparameters, data.value());
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
