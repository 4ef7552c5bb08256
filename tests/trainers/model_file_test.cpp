#include "trainers/loop/model_file.hpp"

#include <c10/core/GradMode.h>
#include <doctest/doctest.h>

#include <string>

#include "tests/trainers/python_peer.hpp"
#include "tests/trainers/trainer_runs.hpp"
#include "trainers/support/safetensors.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

Plan plan_of(const std::string& name, std::int64_t layers, ImageShape shape) {
  Plan plan;
  plan.model = {.name = name, .num_layers = layers, .width_multiplier = 0.25, .shape = shape, .classes = 4};
  plan.augment.channels = static_cast<std::int32_t>(shape.channels);
  plan.augment.height = static_cast<std::int32_t>(shape.height);
  plan.augment.width = static_cast<std::int32_t>(shape.width);
  plan.augment.mean[0] = 0.1F;
  plan.resize = 40;
  plan.class_names = {"a", "b c", "d", "e"};
  return plan;
}

at::Tensor input_of(const Plan& plan) {
  const ImageShape shape = plan.model.shape;
  return at::arange(2 * shape.pixels(), at::kFloat).mul_(0.37).sin_().view({2, shape.channels, shape.height, shape.width});
}

/// A network that has been trained a little, so that running statistics are not those of the beginning.
std::unique_ptr<Model> trained_model(const Plan& plan) {
  auto model = make_model(plan.model, 3, {});
  const c10::NoGradGuard no_grad;
  for (int i = 0; i < 3; ++i) (void)model->forward(input_of(plan) + i, true);
  return model;
}

}  // namespace

TEST_CASE("a model comes back from its file as it was, with all that its input needs") {
  const c10::NoGradGuard no_grad;
  const TempDir folder;
  for (const Plan& plan :
       {plan_of("cnn", 18, {1, 12, 16}), plan_of("resnet", 50, {3, 40, 40}), plan_of("resnet", 20, {1, 28, 28})}) {
    const auto model = trained_model(plan);
    REQUIRE_FALSE(write_checkpoint(folder / "m", describe_model(*model, plan, {{"epoch", "3"}})));
    const auto loaded = load_model(folder / "m", at::kCPU);
    REQUIRE(loaded.ok());
    CHECK(at::equal(loaded.value().model->forward(input_of(plan), false), model->forward(input_of(plan), false)));
    CHECK(loaded.value().plan.class_names == plan.class_names);
    CHECK(loaded.value().plan.resize == 40);
    CHECK(loaded.value().plan.augment.mean[0] == plan.augment.mean[0]);
    CHECK(loaded.value().plan.augment.deviation[2] == plan.augment.deviation[2]);
  }
}

TEST_CASE("a file that holds no model, or not all of one, is refused by name") {
  const TempDir folder;
  const Plan plan = plan_of("cnn", 18, {1, 12, 16});
  const auto model = make_model(plan.model, 3, {});
  Checkpoint file = describe_model(*model, plan, {});
  const auto refusal = [&](const Checkpoint& changed) {
    REQUIRE_FALSE(write_checkpoint(folder / "m", changed));
    const auto loaded = load_model(folder / "m", at::kCPU);
    return loaded.ok() ? std::string("none") : loaded.failure().message;
  };
  CHECK(refusal(file) == "none");
  Checkpoint less = file;
  less.blocks.pop_back();
  CHECK(refusal(less).ends_with("m: damaged: fc2.bias is missing or does not fit"));
  Checkpoint other = file;
  for (auto& [name, value] : other.facts) {
    if (name == "model.num_layers") value = "19";
  }
  CHECK(refusal(other).ends_with("m: no model in it (best.safetensors has one)"));
  Checkpoint none;
  CHECK(refusal(none).ends_with("m: no model in it (best.safetensors has one)"));
}

TEST_CASE("names of classes that no file or terminal could hold become harmless ones") {
  const c10::NoGradGuard no_grad;
  const TempDir folder;
  Plan plan = plan_of("cnn", 18, {1, 12, 16});
  plan.class_names = {"caf\xe9", "\x1b[31mred", "two\nlines", "\xc3\xa9t\xc3\xa9"};
  REQUIRE_FALSE(write_checkpoint(folder / "m", describe_model(*make_model(plan.model, 3, {}), plan, {})));
  const auto loaded = load_model(folder / "m", at::kCPU);
  REQUIRE(loaded.ok());
  CHECK(loaded.value().plan.class_names == std::vector<std::string>{"caf?", "?[31mred", "two?lines", "\xc3\xa9t\xc3\xa9"});
}

