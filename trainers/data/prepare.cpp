#include "trainers/data/prepare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "trainers/data/image_shape.hpp"
#include "trainers/data/resize.hpp"
#include "trainers/support/numbers.hpp"
#include "trainers/support/parallel.hpp"

namespace tune::trainer {
namespace {

constexpr std::int64_t kBatchBytes = std::int64_t{1} << 21;  // of pixels that wait for the sink: they stay in a processor's cache
constexpr std::int64_t kFirstBatch = 32;                     // images, before it is known how large they are
constexpr std::int64_t kLargestBatch = 8192;                 // images
constexpr float kMaxLabel = 16'777'215;                      // the largest whole number below which floats lack none

struct Size {
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// The size after resizing; nothing when the image cannot be read.
struct Probe {
  bool readable = false;
  std::int64_t channels = 0;
  Size size;
};

/// One image on its way.
struct Slot {
  Image image;
  std::vector<float> labels;
  Outcome failure;
  bool enlarged = false;
};

void fill(const ImageSource& source, std::int64_t i, const PreparationSettings& settings, ImageSource::Reader& reader,
          Slot& slot) {
  slot.enlarged = false;
  slot.failure = source.read(i, settings.channels, reader, slot.image, slot.labels);
  if (!slot.failure && settings.resize > 0) slot.failure = resize_shorter_side(slot.image, settings.resize);
  if (slot.failure) return;
  slot.enlarged = slot.image.height < settings.height || slot.image.width < settings.width;
  slot.failure = enlarge_to_crop(slot.image, settings.height, settings.width);
}

/// An image of a source; its name is made only where it is said.
struct Named {
  const ImageSource& source;
  std::int64_t i = 0;
  [[nodiscard]] std::string text() const { return source.name(i) + ": "; }
};

Outcome take_labels(const Slot& slot, const Named& name, bool multi_label, PreparedTables& tables) {
  const std::vector<float>& labels = slot.labels;
  const auto shown = [](float label) { return plain_text(static_cast<double>(label)); };
  if (!multi_label) {
    if (labels.size() != 1) {
      return Failure{name.text() + std::to_string(labels.size()) + " labels; with multi_label=1 an image may have several"};
    }
    if (!(labels[0] >= 0 && labels[0] <= kMaxLabel && labels[0] == std::floor(labels[0]))) {
      return Failure{name.text() + "label " + shown(labels[0]) + "; allowed: a whole number from 0 to " + shown(kMaxLabel)};
    }
  } else {
    if (tables.places.empty()) tables.labels_per_image = static_cast<std::int64_t>(labels.size());
    if (labels.size() < 2 || static_cast<std::int64_t>(labels.size()) != tables.labels_per_image) {
      return Failure{name.text() + std::to_string(labels.size()) +
                     " labels; with multi_label=1 every image has as many as there are " + "classes, and the first one has " +
                     std::to_string(tables.labels_per_image)};
    }
    const auto wrong = std::ranges::find_if(labels, [](float label) { return label != 0 && label != 1; });
    if (wrong != labels.end()) return Failure{name.text() + "label " + shown(*wrong) + "; with multi_label=1 allowed: 0 and 1"};
  }
  for (const float label : labels) tables.labels.push_back(static_cast<std::int32_t>(label));
  return {};
}

void note_unreadable(Trouble& trouble, const std::string& what) {
  if (trouble.unreadable_names.size() < kNamedImages) trouble.unreadable_names.push_back(what);
}

/// One slot's image to the sink, or to those that could not be read.
Outcome take(const Slot& slot, const Named& name, bool multi_label, PreparedTables& tables, const PixelSink& sink) {
  if (slot.failure) {
    note_unreadable(tables.trouble, name.text() + slot.failure->message);
    ++tables.trouble.unreadable;
    return {};
  }
  if (auto failure = take_labels(slot, name, multi_label, tables)) return failure;
  if (slot.enlarged && tables.trouble.enlarged++ == 0) tables.trouble.enlarged_name = name.source.name(name.i);
  tables.places.push_back({.offset = tables.bytes,
                           .height = static_cast<std::int32_t>(slot.image.height),
                           .width = static_cast<std::int32_t>(slot.image.width)});
  tables.bytes += slot.image.pixels.size();
  return sink(slot.image.pixels);
}

Size after_resize(Size size, std::int64_t resize) {
  if (resize == 0) return size;
  if (size.height > size.width) return {.height = resize * size.height / size.width, .width = resize};
  return {.height = resize, .width = resize * size.width / size.height};
}

struct InMemory {
  std::vector<std::uint8_t> pixels;
  std::vector<ImagePlace> places;
  std::vector<std::int32_t> labels;
};

/// The set itself when it already is what the settings ask for.
std::optional<ImageSet> usable_as_it_is(const ImageSource& source, const PreparationSettings& settings) {
  if (settings.resize > 0 || settings.multi_label) return std::nullopt;
  auto set = source.as_it_is();
  const auto shape = set ? set->common_shape() : std::nullopt;
  const bool fits =
      shape && shape->channels == settings.channels && shape->height >= settings.height && shape->width >= settings.width;
  return fits ? set : std::nullopt;
}

}  // namespace

Fallible<PreparationSettings> decide(const ImageSource& source, PreparationSettings settings, int threads) {
  if (settings.channels > 0 && settings.height > 0) return settings;
  std::vector<Probe> probes(static_cast<std::size_t>(source.size()));
  std::vector<ImageSource::Reader> readers(static_cast<std::size_t>(threads));
  auto failure = parallel_for(source.size(), threads, [&](int thread, std::int64_t i) {
    const auto header = source.header(i, readers[static_cast<std::size_t>(thread)]);
    if (!header.ok()) return;
    const ImageHeader& h = header.value();
    probes[static_cast<std::size_t>(i)] = {
        .readable = true, .channels = h.channels, .size = after_resize({.height = h.height, .width = h.width}, settings.resize)};
  });
  if (failure) return *failure;
  std::erase_if(probes, [](const Probe& probe) { return !probe.readable; });
  if (settings.channels == 0) {
    const bool colour = std::ranges::any_of(probes, [](const Probe& probe) { return probe.channels == 3; });
    settings.channels = colour ? 3 : 1;
  }
  if (settings.height == 0) {
    const auto differs = [&](const Probe& probe) {
      return probe.size.height != probes.front().size.height || probe.size.width != probes.front().size.width;
    };
    const bool alike = !probes.empty() && std::ranges::none_of(probes, differs);
    const std::int64_t usual = settings.resize > 0 ? std::min(settings.resize, kUsualCrop) : kUsualCrop;
    settings.height = alike ? probes.front().size.height : usual;
    settings.width = alike ? probes.front().size.width : usual;
  }
  settings.height = std::clamp(settings.height, kMinImageSide, kMaxImageSide);
  settings.width = std::clamp(settings.width, kMinImageSide, kMaxImageSide);
  return settings;
}

Fallible<PreparedTables> prepare(const ImageSource& source, const PreparationSettings& settings, int threads,
                                 const PixelSink& sink) {
  PreparedTables tables;
  tables.trouble.images = source.size() + static_cast<std::int64_t>(source.damage_count());
  tables.trouble.unreadable = static_cast<std::int64_t>(source.damage_count());
  for (const std::string& damage : source.damages()) note_unreadable(tables.trouble, damage);
  std::vector<ImageSource::Reader> readers(static_cast<std::size_t>(threads));
  std::vector<Slot> slots;
  std::int64_t batch = kFirstBatch;
  for (std::int64_t first = 0; first < source.size(); first += batch) {
    if (first > 0) {
      const std::int64_t average = static_cast<std::int64_t>(tables.bytes) / first + 1;
      batch = std::clamp(kBatchBytes / average, kFirstBatch, kLargestBatch);
    }
    const std::int64_t count = std::min(batch, source.size() - first);
    if (static_cast<std::int64_t>(slots.size()) < count) slots.resize(static_cast<std::size_t>(count));
    auto failure = parallel_for(count, threads, [&](int thread, std::int64_t i) {
      fill(source, first + i, settings, readers[static_cast<std::size_t>(thread)], slots[static_cast<std::size_t>(i)]);
    });
    for (std::int64_t i = 0; i < count && !failure; ++i) {
      failure = take(slots[static_cast<std::size_t>(i)], {.source = source, .i = first + i}, settings.multi_label, tables, sink);
    }
    if (failure) return *failure;
  }
  return tables;
}

Fallible<PreparedImages> prepare_in_memory(const ImageSource& source, const PreparationSettings& given, int threads) {
  const auto settings = decide(source, given, threads);
  if (!settings.ok()) return settings.failure();
  PreparedImages prepared;
  prepared.shape = {.channels = settings.value().channels, .height = settings.value().height, .width = settings.value().width};
  prepared.class_names = source.class_names();
  prepared.notes = source.notes();
  if (auto set = usable_as_it_is(source, settings.value())) {
    prepared.trouble.images = set->size();
    prepared.set = std::move(*set);
    return prepared;
  }
  auto owned = std::make_shared<InMemory>();
  constexpr std::int64_t kMostReserved = std::int64_t{1} << 30;  // bytes
  owned->pixels.reserve(
      static_cast<std::size_t>(std::min(kMostReserved / prepared.shape.pixels(), source.size()) * prepared.shape.pixels()));
  auto tables = prepare(source, settings.value(), threads, [&](std::span<const std::uint8_t> pixels) -> Outcome {
    owned->pixels.insert(owned->pixels.end(), pixels.begin(), pixels.end());
    return {};
  });
  if (!tables.ok()) return tables.failure();
  owned->places = std::move(tables.value().places);
  owned->labels = std::move(tables.value().labels);
  prepared.set.channels = prepared.shape.channels;
  prepared.set.labels_per_image = tables.value().labels_per_image;
  prepared.set.pixels = owned->pixels;
  prepared.set.places = owned->places;
  prepared.set.labels = owned->labels;
  prepared.set.owner = owned;
  prepared.set.fingerprint = fingerprint_of(prepared.set);
  prepared.trouble = tables.value().trouble;
  return prepared;
}

}  // namespace tune::trainer
