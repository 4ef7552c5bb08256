#include "trainers/data/image_source.hpp"

#include <algorithm>
#include <filesystem>

#include "trainers/data/cifar.hpp"
#include "trainers/data/idx.hpp"
#include "trainers/data/mapped_file.hpp"
#include "trainers/data/recordio.hpp"

namespace tune::trainer {
namespace {

/// Images in files of their own.
class ListedSource final : public ImageSource {
 public:
  ListedSource(const ChannelFiles& files, std::int64_t limit) : names_(files.class_names), notes_(files.notes) {
    const auto count = static_cast<std::int64_t>(files.images.size());
    images_.assign(files.images.begin(), files.images.begin() + (limit > 0 ? std::min(limit, count) : count));
  }
  [[nodiscard]] std::int64_t size() const override { return static_cast<std::int64_t>(images_.size()); }
  [[nodiscard]] std::string name(std::int64_t i) const override { return images_[static_cast<std::size_t>(i)].path; }

  Fallible<ImageHeader> header(std::int64_t i, Reader& reader) const override {
    constexpr std::uint64_t kUsualHead = 4096;  // bytes; a JPEG with a large preview before its sizes is read whole
    if (auto failure = read_bytes(name(i), reader.bytes, kUsualHead)) return without_name(*failure, i);
    const auto found = reader.decoder.header(reader.bytes);
    if (found.ok() || reader.bytes.size() < kUsualHead) return found;
    if (auto failure = read_bytes(name(i), reader.bytes)) return without_name(*failure, i);
    return reader.decoder.header(reader.bytes);
  }

  Outcome read(std::int64_t i, std::int64_t channels, Reader& reader, Image& image, std::vector<float>& labels) const override {
    if (auto failure = read_bytes(name(i), reader.bytes)) return without_name(*failure, i);
    labels = images_[static_cast<std::size_t>(i)].labels;
    return reader.decoder.decode(reader.bytes, channels, image);
  }

  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }
  [[nodiscard]] std::vector<std::string> class_names() const override { return names_; }

 private:
  [[nodiscard]] Failure without_name(const Failure& failure, std::int64_t i) const {
    return {failure.message.substr(name(i).size() + 2)};
  }

  std::vector<ListedImage> images_;
  std::vector<std::string> names_;
  std::vector<std::string> notes_;
};

/// Images of .rec files, one file after the other.
class RecordSource final : public ImageSource {
 public:
  Outcome add(const std::string& path, std::int64_t limit) {
    auto file = map_file(path);
    if (!file.ok()) return file.failure();
    const std::uint64_t wanted = limit > 0 ? static_cast<std::uint64_t>(limit - size()) : 0;
    const RecordIndex index = index_records(file.value().bytes, wanted);
    if (index.records.empty() && index.damage_count > 0) {
      return Failure{path + ": no RecordIO file: at byte 0, " + index.damages.front().what};
    }
    const std::string idx = std::filesystem::path(path).replace_extension(".idx").string();
    std::vector<std::uint8_t> bytes;
    if (limit == 0 && !read_bytes(idx, bytes)) {
      if (auto failure = check_index({bytes.begin(), bytes.end()}, index))
        notes_.push_back(idx + " is of another file and is not used: " + failure->message);
    }
    for (const RecordDamage& damage : index.damages) {
      if (damages_.size() < kNamedDamages)
        damages_.push_back(path + ", byte " + std::to_string(damage.offset) + ": " + damage.what);
    }
    damage_count_ += index.damage_count;
    for (const RecordPlace& place : index.records) records_.push_back({.file = files_.size(), .place = place});
    files_.push_back({.path = path, .mapped = file.value()});
    return {};
  }

  [[nodiscard]] std::int64_t size() const override { return static_cast<std::int64_t>(records_.size()); }
  [[nodiscard]] std::string name(std::int64_t i) const override {
    const Record& record = at(i);
    return files_[record.file].path + ", record at byte " + std::to_string(record.place.offset);
  }

  Fallible<ImageHeader> header(std::int64_t i, Reader& reader) const override {
    const auto record = read_image_record(payload(i, reader));
    if (!record.ok()) return record.failure();
    return reader.decoder.header(record.value().image);
  }

