#include "trainers/data/prepared_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>
#include <type_traits>

#include "trainers/data/hash.hpp"
#include "trainers/data/image_shape.hpp"
#include "trainers/data/mapped_file.hpp"

namespace tune::trainer {
namespace {

constexpr char kMagic[8] = {'T', 'U', 'N', 'E', 'I', 'M', 'G', 'S'};

struct Section {
  std::uint64_t offset = 0;  ///< bytes
  std::uint64_t size = 0;    ///< bytes
};

/// The first bytes of the file; the rest of its page is zero.
struct Header {
  char magic[8] = {};
  std::uint32_t version = 0;
  std::uint32_t header_size = 0;
  std::uint64_t key[2] = {};
  std::uint64_t file_size = 0;
  std::int64_t count = 0;
  std::int64_t labels_per_image = 0;
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  Section pixels = {};
  Section places = {};
  Section labels = {};
  Section texts = {};
  double mean[3] = {};
  double deviation[3] = {};
  std::uint64_t fingerprint = 0;
  std::int64_t images = 0;
  std::int64_t unreadable = 0;
  std::int64_t enlarged = 0;
  std::uint64_t tables_hash = 0;  ///< of places, labels and texts
  std::uint64_t header_hash = 0;  ///< of all before it
};
static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) <= kPreparedPage);

std::uint64_t hash_of(const Header& header) {
  return add_to_hash(kHashBasis, {reinterpret_cast<const std::uint8_t*>(&header), offsetof(Header, header_hash)});
}

std::span<const std::uint8_t> part(std::span<const std::uint8_t> file, Section section) {
  return file.subspan(section.offset, section.size);
}

std::uint64_t hash_of_tables(std::span<const std::uint8_t> file, const Header& header) {
  std::uint64_t hash = kHashBasis;
  for (const Section& section : {header.places, header.labels, header.texts}) hash = add_to_hash(hash, part(file, section));
  return hash;
}

// --- texts: lists of strings, each a count and then length and bytes -------------------------------------------------------

void put_number(std::string& out, std::size_t number) {
  const auto small = static_cast<std::uint32_t>(number);
  out.append(reinterpret_cast<const char*>(&small), sizeof small);
}

void put_list(std::string& out, const std::vector<std::string>& list) {
  put_number(out, list.size());
  for (const std::string& text : list) {
    put_number(out, text.size());
    out += text;
  }
}

std::optional<std::uint32_t> take_number(std::span<const std::uint8_t>& rest) {
  std::uint32_t number = 0;
  if (rest.size() < sizeof number) return std::nullopt;
  std::memcpy(&number, rest.data(), sizeof number);
  rest = rest.subspan(sizeof number);
  return number;
}

bool take_list(std::span<const std::uint8_t>& rest, std::vector<std::string>& list) {
  const auto count = take_number(rest);
  if (!count || *count > rest.size() / sizeof *count) return false;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto length = take_number(rest);
    if (!length || *length > rest.size()) return false;
    list.emplace_back(reinterpret_cast<const char*>(rest.data()), *length);
    rest = rest.subspan(*length);
  }
  return true;
}

// --- writing ---------------------------------------------------------------------------------------------------------------

/// Appends to a file through a buffer; where it stands is all it knows.
class Appender {
 public:
  explicit Appender(int descriptor) : descriptor_(descriptor) { buffer_.reserve(kBuffer); }

  Outcome add(std::span<const std::uint8_t> bytes) {
    offset_ += bytes.size();
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return buffer_.size() < kBuffer ? Outcome{} : flush();
  }

  template <class T>
  Outcome add_table(const std::vector<T>& table, Section& section) {
    const std::vector<std::uint8_t> gap((8 - offset_ % 8) % 8);
    if (auto failure = add(gap)) return failure;
    section = {.offset = offset_, .size = table.size() * sizeof(T)};
    return add({reinterpret_cast<const std::uint8_t*>(table.data()), static_cast<std::size_t>(section.size)});
  }

  Outcome flush() {
    for (std::size_t done = 0; done < buffer_.size();) {
      const ssize_t written = write(descriptor_, buffer_.data() + done, buffer_.size() - done);
      if (written < 0 && errno != EINTR) {
        failed_ = true;
        return Failure{std::strerror(errno)};
      }
      done += static_cast<std::size_t>(std::max<ssize_t>(written, 0));
    }
    buffer_.clear();
    return {};
  }

  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  static constexpr std::size_t kBuffer = std::size_t{1} << 20;  // bytes
  int descriptor_;
  std::uint64_t offset_ = 0;
  bool failed_ = false;
  std::vector<std::uint8_t> buffer_;
};

