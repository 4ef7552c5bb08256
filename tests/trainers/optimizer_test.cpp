#include "trainers/optimizer/optimizer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace tune::trainer;

namespace {

/// One weight, by the formulas as they are printed in MXNet's documentation of its optimizers.
struct Reference {
  Hyperparameters h;
  double w = 0;
  double a = 0;  ///< momentum, or mean
  double b = 0;  ///< mean of squares
  int t = 0;

  void step(double gradient) {
    ++t;
    const double decayed = gradient + h.weight_decay * w;
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
    at::Tensor weights = at::tensor(start, at::kDouble);
    const auto optimizer = make_optimizer(h, weights);
    for (int step = 1; step <= 5; ++step) {
      const std::vector<double> gradients = {std::sin(step), 0.1 * step, step == 3 ? -4.0 : 0.0};
      optimizer->step(weights, at::tensor(gradients, at::kDouble));
      for (std::size_t i = 0; i < start.size(); ++i) {
        expected[i].step(gradients[i]);
        CHECK(weights[static_cast<std::int64_t>(i)].item<double>() == doctest::Approx(expected[i].w).epsilon(1e-12));
      }
    }
    CHECK(optimizer->steps == 5);
  }
}