  Outcome read(std::int64_t i, std::int64_t channels, Reader& reader, Image& image, std::vector<float>& labels) const override {
    auto record = read_image_record(payload(i, reader));
    if (!record.ok()) return record.failure();
    labels = std::move(record.value().labels);
    return reader.decoder.decode(record.value().image, channels, image);
  }

  [[nodiscard]] std::vector<std::string> damages() const override { return damages_; }
  [[nodiscard]] std::uint64_t damage_count() const override { return damage_count_; }
  [[nodiscard]] std::vector<std::string> notes() const override { return notes_; }

 private:
  struct File {
    std::string path;
    MappedFile mapped;
  };
  struct Record {
    std::size_t file = 0;
    RecordPlace place;
  };

  [[nodiscard]] const Record& at(std::int64_t i) const { return records_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] std::span<const std::uint8_t> payload(std::int64_t i, Reader& reader) const {
    return record_payload(files_[at(i).file].mapped.bytes, at(i).place, reader.bytes);
  }

  std::vector<File> files_;
  std::vector<Record> records_;
  std::vector<std::string> damages_;
  std::uint64_t damage_count_ = 0;
  std::vector<std::string> notes_;
};

/// Images that are pixels already.
class PixelSource final : public ImageSource {
 public:
  PixelSource(ImageSet set, std::string path, std::vector<std::string> names)
      : set_(std::move(set)), path_(std::move(path)), names_(std::move(names)) {}
  [[nodiscard]] std::int64_t size() const override { return set_.size(); }
  [[nodiscard]] std::string name(std::int64_t i) const override { return path_ + ", image " + std::to_string(i); }

  Fallible<ImageHeader> header(std::int64_t i, Reader&) const override {
    const ImagePlace& place = set_.places[static_cast<std::size_t>(i)];
    return ImageHeader{.channels = set_.channels, .height = place.height, .width = place.width};
  }

  Outcome read(std::int64_t i, std::int64_t channels, Reader& reader, Image& image, std::vector<float>& labels) const override {
    const ImageHeader size = header(i, reader).value();
    const auto pixels = set_.pixels.subspan(set_.places[static_cast<std::size_t>(i)].offset,
                                            static_cast<std::size_t>(size.channels * size.height * size.width));
    image.channels = size.channels;
    image.height = size.height;
    image.width = size.width;
    image.pixels.assign(pixels.begin(), pixels.end());
    convert_channels(image, channels);
    labels.assign(1, static_cast<float>(set_.labels[static_cast<std::size_t>(i)]));
    return {};
  }

  [[nodiscard]] std::vector<std::string> class_names() const override { return names_; }
  [[nodiscard]] std::optional<ImageSet> as_it_is() const override { return set_; }

 private:
  ImageSet set_;
  std::string path_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<ImageSource> open_listed(const ChannelFiles& files, std::int64_t limit) {
  return std::make_unique<ListedSource>(files, limit);
}

std::unique_ptr<ImageSource> source_of(ImageSet set, const std::string& path, std::vector<std::string> class_names) {
  return std::make_unique<PixelSource>(std::move(set), path, std::move(class_names));
}

Fallible<std::unique_ptr<ImageSource>> open_records(const ChannelFiles& files, std::int64_t limit) {
  auto source = std::make_unique<RecordSource>();
  for (const std::string& path : files.files) {
    if (limit > 0 && source->size() >= limit) break;
    if (auto failure = source->add(path, limit)) return *failure;
  }
  return std::unique_ptr<ImageSource>(std::move(source));
}

Fallible<std::unique_ptr<ImageSource>> open_source(const ChannelFiles& files, std::int64_t limit) {
  switch (files.format) {
    case DataFormat::kRecordIo:
      return open_records(files, limit);
    case DataFormat::kList:
    case DataFormat::kFolders:
      return open_listed(files, limit);
    case DataFormat::kIdx: {
      auto set = read_idx(files.files.at(0), files.files.at(1), limit);
      if (!set.ok()) return set.failure();
      return source_of(std::move(set.value()), files.path, {});
    }
    default: {
      auto set = read_cifar(files.files, files.format == DataFormat::kCifar100 ? kCifar100 : kCifar10, limit);
      if (!set.ok()) return set.failure();
      return source_of(std::move(set.value()), files.path,
                       cifar_class_names(files.files.front(), files.format == DataFormat::kCifar100 ? kCifar100 : kCifar10));
    }
  }
}

}  // namespace tune::trainer
