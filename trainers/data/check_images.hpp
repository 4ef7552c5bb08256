#pragma once

#include <string>

#include "trainers/data/image_set.hpp"
#include "trainers/data/prepare.hpp"
#include "trainers/support/fallible.hpp"

/// What can be wrong with images that were read, and how it is said.
namespace tune::trainer {

/// Fails when there are no images, none can be read, or more than `limit` (a share) cannot.
Outcome check_readable(const PreparedImages& images, const std::string& path, double limit);

/// How many images could not be read, and the first of them with the reason; empty: all could.
std::string note_of_unreadable(const PreparedImages& images, const std::string& path);

/// That images were enlarged, or, where nobody asked for a shape, that they will be cropped; empty: neither.
std::string note_of_sizes(const PreparedImages& images, const std::string& path, bool shape_is_ours);

/// Sets data.num_classes where it is 0, and notes: that, classes without training images, and classes only validation has. Fails
/// when a label is not below num_classes, and when there is one class only. With `multi_label` the number of labels is the number
/// of classes.
Outcome settle_classes(ImageData& data, bool multi_label);

/// How many images have each class: up to the largest label, or with several labels an image how many have a 1.
std::vector<std::int64_t> class_counts(const ImageSet& set);

}  // namespace tune::trainer
