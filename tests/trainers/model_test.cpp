#include "trainers/model/model.hpp"

#include <c10/core/GradMode.h>
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

using namespace tune::trainer;

namespace {

ModelSpec resnet(std::int64_t layers, ImageShape shape, std::int64_t classes, double width = 1) {
  return {.name = "resnet", .num_layers = layers, .width_multiplier = width, .shape = shape, .classes = classes};
}

at::Tensor images(const ModelSpec& spec, std::int64_t count) {
  at::Tensor values = at::arange(count * spec.shape.pixels(), at::kFloat).mul_(0.37).sin_();
  return values.view({count, spec.shape.channels, spec.shape.height, spec.shape.width});
}

constexpr ImageShape kLarge{.channels = 3, .height = 224, .width = 224};
constexpr ImageShape kSmall{.channels = 3, .height = 32, .width = 32};

}  // namespace

TEST_CASE("parameters: as many as torchvision's networks have, and as He et al. count for small images") {
  // torchvision.models documents the first five; 20 to 110 layers here have projections where the paper has none.
  const std::map<std::int64_t, std::int64_t> expected = {
      {18, 11'689'512}, {34, 21'797'672}, {50, 25'557'032}, {101, 44'549'160}, {152, 60'192'808}};
  for (const auto& [layers, count] : expected) {
    CAPTURE(layers);
    const auto model = make_model(resnet(layers, kLarge, 1000), 0, {});
    CHECK(model->tensors().values().numel() == count);
  }
  CHECK(make_model(resnet(18, kSmall, 10), 0, {})->tensors().values().numel() == 11'173'962);
  constexpr std::int64_t kProjections = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64;
  CHECK(make_model(resnet(20, kSmall, 10), 0, {})->tensors().values().numel() == 269'722 + kProjections);
  CHECK(make_model(resnet(110, kSmall, 10), 0, {})->tensors().values().numel() == 1'727'962 + kProjections);
}

TEST_CASE("every depth gives a score for each class, from small images and large ones") {
  const c10::NoGradGuard no_grad;
  for (const std::int64_t layers : {18, 34, 50, 101, 152, 20, 32, 44, 56, 110}) {
    CAPTURE(layers);
    const bool three_stages = layers != 18 && layers != 34 && layers != 50 && layers != 101 && layers != 152;
    for (const ImageShape shape : {ImageShape{1, 28, 28}, ImageShape{3, 64, 48}}) {
      const ModelSpec spec = resnet(layers, shape, 7, 0.125);
      CHECK(check_model(spec).has_value() == (three_stages && shape.height > 32));
      if (check_model(spec)) continue;
      const auto model = make_model(spec, 1, {});
      const at::Tensor scores = model->forward(images(spec, 2), true);
      CHECK(scores.sizes().vec() == std::vector<std::int64_t>{2, 7});
      CHECK(scores.isfinite().all().item<bool>());
    }
  }
}

TEST_CASE("the gradient is the slope: differences along random directions") {
  for (const ModelSpec& spec : {ModelSpec{.name = "cnn", .shape = {1, 12, 12}, .classes = 3}, resnet(18, {3, 16, 16}, 3, 0.0625),
                                resnet(50, {3, 16, 16}, 3, 0.0625), resnet(20, {1, 8, 8}, 3, 0.25)}) {
    CAPTURE(spec.num_layers);
    const auto model = make_model(spec, 5, {.compute = at::kDouble});
    FlatParameters& tensors = model->tensors();
    const at::Tensor input = images(spec, 6).to(at::kDouble);
    const at::Tensor labels = at::tensor({0, 1, 2, 0, 1, 2}, at::kLong);
    const auto loss = [&] { return at::cross_entropy_loss(model->forward(input, true), labels); };
    tensors.zero_gradients();
    loss().backward();
    tensors.collect_gradients();
    const at::Tensor gradients = tensors.gradients().clone();
    const c10::NoGradGuard no_grad;
    const at::Tensor start = tensors.values().clone();
    for (int k = 0; k < 3; ++k) {
      const at::Tensor direction = at::arange(gradients.numel(), at::kDouble).mul_(0.7 + k).cos_();
      const double expected = gradients.dot(direction).item<double>();
      const double step = 1e-7 / direction.norm().item<double>();
      tensors.values().copy_(start + direction * step);
      const double up = loss().item<double>();
      tensors.values().copy_(start - direction * step);
      const double down = loss().item<double>();
      tensors.values().copy_(start);
      CHECK((up - down) / (2 * step) == doctest::Approx(expected).epsilon(1e-4));
    }
  }
}

TEST_CASE("weights do not depend on layout and precision, nor do scores beyond rounding") {
  const ModelSpec spec = resnet(18, {3, 32, 32}, 5, 0.25);
  const auto plain = make_model(spec, 9, {});
  const auto last = make_model(spec, 9, {.channels_last = true});
  const auto half = make_model(spec, 9, {.compute = at::kBFloat16, .channels_last = true});
  const at::Tensor values = plain->tensors().to_plain(plain->tensors().values());
  CHECK(at::equal(last->tensors().to_plain(last->tensors().values()), values));
  CHECK(at::equal(half->tensors().to_plain(half->tensors().values()), values));
  CHECK_FALSE(at::equal(last->tensors().values(), values));
  const auto names = plain->tensors().named_tensors();
  const auto same = last->tensors().named_tensors();
  for (std::size_t i = 0; i < names.size(); ++i) CHECK(at::equal(names[i].second, same[i].second));

  const c10::NoGradGuard no_grad;
  const at::Tensor input = images(spec, 4);
  const at::Tensor scores = plain->forward(input, true);
  const auto distance = [&](const at::Tensor& other) { return ((other - scores).norm() / scores.norm()).item<double>(); };
  CHECK(distance(last->forward(input.contiguous(at::MemoryFormat::ChannelsLast), true)) < 1e-4);
  CHECK(distance(half->forward(input.to(at::kBFloat16), true)) < 0.1);
}

TEST_CASE("a buffer goes to its plain form and back") {
  const auto model = make_model(resnet(18, {3, 32, 32}, 4, 0.125), 2, {.channels_last = true});
  FlatParameters& tensors = model->tensors();
  at::Tensor back = at::zeros_like(tensors.values());
  tensors.from_plain(tensors.to_plain(tensors.values()), back);
  CHECK(at::equal(back, tensors.values()));
}

TEST_CASE("names are those of PyTorch's state_dict, each once; scales and running variances begin with one") {
  const auto model = make_model(resnet(50, kLarge, 10, 0.125), 0, {});
  std::set<std::string> names;
  for (const auto& [name, tensor] : model->tensors().named_tensors()) {
    CHECK(names.insert(name).second);
    const bool one = name.ends_with("running_var") || (name.find("bn") != std::string::npos && name.ends_with(".weight"));
    if (one) CHECK(tensor.eq(1).all().item<bool>());
  }
  for (const char* name : {"conv1.weight", "bn1.running_mean", "layer1.0.conv3.weight", "layer1.0.downsample.0.weight",
                           "layer1.0.downsample.1.running_var", "layer4.2.bn3.bias", "fc.weight", "fc.bias"}) {
    CAPTURE(name);
    CHECK(names.contains(name));
  }
  CHECK_FALSE(names.contains("layer1.1.downsample.0.weight"));
}

TEST_CASE("weight decay reaches weights and scales and no bias") {
  const auto model = make_model(resnet(18, kSmall, 10, 0.125), 0, {});
  std::int64_t decayed = 0;
  for (const auto& [name, tensor] : model->tensors().named_parameters()) decayed += name.ends_with("weight") ? tensor.numel() : 0;
  CHECK(model->tensors().decayed() == decayed);
}

TEST_CASE("an observer sees every ReLU, what comes out of it, and nothing is changed by that") {
  struct Seen final : ActivationObserver {
    void before_relu(const std::string& relu, const at::Tensor& input) override {
      layers.push_back(relu);
      expected = input.detach().clamp_min(0);
    }
    void after_relu(const std::string& relu, const at::Tensor& output) override {
      CHECK(relu == layers.back());
      CHECK(at::equal(output, expected));
    }
    at::Tensor expected;
    std::vector<std::string> layers;
  };
  const ModelSpec spec = resnet(18, kSmall, 10, 0.125);
  const auto model = make_model(spec, 0, {});
  const auto twin = make_model(spec, 0, {});
  const at::Tensor input = images(spec, 2);
  Seen seen;
  model->observe(&seen);
  const at::Tensor scores = model->forward(input, true);
  CHECK(seen.layers.size() == 17);
  CHECK(seen.layers.front() == "relu");
  CHECK(seen.layers.back() == "layer4.1.relu2");
  CHECK(at::equal(scores, twin->forward(input, true)));
}
