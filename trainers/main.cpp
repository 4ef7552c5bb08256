#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/data/image_shape.hpp"
#include "trainers/data/inspect.hpp"
#include "trainers/data/read_images.hpp"
#include "trainers/log/training_log.hpp"
#include "trainers/loop/device.hpp"
#include "trainers/loop/memory_estimate.hpp"
#include "trainers/loop/stop_request.hpp"
#include "trainers/loop/training_loop.hpp"
#include "trainers/options/settings.hpp"
#include "trainers/predict/predict.hpp"
#include "trainers/support/memory.hpp"

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
  for (const std::string& directory : {settings.value().checkpoint_directory, settings.value().model_directory}) {
    if (directory.empty()) continue;
    if (auto failure = check_writable(directory)) return fail(kBadInput, *failure);
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
    // Threads that wait for each other at every small step cost more than they bring, and stand still where cores are shared.
    if (settings.value().hyperparameters.model == "cnn") at::set_num_threads(1);
    auto plan = make_plan(settings.value(), data.value(), device.value());
    if (!plan.ok()) return fail(kBadInput, plan.failure());
    if (auto failure = check_memory(plan.value(), settings.value().hyperparameters, memory_limit())) {
      return fail(kTrainingFailed, *failure);
    }
    if (plan.value().placement.compute == at::kHalf && device.value().is_cpu())
      note({"float16 is emulated on a CPU: some 20 times slower than float32"});
    if (settings.value().estimate_memory) {
      std::fputs(text_of(estimate_memory(settings.value(), data.value(), plan.value())).c_str(), stdout);
      return kTrained;
    }
    loop.emplace(settings.value(), data.value(), std::move(plan.value()), log);
  }
  if (auto failure = loop->begin()) return fail(kBadInput, *failure);
  const auto result = loop->run();
  if (!result.ok()) return fail(kTrainingFailed, result.failure());
  return result.value() == 0 ? kTrained : kSignalled + result.value();
}

int run_predict(const std::vector<std::string>& words) {
  const auto request = read_predict_arguments(words);
  if (!request.ok()) return fail(kBadInput, request.failure());
  if (request.value().help) {
    std::fputs(predict_help().c_str(), stdout);
    return kTrained;
  }
  const auto predictions = predict(request.value());
  if (!predictions.ok()) return fail(kBadInput, predictions.failure());
  std::fputs(predictions.value().text.c_str(), stdout);
  if (std::fflush(stdout) != 0) return fail(kTrainingFailed, {"standard output cannot be written"});
  int code = kTrained;
  for (const Failure& failure : predictions.value().unreadable) code = fail(kBadInput, failure);
  return code;
}

/// Reruns and resumes are to repeat exactly, on a GPU too, as far as its libraries allow.
void be_deterministic() {
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);  // before cuBLAS begins
  at::globalContext().setAllowTF32CuDNN(false);     // float32 is float32
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setDeterministicAlgorithms(true, true);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
}

}  // namespace
}  // namespace tune::trainer

int main(int argc, char** argv) {
  using namespace tune::trainer;
  keep_freed_memory();
  be_deterministic();
  // A small network gains nothing from more threads; left alone, each run of several would start one per core, all spinning.
  if (const char* threads = std::getenv("OMP_NUM_THREADS"); threads == nullptr || *threads == '\0') at::set_num_threads(1);
  const auto first_line = [](const std::string& text) { return text.substr(0, text.find('\n')); };  // the rest is a back trace
  std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.empty() || words.front() != "predict") return run(words);
    words.erase(words.begin());
    return run_predict(words);
  } catch (const c10::OutOfMemoryError& error) {
    return fail(kTrainingFailed,
                {"out of memory: " + first_line(error.what()) + " (a smaller mini_batch_size or network needs less)"});
  } catch (const std::bad_alloc&) {
    return fail(kTrainingFailed, {"out of memory (std::bad_alloc)"});
  } catch (const std::exception& error) {
    const std::string text = first_line(error.what());
    const bool memory = text.find("allocate memory") != std::string::npos;  // what LibTorch's CPU allocator says
    return fail(kTrainingFailed, {(memory ? "out of memory: " : "") + text});
  }
}
