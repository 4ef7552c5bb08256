#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <regex>
#include <string>

#include "tests/trainers/augmentation_images.hpp"
#include "tests/trainers/trainer_runs.hpp"
#include "trainers/loop/loss.hpp"
#include "trainers/loop/memory_estimate.hpp"
#include "trainers/loop/training_step.hpp"

using namespace tune::trainer;
using namespace tune::test;

namespace {

struct Watcher final : c10::MemoryReportingInfoBase {
  void reportMemoryUsage(void* /*ptr*/, std::int64_t bytes, std::size_t /*allocated*/, std::size_t /*reserved*/,
                         c10::Device /*device*/) override {
    now += bytes;
    most = std::max(most, now);
  }
  [[nodiscard]] bool memoryProfilingEnabled() const override { return true; }
  std::int64_t now = 0;
  std::int64_t most = 0;
};

/// What two steps really take, network and optimizer included.
std::int64_t measured(const Settings& settings, const ImageData& data, const Plan& plan) {
  const auto watcher = std::make_shared<Watcher>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, watcher);
  const auto model = make_model(plan.model, 0, plan.placement);
  const auto optimizer = make_optimizer(settings.hyperparameters, model->tensors().values(), model->tensors().decayed());
  const Loss loss(settings.hyperparameters, data.train, at::kCPU);
  TrainingStep step(*model, *optimizer, loss, settings);
  const std::int64_t batch = settings.hyperparameters.mini_batch_size;
  const ImageShape& shape = plan.model.shape;
  for (int i = 0; i < 2; ++i) {
    const at::Tensor images = at::zeros({batch, shape.channels, shape.height, shape.width});
    step.run(images, at::zeros({batch}, at::kLong), i, 1e-9, nullptr);
  }
  return watcher->most;
}

ImageData images_of(std::int64_t count, std::int32_t side) {
  ImageData data;
  data.train = random_images(1, count, 3, side, side);
  data.validation = random_images(2, 1, 3, side, side);
  data.shape = {.channels = 3, .height = side, .width = side};
  data.num_classes = 10;
  return data;
}

}  // namespace

TEST_CASE("memory: the estimate is what a run of another batch size takes, within a tenth") {
  for (const std::string name : {"cnn", "resnet"}) {
    for (const std::string optimizer : {"sgd", "adam"}) {
      for (const std::int64_t batch : {8, 50}) {
        CAPTURE(name);
        CAPTURE(optimizer);
        CAPTURE(batch);
        Settings settings;
        Hyperparameters& h = settings.hyperparameters;
        h.model = name;
        h.num_layers = 20;
        h.num_classes = 10;
        h.optimizer = optimizer;
        h.mini_batch_size = batch;
        const ImageData data = images_of(batch, 32);
        const auto plan = make_plan(settings, data, at::kCPU);
        REQUIRE(plan.ok());
        const MemoryEstimate estimate = estimate_memory(settings, data, plan.value());
        const auto without_images = static_cast<double>(estimate.total() - estimate.images);
        const auto really = static_cast<double>(measured(settings, data, plan.value()));
        CHECK(without_images == doctest::Approx(really).epsilon(0.1));
        CHECK(estimate.parameters < estimate.total());
        CHECK(estimate.images == (batch + 1) * (3 * 32 * 32 + 16 + 8));
      }
    }
  }
}

TEST_CASE("memory: 16 bits halve what a batch takes, and cost a copy of the weights; adam remembers twice what sgd does") {
  Settings settings;
  Hyperparameters& h = settings.hyperparameters;
  h.model = "resnet";
  h.num_layers = 20;
  h.num_classes = 10;
  h.mini_batch_size = 64;
  const ImageData data = images_of(64, 16);
  const auto estimated = [&] { return estimate_memory(settings, data, make_plan(settings, data, at::kCPU).value()); };
  const MemoryEstimate whole = estimated();
  h.precision_dtype = "bfloat16";
  h.optimizer = "adam";
  const MemoryEstimate half = estimated();
  CHECK(static_cast<double>(half.step) < 0.65 * static_cast<double>(whole.step));
  CHECK(static_cast<double>(half.step) > 0.45 * static_cast<double>(whole.step));
  CHECK(static_cast<double>(half.parameters) == doctest::Approx(1.5 * static_cast<double>(whole.parameters)).epsilon(0.02));
  CHECK(half.optimizer == 2 * whole.optimizer);
}

TEST_CASE("memory: --estimate-memory says it and trains nothing") {
  const TrainerFolder folder;
  const auto run = folder.run({"--data", folder.data(), "--estimate-memory", "--checkpoint-dir", "c"});
  CHECK(run.exit_code == 0);
  CHECK(run.out.find("Epoch") == std::string::npos);
  std::smatch match;
  REQUIRE(std::regex_search(run.out, match, std::regex(R"(Estimated memory: (\d+) bytes with all images on the device\n$)")));
  CHECK(std::stod(match[1].str()) > 1e6);
  CHECK(std::stod(match[1].str()) < 1e8);
}

TEST_CASE("a network has to fit into the machine's memory, with all it needs on a CPU, alone on its way to a GPU") {
  Settings settings;
  settings.hyperparameters.optimizer = "adam";
  Plan plan;
  plan.model = {.name = "resnet", .num_layers = 18, .width_multiplier = 1, .shape = {3, 32, 32}, .classes = 10};
  const Hyperparameters& h = settings.hyperparameters;
  const std::int64_t one = make_model(plan.model, 0, plan.placement)->tensors().values().numel() * 4;  // bytes
  CHECK_FALSE(check_memory(plan, h, 4 * one));
  REQUIRE(check_memory(plan, h, 4 * one - 1));
  CHECK(check_memory(plan, h, 4 * one - 1)->message.starts_with("out of memory: the network has "));
  settings.hyperparameters.optimizer = "sgd";
  CHECK_FALSE(check_memory(plan, h, 3 * one));
  CHECK(check_memory(plan, h, 3 * one - 1));
  plan.placement.device = at::kCUDA;
  CHECK_FALSE(check_memory(plan, h, one));
  CHECK(check_memory(plan, h, one - 1));
}