TEST_CASE("a model file that promises more than it holds is refused before anything is made of it") {
  const TempDir folder;
  Checkpoint file;
  {
    const Plan small = plan_of("cnn", 18, {3, 12, 16});
    file = describe_model(*make_model(small.model, 3, {}), small, {});
  }
  for (auto& [name, value] : file.facts) {
    if (name == "model.image_shape") value = "3,4096,4096";
  }
  REQUIRE_FALSE(write_checkpoint(folder / "m", file));
  const auto refused = load_model(folder / "m", at::kCPU);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.failure().message.ends_with("m: damaged: fc1.weight is missing or does not fit"));
}

TEST_CASE("pretrained weights: taken by name, the last layer is new; other shapes and other networks are refused") {
  const TempDir folder;
  const Plan plan = plan_of("resnet", 18, {3, 32, 32});
  const auto donor = trained_model(plan);
  std::vector<Tensor> tensors;
  for (const auto& [name, tensor] : donor->tensors().named_tensors()) tensors.push_back(file_tensor(name, tensor));
  const auto write = [&](const std::vector<Tensor>& what) {
    REQUIRE_FALSE(write_safetensors(folder / "w", std::vector<TensorView>(what.begin(), what.end())));
  };
  write(tensors);

  ModelSpec more = plan.model;
  more.classes = 9;
  const auto model = make_model(more, 8, {});
  const at::Tensor last = model->tensors().named_tensors().back().second.clone();
  const auto taken = load_pretrained(folder / "w", *model);
  REQUIRE(taken.ok());
  CHECK(taken.value() == "Pretrained weights: 100 of 100 tensors from \"" + (folder / "w") + "\"; the last layer is new");
  const auto ours = model->tensors().named_tensors();
  const auto theirs = donor->tensors().named_tensors();
  for (std::size_t i = 0; i + 2 < ours.size(); ++i) CHECK(at::equal(ours[i].second, theirs[i].second));
  CHECK(at::equal(ours.back().second, last));

  std::vector<Tensor> fewer(tensors.begin() + 1, tensors.end());
  write(fewer);
  CHECK(load_pretrained(folder / "w", *model)
            .value()
            .ends_with("99 of 100 tensors from \"" + (folder / "w") + "\"; the last layer is new; not there: conv1.weight"));
  ModelSpec wider = plan.model;
  wider.width_multiplier = 0.5;
  write(tensors);
  const auto refused = load_pretrained(folder / "w", *make_model(wider, 0, {}));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.failure().message.find("conv1.weight is F32 [16, 3, 3, 3], but the network's is [32, 3, 3, 3]") !=
        std::string::npos);
  write({file_tensor("encoder.weight", at::zeros({2}))});
  CHECK(load_pretrained(folder / "w", *model)
            .failure()
            .message.find("no tensor of it has a name of this network's, as conv1.weight") != std::string::npos);
}

TEST_CASE("PyTorch makes the same scores of a model file, by the lines that docs/trainer.md gives") {
  const auto python = python_with("torch, safetensors");
  if (!python) return;
  const c10::NoGradGuard no_grad;
  const TempDir folder;
  const std::string script = R"(
import sys
sys.path.insert(0, sys.argv[1])
import torch
from tune_model import load_model
model = load_model(sys.argv[2]).eval()
channels, height, width = (int(word) for word in sys.argv[3].split(","))
images = torch.arange(2 * channels * height * width, dtype=torch.float32).mul(0.37).sin().view(2, channels, height, width)
with torch.no_grad():
    print(*(f"{value:.9g}" for value in model(images).flatten().tolist()))
)";
  for (const Plan& plan : {plan_of("cnn", 18, {1, 28, 28}), plan_of("resnet", 18, {3, 32, 32}),
                           plan_of("resnet", 50, {3, 64, 64}), plan_of("resnet", 32, {1, 28, 28})}) {
    const auto model = trained_model(plan);
    REQUIRE_FALSE(write_checkpoint(folder / "m", describe_model(*model, plan, {})));
    const ImageShape shape = plan.model.shape;
    const std::string said =
        python_says(*python, script,
                    {(source_dir() / "examples/pytorch").string(), folder / "m",
                     std::to_string(shape.channels) + "," + std::to_string(shape.height) + "," + std::to_string(shape.width)});
    std::istringstream numbers(said);
    const at::Tensor scores = model->forward(input_of(plan), false).flatten();
    for (std::int64_t i = 0; i < scores.numel(); ++i) {
      double theirs = 0;
      REQUIRE(static_cast<bool>(numbers >> theirs));
      CHECK(std::abs(scores[i].item<double>() - theirs) < 1e-5 * std::max(1.0, std::abs(theirs)));
    }
  }
}
