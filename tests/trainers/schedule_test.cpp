#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "trainers/schedule/early_end.hpp"
#include "trainers/schedule/learning_rate.hpp"

using namespace tune::trainer;

namespace {

constexpr std::int64_t kSteps = 10;  // an epoch

Hyperparameters with(const std::string& scheduler, std::int64_t epochs) {
  Hyperparameters h;
  h.learning_rate = 0.5;
  h.lr_scheduler = scheduler;
  h.epochs = epochs;
  return h;
}

}  // namespace

TEST_CASE("steps: the factor once for each epoch of the list that is reached") {
  Hyperparameters h = with("step", 30);
  const LearningRate constant(h, kSteps);
  CHECK(constant.at(0) == 0.5);
  CHECK(constant.at(299) == 0.5);
  h.lr_scheduler_step = "10,20";
  h.lr_scheduler_factor = 0.1;
  const LearningRate rate(h, kSteps);
  CHECK(rate.at(99) == 0.5);
  CHECK(rate.at(100) == doctest::Approx(0.05));
  CHECK(rate.at(199) == doctest::Approx(0.05));
  CHECK(rate.at(200) == doctest::Approx(0.005));
}

TEST_CASE("warm-up grows linearly to the rate, and then the schedule begins") {
  Hyperparameters h = with("step", 5);
  h.warmup_epochs = 0.5;
  const LearningRate rate(h, kSteps);
  for (int step = 0; step < 5; ++step) CHECK(rate.at(step) == doctest::Approx(0.5 * (step + 1) / 5));
  CHECK(rate.at(5) == 0.5);
}

TEST_CASE("cosine: from the rate to nearly nothing") {
  Hyperparameters h = with("cosine", 4);
  h.warmup_epochs = 1;
  const LearningRate rate(h, kSteps);
  CHECK(rate.at(10) == 0.5);
  CHECK(rate.at(25) == doctest::Approx(0.25));
  for (int step = 10; step < 40; ++step)
    CHECK(rate.at(step) == doctest::Approx(0.25 * (1 + std::cos(std::numbers::pi * (step - 10) / 30.0))));
  for (int step = 11; step < 40; ++step) CHECK(rate.at(step) < rate.at(step - 1));
}

TEST_CASE("one cycle: PyTorch's OneCycleLR(max_lr=0.5, total_steps=40)") {
  const LearningRate rate(with("one_cycle", 4), kSteps);
  // Printed by PyTorch 2.13: scheduler.get_last_lr() at these steps.
  CHECK(rate.at(0) == doctest::Approx(0.02));
  CHECK(rate.at(5) == doctest::Approx(0.22584443881441152));
  CHECK(rate.at(11) == doctest::Approx(0.5));
  CHECK(rate.at(20) == doctest::Approx(0.3830084870967576));
  CHECK(rate.at(39) == doctest::Approx(2e-6));
  for (int step = 1; step <= 11; ++step) CHECK(rate.at(step) > rate.at(step - 1));
  for (int step = 12; step < 40; ++step) CHECK(rate.at(step) < rate.at(step - 1));
}

TEST_CASE("early end: patience counts epochs without enough improvement, and not before the first ones are over") {
  Hyperparameters h;
  h.early_stopping = true;
  h.early_stopping_min_epochs = 3;
  h.early_stopping_patience = 2;
  h.early_stopping_tolerance = 0.1;
  EarlyEnd end;
  const double accuracies[] = {0.50, 0.54, 0.549, 0.62, 0.63, 0.64};
  //                            best  no    no: due  yes   no    no: due
  const bool due[] = {false, false, true, false, false, true};
  for (int epoch = 0; epoch < 6; ++epoch) {
    CAPTURE(epoch);
    end.take(accuracies[epoch], h);
    CHECK(end.due(epoch + 1, h) == due[epoch]);
  }
  h.early_stopping_min_epochs = 7;
  CHECK_FALSE(end.due(6, h));
  h.early_stopping = false;
  CHECK_FALSE(end.due(100, h));
}

TEST_CASE("early end: an accuracy that is no number is no improvement") {
  Hyperparameters h;
  EarlyEnd end;
  end.take(std::nan(""), h);
  CHECK(end.unimproved == 1);
  CHECK(end.best == -1);
  end.take(0.3, h);
  CHECK(end.unimproved == 0);
  CHECK(end.best == 0.3);
}
