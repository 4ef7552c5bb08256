#include "trainers/data/read_images.hpp"

#include <algorithm>
#include <unordered_set>

#include "trainers/data/check_images.hpp"
#include "trainers/data/generated.hpp"
#include "trainers/data/image_shape.hpp"
#include "trainers/support/parallel.hpp"

namespace tune::trainer {
namespace {

PreparationSettings settings_of(const DataRequest& request, const PreparedImages* train) {
  const ImageShape& shape = train != nullptr ? train->shape : request.image_shape;
  return {.channels = shape.channels,
          .height = shape.height,
          .width = shape.width,
          .resize = request.resize,
          .multi_label = request.multi_label};
}

Fallible<PreparedImages> generated(const DataRequest& request, Channel role, const PreparedImages* train) {
  const std::int64_t count = request.num_training_samples > 0 ? request.num_training_samples : kGeneratedTraining;
  const auto source =
      source_of(role == Channel::kTrain ? generate_training_images(count) : generate_validation_images(), "generated images", {});
  return prepare_in_memory(*source, settings_of(request, train), thread_count());
}

/// Whether the two channels are the same images, or how many files they share.
std::string overlap_of(const ChannelFiles& train, const ChannelFiles& validation, const ImageData& data) {
  if (data.train.fingerprint == data.validation.fingerprint) {
    return "training and validation images are the same: the validation will not tell how well others are classified";
  }
  std::unordered_set<std::string> files(train.files.begin(), train.files.end());
  const bool listed = !validation.images.empty();
  const bool lists = train.format == DataFormat::kList || validation.format == DataFormat::kList;
  if (listed && !lists) return "";  // folders of their own
  for (const ListedImage& image : train.images) files.insert(image.path);
  std::int64_t shared = 0;
  if (listed)
    shared = std::ranges::count_if(validation.images, [&](const ListedImage& image) { return files.contains(image.path); });
  else
    shared = std::ranges::count_if(validation.files, [&](const std::string& file) { return files.contains(file); });
  if (shared == 0) return "";
  return std::to_string(shared) + " of " + std::to_string(listed ? validation.images.size() : validation.files.size()) +
         (listed ? " validation images are" : " files of validation images are") + " among those to train on too";
}

}  // namespace

Fallible<PreparedImages> read_channel(const DataRequest& request, Channel role, const PreparedImages* train,
                                      ChannelFiles& found) {
  if (request.generate) return generated(request, role, train);
  const bool training = role == Channel::kTrain;
  ChannelRequest channel{.path = training ? request.train : request.validation,
                         .list = training ? request.train_list : request.validation_list,
                         .role = role,
                         .shared = request.train == request.validation && request.train_list == request.validation_list};
  if (train != nullptr) channel.classes = train->class_names;
  auto files = find_channel(channel);
  if (!files.ok()) return files.failure();
  found = std::move(files.value());
  auto images = load_images(found, {.settings = settings_of(request, train),
                                    .limit = training ? request.num_training_samples : 0,
                                    .cache_directory = request.cache_directory});
  if (!images.ok()) return images;
  if (auto failure = check_readable(images.value(), channel.path, request.max_unreadable)) return *failure;
  return images;
}

Fallible<ImageData> read_images(const DataRequest& request) {
  ChannelFiles train_files;
  ChannelFiles validation_files;
  auto train = read_channel(request, Channel::kTrain, nullptr, train_files);
  if (!train.ok()) return train.failure();
  auto validation = read_channel(request, Channel::kValidation, &train.value(), validation_files);
  if (!validation.ok()) return validation.failure();

  ImageData data{.train = train.value().set,
                 .validation = validation.value().set,
                 .shape = train.value().shape,
                 .num_classes = request.generate && request.num_classes == 0 ? kGeneratedClasses : request.num_classes,
                 .class_names = train.value().class_names};
  for (const PreparedImages* channel : {&train.value(), &validation.value()}) {
    const std::string path = channel == &train.value() ? request.train : request.validation;
    data.notes.insert(data.notes.end(), channel->notes.begin(), channel->notes.end());
    if (auto note = note_of_unreadable(*channel, path); !note.empty()) data.notes.push_back(note);
    if (auto note = note_of_sizes(*channel, path, request.image_shape.height == 0); !note.empty()) data.notes.push_back(note);
  }
  if (auto failure = settle_classes(data, request.multi_label)) return *failure;
  if (auto note = request.generate ? "" : overlap_of(train_files, validation_files, data); !note.empty())
    data.notes.push_back(note);
  if (request.mini_batch_size > data.train.size()) {
    data.notes.push_back("mini_batch_size=" + std::to_string(request.mini_batch_size) + ", but there are " +
                         std::to_string(data.train.size()) + " training images: an epoch is one step of them all");
  }
  if (request.num_training_samples > train.value().trouble.images) {
    data.notes.push_back("num_training_samples=" + std::to_string(request.num_training_samples) + ", but there are " +
                         std::to_string(data.train.size()) + " training images");
  }
  return data;
}

}  // namespace tune::trainer
