#include "trainers/data/image_cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "trainers/data/hash.hpp"
#include "trainers/data/image_source.hpp"
#include "trainers/data/mapped_file.hpp"
#include "trainers/support/files.hpp"
#include "trainers/support/parallel.hpp"

namespace tune::trainer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".images";
constexpr const char* kUnfinished = ".unfinished";
constexpr mode_t kPrivate = 0700;

/// Two hashes over the same bytes, from different beginnings.
class KeyHash {
 public:
  void add(std::span<const std::uint8_t> bytes) {
    for (std::uint64_t& half : key_) half = add_to_hash(half, bytes);
  }
  void add(std::int64_t number) { add({reinterpret_cast<const std::uint8_t*>(&number), sizeof number}); }
  void add(const std::string& text) {
    add(static_cast<std::int64_t>(text.size()));
    add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  [[nodiscard]] const SourceKey& key() const { return key_; }

 private:
  SourceKey key_{kHashBasis, ~kHashBasis};
};

/// Adds a file, whose relative path is relative to `here`. Gives its size; 0 where there is none.
std::uint64_t add_file(KeyHash& hash, const std::string& path, const FileStamp& stamp, const std::string& here) {
  if (!path.starts_with('/')) hash.add(here);
  hash.add(path);
  for (const std::int64_t number : {stamp.size, stamp.changed, stamp.fraction}) hash.add(number);
  return stamp.size > 0 ? static_cast<std::uint64_t>(stamp.size) : 0;
}

/// The key, and how many bytes the sources have.
SourceKey key_of(const ChannelFiles& files, const LoadRequest& request, std::uint64_t& source_bytes) {
  const PreparationSettings& settings = request.settings;
  KeyHash hash;
  for (const std::int64_t number :
       {std::int64_t{kPreparedVersion}, static_cast<std::int64_t>(files.format), settings.channels, settings.height,
        settings.width, settings.resize, std::int64_t{settings.multi_label}, request.limit}) {
    hash.add(number);
  }
  std::error_code error;
  const std::string here = fs::current_path(error).string();
  source_bytes = 0;
  for (const std::string& file : files.files) {
    source_bytes += add_file(hash, file, stamp_of(file), here);
    if (files.format != DataFormat::kRecordIo) continue;
    const std::string idx = fs::path(file).replace_extension(".idx").string();
    add_file(hash, idx, stamp_of(idx), here);
  }
  for (const ListedImage& image : files.images) {
    source_bytes += add_file(hash, image.path, image.stamp ? *image.stamp : stamp_of(image.path), here);
    for (const float label : image.labels) hash.add({reinterpret_cast<const std::uint8_t*>(&label), sizeof label});
  }
  for (const std::string& name : files.class_names) hash.add(name);
  return hash.key();
}

std::string text_of(const SourceKey& key) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(key[0]),
                static_cast<unsigned long long>(key[1]));
  return text;
}

/// A prepared file that is there, sound, and ours (or root's): nobody else may say what is trained on.
std::optional<PreparedImages> look_up(const std::string& path, const SourceKey& key) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file.ok() || fstat(file.number(), &status) != 0) return std::nullopt;
  if (status.st_uid != geteuid() && status.st_uid != 0) return std::nullopt;
  const auto mapped = map_descriptor(file.number(), path);
  if (!mapped.ok()) return std::nullopt;
  auto images = open_prepared(mapped.value().bytes, mapped.value().owner, key);
  if (!images.ok()) return std::nullopt;
  return std::move(images.value());
}

/// Waits until nobody else prepares the same images. Where nothing can be locked there is no waiting.
void wait_for_turn(const Descriptor& lock) {
  if (!lock.ok()) return;
  while (flock(lock.number(), LOCK_EX) != 0 && errno == EINTR) {
  }
}

/// What somebody who was killed while preparing has left.
void remove_unfinished(const fs::path& directory, const std::string& name) {
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string found = at->path().filename().string();
    std::error_code ignored;
    if (found.starts_with(name + kUnfinished)) fs::remove(at->path(), ignored);
  }
}

/// Prepares into a file beside `path` and gives it that name. `unwritable`: it is the cache that failed, not the images.
Outcome prepare_file(const std::string& path, const SourceKey& key, const ImageSource& source, const LoadRequest& request,
                     bool& unwritable) {
  unwritable = true;
  std::string unfinished = path + kUnfinished + ".XXXXXX";
  const Descriptor file(mkostemp(unfinished.data(), O_CLOEXEC));
  if (!file.ok()) return Failure{unfinished + ": " + std::strerror(errno)};
  auto failure = write_prepared(file.number(), key, source, request.settings, thread_count(), unwritable);
  if (!failure && rename(unfinished.c_str(), path.c_str()) != 0) {
    failure = Failure{path + ": " + std::strerror(errno)};
    unwritable = true;
  }
  if (failure) unlink(unfinished.c_str());
  return failure;
}

}  // namespace

std::string usual_cache_directory() {
  const auto below = [](const char* variable, const char* folder) -> std::optional<std::string> {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value != '/') return std::nullopt;  // XDG: a relative one is to be ignored
    return std::string(value) + folder;
  };
  if (const auto given = below("XDG_CACHE_HOME", "/tune/images")) return *given;
  return below("HOME", "/.cache/tune/images").value_or(kNoCache);
}

Fallible<PreparedImages> load_images(const ChannelFiles& files, const LoadRequest& request) {
  const auto in_memory = [&]() -> Fallible<PreparedImages> {
    const auto source = open_source(files, request.limit);
    if (!source.ok()) return source.failure();
    return prepare_in_memory(*source.value(), request.settings, thread_count());
  };
  std::uint64_t source_bytes = 0;
  if (request.cache_directory.empty() || request.cache_directory == kNoCache) return in_memory();
  const SourceKey key = key_of(files, request, source_bytes);
  if (source_bytes < request.small_source) return in_memory();

  const std::string name = text_of(key);
  const fs::path directory = request.cache_directory;
  const std::string path = (directory / (name + kEnding)).string();
  if (auto found = look_up(path, key)) return std::move(*found);
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  if (mkdir(directory.c_str(), kPrivate) != 0 && errno != EEXIST) {
    const std::string why = std::strerror(errno);
    auto images = in_memory();
    if (images.ok()) images.value().notes.push_back("the cache of images " + directory.string() + " cannot be made: " + why);
    return images;
  }
  const Descriptor lock(open((directory / (name + ".lock")).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  wait_for_turn(lock);
  if (auto found = look_up(path, key)) return std::move(*found);
  if (lock.ok()) remove_unfinished(directory, name + kEnding);
  const auto source = open_source(files, request.limit);
  if (!source.ok()) return source.failure();
  bool unwritable = false;
  const auto failure = prepare_file(path, key, *source.value(), request, unwritable);
  if (failure && !unwritable) return *failure;
  if (!failure) {
    if (auto found = look_up(path, key)) return std::move(*found);
  }
  auto images = prepare_in_memory(*source.value(), request.settings, thread_count());
  if (images.ok()) {
    images.value().notes.push_back("the images could not be kept in the cache: " +
                                   (failure ? failure->message : path + " cannot be read back"));
  }
  return images;
}

}  // namespace tune::trainer
