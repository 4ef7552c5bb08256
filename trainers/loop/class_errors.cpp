#include "trainers/loop/class_errors.hpp"

#include "trainers/log/metric_names.hpp"

namespace tune::trainer {

ClassErrors::ClassErrors(const ImageData& data) {
  if (data.train.labels_per_image != 1 || data.num_classes > kMostClasses) return;
  training_images_.resize(static_cast<std::size_t>(data.num_classes));
  for (const std::int32_t label : data.train.labels) ++training_images_[static_cast<std::size_t>(label)];
}

void ClassErrors::reset(at::Device device) {
  if (training_images_.empty()) return;
  images_ = at::zeros({static_cast<std::int64_t>(training_images_.size())}, at::device(device).dtype(at::kDouble));
  mistaken_ = at::zeros_like(images_);
}

void ClassErrors::add(const at::Tensor& scores, const at::Tensor& labels) {
  if (training_images_.empty()) return;
  images_.index_add_(0, labels, at::ones_like(labels, at::kDouble));
  mistaken_.index_add_(0, labels, scores.argmax(1).ne(labels).to(at::kDouble));
}

Metrics ClassErrors::metrics() const {
  Metrics metrics;
  if (!images_.defined()) return metrics;
  const at::Tensor shares = (mistaken_ / images_).cpu();
  const at::Tensor images = images_.cpu();
  for (std::size_t i = 0; i < training_images_.size(); ++i) {
    const auto label = static_cast<std::int64_t>(i);
    metrics.emplace_back(of_class(kClassCount, label), static_cast<double>(training_images_[i]));
    if (images[label].item<double>() > 0) metrics.emplace_back(of_class(kClassError, label), shares[label].item<double>());
  }
  return metrics;
}

}  // namespace tune::trainer
