#include "trainers/optimizer/optimizer.hpp"

#include <doctest/doctest.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <string>
#include <vector>

using namespace tune::trainer;

namespace {

/// One weight, by the formulas as they are printed in MXNet's documentation of its optimizers.
struct Reference {
  Hyperparameters h;
  double w = 0;
  bool is_decayed = true;
  double a = 0;  ///< momentum, or mean
  double b = 0;  ///< mean of squares
  int t = 0;

  void step(double gradient) {
    ++t;
    const double decayed = gradient + (is_decayed ? h.weight_decay * w : 0);
    if (h.optimizer == "sgd") {
      a = h.momentum * a - h.learning_rate * decayed;
      w += a;
    } else if (h.optimizer == "nag") {
      a = h.momentum * a + decayed;
      w -= h.learning_rate * (decayed + h.momentum * a);
    } else if (h.optimizer == "adam") {
      a = h.beta_1 * a + (1 - h.beta_1) * gradient;
      b = h.beta_2 * b + (1 - h.beta_2) * gradient * gradient;
      const double rate = h.learning_rate * std::sqrt(1 - std::pow(h.beta_2, t)) / (1 - std::pow(h.beta_1, t));
      w -= rate * a / (std::sqrt(b) + h.eps);
    } else {
      b = h.gamma * b + (1 - h.gamma) * gradient * gradient;
      w -= h.learning_rate * gradient / std::sqrt(b + h.eps);
    }
  }
};

}  // namespace

TEST_CASE("each optimizer does what its formula says") {
  const std::vector<double> start = {0.5, -2.0, 0.0};
  for (const std::string name : {"sgd", "nag", "adam", "rmsprop"}) {
    CAPTURE(name);
    Hyperparameters h;
    h.optimizer = name;
    h.learning_rate = 0.05;
    h.weight_decay = 0.01;
    h.eps = 1e-3;
    std::vector<Reference> expected;
    for (const double w : start) expected.push_back({.h = h, .w = w});
    expected.back().is_decayed = false;
    at::Tensor weights = at::tensor(start, at::kDouble);
    const auto optimizer = make_optimizer(h, weights, static_cast<std::int64_t>(start.size()) - 1);
    for (int step = 1; step <= 5; ++step) {
      const std::vector<double> gradients = {std::sin(step), 0.1 * step, step == 3 ? -4.0 : 0.0};
      at::Tensor given = at::tensor(gradients, at::kDouble);
      optimizer->step(weights, given, h.learning_rate);
      for (std::size_t i = 0; i < start.size(); ++i) {
        expected[i].step(gradients[i]);
        CHECK(weights[static_cast<std::int64_t>(i)].item<double>() == doctest::Approx(expected[i].w).epsilon(1e-12));
      }
    }
    CHECK(optimizer->steps == 5);
  }
}

TEST_CASE("sgd and nag take the steps of PyTorch's SGD, whose definition is the same while the rate does not change") {
  for (const bool nesterov : {false, true}) {
    CAPTURE(nesterov);
    Hyperparameters h;
    h.optimizer = nesterov ? "nag" : "sgd";
    h.learning_rate = 0.03;
    h.momentum = 0.8;
    h.weight_decay = 0.02;
    const at::Tensor start = at::tensor({0.5, -2.0, 0.25}, at::kDouble);
    at::Tensor ours = start.clone();
    at::Tensor theirs = start.clone().set_requires_grad(true);
    const auto optimizer = make_optimizer(h, ours, 3);
    torch::optim::SGD peer({theirs}, torch::optim::SGDOptions(0.03).momentum(0.8).weight_decay(0.02).nesterov(nesterov));
    for (int step = 1; step <= 20; ++step) {
      at::Tensor gradients = at::tensor({std::sin(step), 0.1 * step, step == 3 ? -4.0 : 0.0}, at::kDouble);
      theirs.mutable_grad() = gradients.clone();
      peer.step();
      optimizer->step(ours, gradients, h.learning_rate);
      CHECK((ours - theirs).abs().max().item<double>() < 1e-12);
    }
  }
}