Outcome write_header(int descriptor, const Header& header) {
  std::vector<std::uint8_t> page(kPreparedPage);
  std::memcpy(page.data(), &header, sizeof header);
  if (pwrite(descriptor, page.data(), page.size(), 0) != static_cast<ssize_t>(page.size())) return Failure{std::strerror(errno)};
  return {};
}

/// What the header says of the set's bytes: everything but what only a look at the pixels tells.
ImageSet set_of(const Header& header, std::span<const std::uint8_t> file, std::shared_ptr<const void> owner) {
  ImageSet set;
  set.channels = header.channels;
  set.labels_per_image = header.labels_per_image;
  set.pixels = part(file, header.pixels);
  set.places = {reinterpret_cast<const ImagePlace*>(file.data() + header.places.offset), static_cast<std::size_t>(header.count)};
  set.labels = {reinterpret_cast<const std::int32_t*>(file.data() + header.labels.offset),
                static_cast<std::size_t>(header.count * header.labels_per_image)};
  set.fingerprint = header.fingerprint;
  set.owner = std::move(owner);
  return set;
}

/// Fingerprint, statistics and hashes, from the file as it is now.
Outcome complete(int descriptor, Header& header) {
  const auto file = map_descriptor(descriptor, "the prepared file");
  if (!file.ok()) return file.failure();
  const ImageSet set = set_of(header, file.value().bytes, nullptr);
  const ChannelStatistics statistics = statistics_of(set);
  std::ranges::copy(statistics.mean, header.mean);
  std::ranges::copy(statistics.deviation, header.deviation);
  header.fingerprint = fingerprint_of(set);
  header.tables_hash = hash_of_tables(file.value().bytes, header);
  header.header_hash = hash_of(header);
  return {};
}

// --- reading ---------------------------------------------------------------------------------------------------------------

bool inside(Section section, std::uint64_t alignment, std::uint64_t file_size) {
  return section.offset >= kPreparedPage && section.offset % alignment == 0 && section.offset <= file_size &&
         section.size <= file_size - section.offset;
}

/// The first thing in the header that cannot be, or null.
const char* problem_of(const Header& h, std::uint64_t file_size) {
  if (h.file_size != file_size) return "it is not as long as it says";
  if (!inside(h.pixels, kPreparedPage, file_size) || !inside(h.places, alignof(ImagePlace), file_size) ||
      !inside(h.labels, alignof(std::int32_t), file_size) || !inside(h.texts, 1, file_size))
    return "a table lies outside of it";
  if (h.channels != 1 && h.channels != 3) return "its number of channels";
  if (std::min(h.height, h.width) < kMinImageSide || std::max(h.height, h.width) > kMaxImageSide) return "its image_shape";
  if (h.count < 0 || h.places.size % sizeof(ImagePlace) != 0 ||
      static_cast<std::uint64_t>(h.count) != h.places.size / sizeof(ImagePlace))
    return "its number of images";
  if (h.labels_per_image < 1 || h.labels.size % sizeof(std::int32_t) != 0) return "its number of labels";
  const std::uint64_t labels = h.labels.size / sizeof(std::int32_t);
  if (h.count == 0 ? labels != 0
                   : labels / static_cast<std::uint64_t>(h.count) != static_cast<std::uint64_t>(h.labels_per_image) ||
                         labels % static_cast<std::uint64_t>(h.count) != 0)
    return "its number of labels";
  const auto is_number = [](double number) { return std::isfinite(number) && number >= 0; };
  if (!std::ranges::all_of(h.mean, is_number) ||
      !std::ranges::all_of(h.deviation, [](double number) { return std::isfinite(number) && number > 0; }))
    return "its statistics";
  if (h.unreadable < 0 || h.unreadable > h.images || h.enlarged < 0) return "its number of unreadable images";
  return nullptr;
}

/// Every image within the pixels and no smaller than the crop, every label a label.
const char* problem_of(const ImageSet& set, ImageShape shape) {
  for (const ImagePlace& place : set.places) {
    if (place.height < shape.height || place.width < shape.width) return "an image is smaller than the crop";
    const std::uint64_t pixels = static_cast<std::uint64_t>(place.height) * static_cast<std::uint64_t>(place.width);
    if (pixels > kMaxDecodedPixels || place.offset > set.pixels.size() ||
        pixels * static_cast<std::uint64_t>(set.channels) > set.pixels.size() - place.offset)
      return "an image lies outside of it";
  }
  const std::int32_t most = set.labels_per_image > 1 ? 1 : INT32_MAX;
  if (std::ranges::any_of(set.labels, [&](std::int32_t label) { return label < 0 || label > most; })) return "a label";
  return nullptr;
}

}  // namespace

