#include "trainers/loop/training_step.hpp"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "trainers/support/random.hpp"

namespace tune::trainer {
namespace {

/// Beta(alpha, alpha) for alpha <= 1: x / (x + y) of the first x = u^(1/alpha), y = v^(1/alpha) with x + y <= 1 (Johnk,
/// "Erzeugung von betaverteilten und gammaverteilten Zufallszahlen", Metrika 8, 1964). In logarithms, since both may be tiny.
double draw_beta(double alpha, KeyedRandom& random) {
  while (true) {
    const double x = std::log1p(-random.uniform()) / alpha;
    const double y = std::log1p(-random.uniform()) / alpha;
    const double larger = std::max(x, y);
    if (larger + std::log1p(std::exp(std::min(x, y) - larger)) <= 0) return 1 / (1 + std::exp(y - x));
  }
}

}  // namespace

TrainingStep::TrainingStep(Model& model, Optimizer& optimizer, const Loss& loss, const Settings& settings)
    : model_(model), optimizer_(optimizer), loss_(loss), settings_(settings) {
  if (model.tensors().placement().compute == at::kHalf) scale.factor = LossScale::kFirst;
}

TrainingStep::Result TrainingStep::run(const at::Tensor& images, const at::Tensor& labels, std::int64_t number, double rate,
                                       StepRecord* record) {
  FlatParameters& tensors = model_.tensors();
  const double alpha = settings_.hyperparameters.mixup_alpha;
  Result result;
  result.labels = labels;
  model_.observe(record);
  if (alpha > 0) {  // Zhang et al., "mixup", ICLR 2018, section 2; with the batch in reverse order
    KeyedRandom random(settings_.seed, Purpose::kMixup, static_cast<std::uint64_t>(number));
    const double drawn = draw_beta(alpha, random);
    const double share = std::max(drawn, 1 - drawn);  // so that the own label counts most
    result.scores = model_.forward(at::lerp(images.flip(0), images, share), true);
    result.loss = loss_.training(result.scores, labels) * share + loss_.training(result.scores, labels.flip(0)) * (1 - share);
  } else {
    result.scores = model_.forward(images, true);
    result.loss = loss_.training(result.scores, labels);
  }
  model_.observe(nullptr);
  tensors.zero_gradients();
  (scale.factor == 1 ? result.loss : result.loss * scale.factor).backward();
  tensors.collect_gradients();
  const c10::NoGradGuard no_grad;
  const bool usable = unscale();
  if (record != nullptr) record->before_step(tensors);
  if (usable) {
    optimizer_.step(tensors.values(), tensors.gradients(), rate);
    tensors.values_changed();
  }
  if (record != nullptr) record->after_step(tensors);
  return result;
}

bool TrainingStep::unscale() {
  if (model_.tensors().placement().compute != at::kHalf) return true;
  at::Tensor& gradients = model_.tensors().gradients();
  if (!gradients.isfinite().all().item<bool>()) {
    scale.factor /= 2;
    scale.good_steps = 0;
    return false;
  }
  gradients.div_(scale.factor);
  if (++scale.good_steps >= LossScale::kPatience) {
    scale.factor *= 2;
    scale.good_steps = 0;
  }
  return true;
}

}  // namespace tune::trainer
