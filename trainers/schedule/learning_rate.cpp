#include "trainers/schedule/learning_rate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tune::trainer {
namespace {

constexpr double kRising = 0.3;               // of all steps
constexpr double kFirstDivisor = 25;          // of the highest rate
constexpr double kLastDivisor = 25 * 10'000;  // of the highest rate

/// From `from` to `to` along half a cosine; `share` 0 to 1.
double half_cosine(double from, double to, double share) {
  return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace

LearningRate::LearningRate(const Hyperparameters& hyperparameters, std::int64_t steps_per_epoch)
    : kind_(hyperparameters.lr_scheduler == "cosine"      ? Kind::kCosine
            : hyperparameters.lr_scheduler == "one_cycle" ? Kind::kOneCycle
                                                          : Kind::kStep),
      rate_(hyperparameters.learning_rate),
      factor_(hyperparameters.lr_scheduler_factor),
      epochs_(number_list(hyperparameters.lr_scheduler_step)),
      steps_per_epoch_(steps_per_epoch),
      warmup_(hyperparameters.warmup_epochs * static_cast<double>(steps_per_epoch)),
      total_(static_cast<double>(hyperparameters.epochs * steps_per_epoch)) {}

double LearningRate::at(std::int64_t step) const {
  const auto t = static_cast<double>(step);
  if (kind_ == Kind::kOneCycle) return one_cycle(t);
  if (t < warmup_) return rate_ * std::min(1.0, (t + 1) / warmup_);
  if (kind_ == Kind::kCosine) return half_cosine(rate_, 0, std::min(1.0, (t - warmup_) / std::max(1.0, total_ - warmup_)));
  const std::int64_t epoch = step / steps_per_epoch_;
  return rate_ * std::pow(factor_, static_cast<double>(std::ranges::count_if(epochs_, [&](auto e) { return e <= epoch; })));
}

double LearningRate::one_cycle(double step) const {
  const double top = std::max(0.0, kRising * total_ - 1);
  if (step <= top) return half_cosine(rate_ / kFirstDivisor, rate_, top > 0 ? step / top : 1);
  return half_cosine(rate_, rate_ / kLastDivisor, std::min(1.0, (step - top) / std::max(1.0, total_ - 1 - top)));
}

}  // namespace tune::trainer
