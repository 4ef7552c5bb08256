#include "trainers/data/inspect.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "trainers/data/image_source.hpp"
#include "trainers/data/resize.hpp"
#include "trainers/support/numbers.hpp"
#include "trainers/support/parallel.hpp"

namespace tune::trainer {
namespace {

constexpr std::int64_t kBatch = 64;     // images that are in memory at a time
constexpr std::size_t kShownSizes = 5;  // of images, when they differ

struct Slot {
  Image image;
  std::vector<float> labels;
  Outcome failure;
  bool grey = false;
};

using Counts = std::array<std::array<std::uint64_t, 256>, 3>;

Image thumbnail(Image image) {
  const std::int64_t longer = std::max(image.height, image.width);
  const auto scaled = [&](std::int64_t side) { return std::max<std::int64_t>(1, side * kSampleSide / longer); };
  if (resize_bilinear(image, scaled(image.height), scaled(image.width)))
    image = {.channels = 3, .height = 1, .width = 1, .pixels = {0, 0, 0}};
  return image;
}

void count_labels(Inspection& found, Slot& slot) {
  float row = slot.labels.empty() ? 0 : slot.labels.front();
  if (slot.labels.size() == 1) {
    ++found.labels[row];
  } else {
    found.positives.resize(std::max(found.positives.size(), slot.labels.size()));
    const auto first = std::ranges::find(slot.labels, 1.0F);
    row = static_cast<float>(first - slot.labels.begin());
    for (std::size_t i = 0; i < slot.labels.size(); ++i) found.positives[i] += slot.labels[i] == 1.0F ? 1 : 0;
  }
  const bool another = found.samples.contains(row) || found.samples.size() < kSampledClasses;
  if (!another) return;
  std::vector<Image>& samples = found.samples[row];
  if (samples.size() < kSamplesOfClass) samples.push_back(thumbnail(std::move(slot.image)));
}

void count_pixels(const Image& image, Counts& counts) {
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    for (std::size_t channel = 0; channel < 3; ++channel) ++counts[channel][image.pixels[i + channel]];
  }
}

void take(Inspection& found, Slot& slot, const std::string& name, Counts& counts) {
  const bool labelled = std::ranges::none_of(slot.labels, [](float label) { return std::isnan(label); });
  if (!slot.failure && !labelled) slot.failure = Failure{"label nan"};
  if (slot.failure) {
    ++found.unreadable;
    if (found.unreadable_names.size() < kNamedImages) found.unreadable_names.push_back(name + ": " + slot.failure->message);
    return;
  }
  ++found.images;
  found.grey += slot.grey ? 1 : 0;
  ++found.sizes[{slot.image.height, slot.image.width}];
  count_pixels(slot.image, counts);
  count_labels(found, slot);
}

/// All channels are counted; a grey set's three are alike.
ChannelStatistics statistics_of(const Counts& counts) {
  ChannelStatistics found;
  for (std::size_t channel = 0; channel < counts.size(); ++channel) {
    double sum = 0;
    double squares = 0;
    double total = 0;
    for (std::size_t level = 0; level < counts[channel].size(); ++level) {
      const auto weight = static_cast<double>(counts[channel][level]);
      total += weight;
      sum += weight * static_cast<double>(level);
      squares += weight * static_cast<double>(level * level);
    }
    if (total == 0) continue;
    found.mean[channel] = sum / total;
    const double variance = squares / total - found.mean[channel] * found.mean[channel];
    found.deviation[channel] = variance > 0 ? std::sqrt(variance) : 0;
  }
  return found;
}

Fallible<Inspection> inspect_channel(ChannelFiles files) {
  Inspection found{.files = std::move(files), .statistics = {}};
  const auto add_size = [&](const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (!error) found.bytes += size;
  };
  for (const std::string& file : found.files.files) add_size(file);
  for (const ListedImage& image : found.files.images) add_size(image.path);
  const auto source = open_source(found.files, 0);
  if (!source.ok()) return source.failure();
  found.class_names = source.value()->class_names();
  found.notes = source.value()->notes();
  found.unreadable = static_cast<std::int64_t>(source.value()->damage_count());
  found.unreadable_names = source.value()->damages();
  if (found.unreadable_names.size() > kNamedImages) found.unreadable_names.resize(kNamedImages);

  const int threads = thread_count();
  std::vector<ImageSource::Reader> readers(static_cast<std::size_t>(threads));
  std::vector<Slot> slots(kBatch);
  Counts counts{};
  for (std::int64_t first = 0; first < source.value()->size(); first += kBatch) {
    const std::int64_t count = std::min(kBatch, source.value()->size() - first);
    auto failure = parallel_for(count, threads, [&](int thread, std::int64_t i) {
      Slot& slot = slots[static_cast<std::size_t>(i)];
      ImageSource::Reader& reader = readers[static_cast<std::size_t>(thread)];
      slot.failure = source.value()->read(first + i, 3, reader, slot.image, slot.labels);
      const auto header = source.value()->header(first + i, reader);
      slot.grey = header.ok() && header.value().channels == 1;
    });
    if (failure) return *failure;
    for (std::int64_t i = 0; i < count; ++i)
      take(found, slots[static_cast<std::size_t>(i)], source.value()->name(first + i), counts);
  }
  found.statistics = statistics_of(counts);
  found.channels = found.grey == found.images ? 1 : 3;
  return found;
}

std::string short_number(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", number);
  return text;
}

std::string numbers_text(const std::array<double, 3>& numbers, std::int64_t channels) {
  std::string text;
  for (std::int64_t i = 0; i < channels; ++i) text += (i == 0 ? "" : " ") + short_number(numbers[static_cast<std::size_t>(i)]);
  return text;
}

std::string sizes_text(const Inspection& found) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& [size, count] : found.sizes) {
    if (shown++ == kShownSizes) return text + ", ... (" + std::to_string(found.sizes.size()) + " sizes)";
    text += (text.empty() ? "" : ", ") + std::to_string(size.first) + " x " + std::to_string(size.second) +
            (found.sizes.size() > 1 ? " (" + std::to_string(count) + ")" : "");
  }
  return text;
}

