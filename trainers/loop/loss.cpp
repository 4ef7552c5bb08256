#include "trainers/loop/loss.hpp"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tune::trainer {
namespace {

enum Tally : std::int64_t { kLoss, kRight, kAmongLikeliest };
constexpr std::int64_t kIgnoreNone = -100;  // PyTorch's default

at::Tensor weights_of_positives(const ImageSet& train) {
  const std::int64_t classes = train.labels_per_image;
  std::vector<double> with(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < train.labels.size(); ++i) with[i % with.size()] += train.labels[i];
  std::vector<float> weights;
  for (const double count : with) {
    const double without = static_cast<double>(train.size()) - count;
    weights.push_back(static_cast<float>(count > 0 ? std::min(without / count, Loss::kMostWeight) : 1));
  }
  return at::from_blob(weights.data(), {classes}, at::kFloat).clone();
}

}  // namespace

Loss::Loss(const Hyperparameters& hyperparameters, const ImageSet& train, at::Device device)
    : smoothing_(hyperparameters.label_smoothing),
      multi_label_(hyperparameters.multi_label),
      top_k_(hyperparameters.multi_label || hyperparameters.top_k < 2 ? 0 : hyperparameters.top_k),
      classes_(hyperparameters.num_classes) {
  if (multi_label_ && hyperparameters.use_weighted_loss) positive_weights_ = weights_of_positives(train).to(device);
}

at::Tensor Loss::training(const at::Tensor& scores, const at::Tensor& labels) const {
  if (!multi_label_) return at::cross_entropy_loss(scores, labels, {}, at::Reduction::Mean, kIgnoreNone, smoothing_);
  const at::Tensor targets = smoothing_ > 0 ? labels.mul(1 - smoothing_).add(smoothing_ / 2) : labels;
  return at::binary_cross_entropy_with_logits(scores, targets, {}, positive_weights_);
}

at::Tensor Loss::validation(const at::Tensor& scores, const at::Tensor& labels) const {
  return multi_label_ ? at::binary_cross_entropy_with_logits(scores, labels) : at::cross_entropy_loss(scores, labels);
}

void Loss::add(at::Tensor& tally, const at::Tensor& mean_loss, const at::Tensor& scores, const at::Tensor& labels) const {
  const c10::NoGradGuard no_grad;
  tally[kLoss].add_(mean_loss.to(at::kDouble), static_cast<double>(labels.size(0)));
  if (multi_label_) {
    tally[kRight].add_(scores.gt(0).eq(labels.gt(0.5)).to(at::kDouble).mean(1).sum());
    return;
  }
  tally[kRight].add_(scores.argmax(1).eq(labels).sum());
  if (top_k_ > 0)
    tally[kAmongLikeliest].add_(std::get<1>(scores.topk(std::min(top_k_, classes_), 1)).eq(labels.unsqueeze(1)).sum());
}

Scores Loss::scores(const at::Tensor& tally, std::int64_t images) const {
  const at::Tensor here = tally.cpu();
  const auto mean = [&](std::int64_t i) { return here[i].item<double>() / static_cast<double>(images); };
  Scores scores{.accuracy = mean(kRight), .loss = mean(kLoss)};
  if (top_k_ > 0) {
    scores.top_k = mean(kAmongLikeliest);
    scores.k = top_k_;
  }
  // A network whose scores are no numbers has no accuracy: argmax over NaN would pass for a guess.
  if (std::isfinite(scores.loss)) return scores;
  scores.accuracy = std::numeric_limits<double>::quiet_NaN();
  if (scores.top_k) scores.top_k = scores.accuracy;
  return scores;
}

}  // namespace tune::trainer