Outcome write_prepared(int descriptor, const SourceKey& key, const ImageSource& source, const PreparationSettings& given,
                       int threads, bool& unwritable) {
  unwritable = false;
  const auto settings = decide(source, given, threads);
  if (!settings.ok()) return settings.failure();
  Appender out(descriptor);
  if (auto failure = out.add(std::vector<std::uint8_t>(kPreparedPage))) return failure;
  auto tables = prepare(source, settings.value(), threads, [&](std::span<const std::uint8_t> pixels) { return out.add(pixels); });
  unwritable = out.failed();
  if (!tables.ok()) return tables.failure();
  unwritable = true;  // from here on nothing else can fail
  const Trouble& trouble = tables.value().trouble;
  Header header{.version = kPreparedVersion,
                .header_size = sizeof(Header),
                .key = {key[0], key[1]},
                .count = static_cast<std::int64_t>(tables.value().places.size()),
                .labels_per_image = tables.value().labels_per_image,
                .channels = settings.value().channels,
                .height = settings.value().height,
                .width = settings.value().width,
                .pixels = {.offset = kPreparedPage, .size = tables.value().bytes},
                .images = trouble.images,
                .unreadable = trouble.unreadable,
                .enlarged = trouble.enlarged};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  std::string text;
  put_list(text, source.class_names());
  put_list(text, source.notes());
  put_list(text, trouble.unreadable_names);
  put_list(text, {trouble.enlarged_name});
  const std::vector<std::uint8_t> texts(text.begin(), text.end());
  if (auto failure = out.add_table(tables.value().places, header.places)) return failure;
  if (auto failure = out.add_table(tables.value().labels, header.labels)) return failure;
  if (auto failure = out.add_table(texts, header.texts)) return failure;
  if (auto failure = out.flush()) return failure;
  header.file_size = out.offset();
  if (auto failure = complete(descriptor, header)) return failure;
  if (auto failure = write_header(descriptor, header)) return failure;
  if (fsync(descriptor) != 0) return Failure{std::strerror(errno)};
  unwritable = false;
  return {};
}

Fallible<PreparedImages> open_prepared(std::span<const std::uint8_t> bytes, std::shared_ptr<const void> owner,
                                       const SourceKey& key) {
  Header header;
  if (bytes.size() < kPreparedPage) return Failure{"it is cut short"};
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.version != kPreparedVersion ||
      header.header_size != sizeof header)
    return Failure{"it is of another version"};
  if (header.header_hash != hash_of(header)) return Failure{"damaged: its header's checksum"};
  if (header.key[0] != key[0] || header.key[1] != key[1]) return Failure{"it is of other images or settings"};
  if (const char* problem = problem_of(header, bytes.size())) return Failure{std::string("damaged: ") + problem};
  if (header.tables_hash != hash_of_tables(bytes, header)) return Failure{"damaged: its tables' checksum"};

  PreparedImages prepared;
  prepared.shape = {.channels = header.channels, .height = header.height, .width = header.width};
  prepared.set = set_of(header, bytes, std::move(owner));
  prepared.set.measured.emplace();
  std::ranges::copy(header.mean, prepared.set.measured->mean.begin());
  std::ranges::copy(header.deviation, prepared.set.measured->deviation.begin());
  if (const char* problem = problem_of(prepared.set, prepared.shape)) return Failure{std::string("damaged: ") + problem};
  prepared.trouble.images = header.images;
  prepared.trouble.unreadable = header.unreadable;
  prepared.trouble.enlarged = header.enlarged;
  auto texts = part(bytes, header.texts);
  std::vector<std::string> enlarged;
  const bool read = take_list(texts, prepared.class_names) && take_list(texts, prepared.notes) &&
                    take_list(texts, prepared.trouble.unreadable_names) && take_list(texts, enlarged);
  if (!read || !texts.empty() || enlarged.size() != 1) return Failure{"damaged: its texts"};
  prepared.trouble.enlarged_name = enlarged.front();
  return prepared;
}

void seal_prepared(std::span<std::uint8_t> file) {
  Header header;
  if (file.size() < kPreparedPage) return;
  std::memcpy(&header, file.data(), sizeof header);
  const bool sound =
      inside(header.places, 1, file.size()) && inside(header.labels, 1, file.size()) && inside(header.texts, 1, file.size());
  if (sound) header.tables_hash = hash_of_tables(file, header);
  header.header_hash = hash_of(header);
  std::memcpy(file.data(), &header, sizeof header);
}

}  // namespace tune::trainer