std::string line(const std::string& name, const std::string& value) {
  return "  " + name + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ') + value + "\n";
}

/// One line a class: number, images, name.
std::string classes_text(const Inspection& found) {
  std::string text = "  class       images  name\n";
  const auto row = [&](double number, std::int64_t count) {
    const bool named = number >= 0 && number < static_cast<double>(found.class_names.size()) && number == std::floor(number);
    char start[64];
    std::snprintf(start, sizeof start, "  %-10s %7lld", plain_text(number).c_str(), static_cast<long long>(count));
    text += std::string(start) + (named ? "  " + found.class_names[static_cast<std::size_t>(number)] : "") + "\n";
  };
  for (const auto& [label, count] : found.labels) row(static_cast<double>(label), count);
  for (std::size_t i = 0; i < found.positives.size(); ++i) row(static_cast<double>(i), found.positives[i]);
  return text;
}

}  // namespace

Fallible<std::vector<Inspection>> inspect(const std::string& path) {
  std::vector<Inspection> all;
  const auto train = find_channel({.path = path, .shared = true});
  const auto validation = find_channel({.path = path, .role = Channel::kValidation, .shared = true});
  const bool both = std::filesystem::is_directory(path) && train.ok() && validation.ok();
  for (const Channel role : {Channel::kTrain, Channel::kValidation}) {
    if (!both && role == Channel::kValidation) break;
    ChannelRequest request{.path = path, .role = role, .shared = both};
    if (!all.empty()) request.classes = all.front().class_names;
    auto files = find_channel(request);
    if (!files.ok() && !both) files = find_channel({.path = path, .role = Channel::kValidation});
    if (!files.ok()) return files.failure();
    auto found = inspect_channel(std::move(files.value()));
    if (!found.ok()) return found.failure();
    all.push_back(std::move(found.value()));
  }
  return all;
}

std::string text_of(const Inspection& found) {
  std::string text = found.files.path + "\n";
  if (found.files.images.empty()) {
    std::string names;
    for (const std::string& file : found.files.files) {
      names += (names.empty() ? "" : ", ") + std::filesystem::path(file).filename().string();
    }
    text += line("files", names);
  }
  const std::size_t files = found.files.images.empty() ? found.files.files.size() : found.files.images.size();
  text += line("format", std::string(name_of(found.files.format)) + ", " + std::to_string(files) +
                             (files == 1 ? " file, " : " files, ") + std::to_string(found.bytes) + " bytes");
  text +=
      line("images", std::to_string(found.images) + (found.channels == 1 ? ", grey"
                                                     : found.grey == 0   ? ", in colour"
                                                                         : ", " + std::to_string(found.grey) + " of them grey"));
  text += line("size", sizes_text(found));
  text += line("unreadable", std::to_string(found.unreadable));
  for (const std::string& name : found.unreadable_names) text += line("", name);
  text += line("mean", numbers_text(found.statistics.mean, found.channels));
  text += line("deviation", numbers_text(found.statistics.deviation, found.channels));
  if (!found.labels.empty()) {
    const auto low = static_cast<double>(found.labels.begin()->first);
    const auto high = static_cast<double>(found.labels.rbegin()->first);
    text += line("labels", plain_text(low) + " to " + plain_text(high) + ", " + std::to_string(found.labels.size()) +
                               " of them occur; num_classes=" + plain_text(std::floor(high) + 1));
  }
  if (!found.positives.empty()) text += line("labels", std::to_string(found.positives.size()) + " an image: multi_label=1");
  for (const std::string& note : found.notes) text += line("note", note);
  return text + classes_text(found);
}

}  // namespace tune::trainer
