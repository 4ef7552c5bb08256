#include "trainers/data/check_images.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "trainers/data/image_shape.hpp"
#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

constexpr std::size_t kNamedClasses = 10;

std::string unreadable_text(const PreparedImages& images, const std::string& path) {
  const Trouble& trouble = images.trouble;
  std::string text =
      path + ": " + std::to_string(trouble.unreadable) + " of " + std::to_string(trouble.images) + " images cannot be read";
  for (std::size_t i = 0; i < trouble.unreadable_names.size(); ++i) {
    text += (i == 0 ? " (" : "; ") + trouble.unreadable_names[i];
  }
  if (static_cast<std::size_t>(trouble.unreadable) > trouble.unreadable_names.size()) text += "; ...";
  return text + ")";
}

std::string class_list(const std::vector<std::int64_t>& classes, const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(classes.size(), kNamedClasses); ++i) {
    const auto number = static_cast<std::size_t>(classes[i]);
    text += (i == 0 ? "" : ", ") + (number < names.size() ? names[number] : std::to_string(number));
  }
  return text + (classes.size() > kNamedClasses ? ", ..." : "");
}

std::int64_t largest_label(const ImageSet& set) { return set.labels.empty() ? -1 : *std::ranges::max_element(set.labels); }

Outcome settle_multi_label(ImageData& data) {
  if (data.validation.labels_per_image != data.train.labels_per_image) {
    return Failure{"training images have " + std::to_string(data.train.labels_per_image) + " labels each, validation images " +
                   std::to_string(data.validation.labels_per_image)};
  }
  if (data.num_classes == 0) data.num_classes = data.train.labels_per_image;
  if (data.num_classes == data.train.labels_per_image) return {};
  return Failure{"num_classes=" + std::to_string(data.num_classes) +
                 ", but with multi_label=1 an image has a label for each class, " + "and these have " +
                 std::to_string(data.train.labels_per_image) + ": set num_classes to that, or leave it out"};
}

}  // namespace

Outcome check_readable(const PreparedImages& images, const std::string& path, double limit) {
  const Trouble& trouble = images.trouble;
  if (trouble.images == 0) return Failure{path + ": no images"};
  if (images.set.size() == 0) return Failure{unreadable_text(images, path)};
  if (static_cast<double>(trouble.unreadable) <= limit * static_cast<double>(trouble.images)) return {};
  return Failure{unreadable_text(images, path) + "; allowed: a share of " + plain_text(limit) + " (--max-unreadable)"};
}

std::string note_of_unreadable(const PreparedImages& images, const std::string& path) {
  return images.trouble.unreadable == 0 ? "" : unreadable_text(images, path) + "; they are left out";
}

std::string note_of_sizes(const PreparedImages& images, const std::string& path, bool shape_is_ours) {
  const Trouble& trouble = images.trouble;
  if (trouble.enlarged > 0) {
    return path + ": " + std::to_string(trouble.enlarged) + " images are smaller than image_shape=" + text_of(images.shape) +
           " and were enlarged, the first: " + trouble.enlarged_name;
  }
  if (!shape_is_ours || images.set.common_shape() == images.shape) return "";
  return path + ": images are cropped to image_shape=" + text_of(images.shape) + "; set image_shape or resize for something else";
}

std::vector<std::int64_t> class_counts(const ImageSet& set) {
  const auto per_image = static_cast<std::size_t>(set.labels_per_image);
  std::vector<std::int64_t> counts(per_image > 1 ? per_image : static_cast<std::size_t>(largest_label(set) + 1));
  for (std::size_t i = 0; i < set.labels.size(); ++i) {
    if (per_image > 1)
      counts[i % per_image] += set.labels[i];
    else
      ++counts[static_cast<std::size_t>(set.labels[i])];
  }
  return counts;
}

Outcome settle_classes(ImageData& data, bool multi_label) {
  if (multi_label) return settle_multi_label(data);
  const std::int64_t in_training = largest_label(data.train);
  const std::int64_t largest = std::max(in_training, largest_label(data.validation));
  if (largest >= kMostClasses) {
    return Failure{"the largest label is " + std::to_string(largest) + "; allowed: 0 to " + std::to_string(kMostClasses - 1)};
  }
  if (data.num_classes == 0) {
    data.num_classes = std::max<std::int64_t>(largest + 1, static_cast<std::int64_t>(data.class_names.size()));
    if (data.class_names.empty()) {
      data.notes.push_back("num_classes=" + std::to_string(data.num_classes) + ": it was not given, and the largest label is " +
                           std::to_string(largest));
    }
  }
  if (largest >= data.num_classes) {
    return Failure{"num_classes=" + std::to_string(data.num_classes) + ", but the largest label of the " +
                   (largest == in_training ? "training" : "validation") + " images is " + std::to_string(largest) +
                   "; allowed: 0 to num_classes - 1; set num_classes=" + std::to_string(largest + 1) + " or leave it out"};
  }
  std::vector<std::int64_t> train = class_counts(data.train);
  std::vector<std::int64_t> validation = class_counts(data.validation);
  train.resize(static_cast<std::size_t>(data.num_classes));
  validation.resize(train.size());
  std::vector<std::int64_t> without;
  std::vector<std::int64_t> only_validation;
  for (std::size_t number = 0; number < train.size(); ++number) {
    if (train[number] > 0) continue;
    (validation[number] > 0 ? only_validation : without).push_back(static_cast<std::int64_t>(number));
  }
  if (without.size() + only_validation.size() + 1 >= train.size()) {
    return Failure{"all " + std::to_string(data.train.size()) + " training images are of class " +
                   class_list({in_training}, data.class_names) + "; a classifier needs two classes or more"};
  }
  if (!without.empty()) {
    data.notes.push_back(std::to_string(without.size()) + " of " + std::to_string(train.size()) +
                         " classes have no images: " + class_list(without, data.class_names));
  }
  if (!only_validation.empty()) {
    data.notes.push_back(
        std::to_string(only_validation.size()) + " of " + std::to_string(train.size()) +
        " classes have validation images but none to train on: " + class_list(only_validation, data.class_names));
  }
  return {};
}

}  // namespace tune::trainer
