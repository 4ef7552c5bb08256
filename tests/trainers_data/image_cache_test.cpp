#include "trainers/data/image_cache.hpp"

#include <doctest/doctest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"
#include "tests/trainers_data/image_files.hpp"
#include "trainers/data/mapped_file.hpp"

using namespace tune::test;
using namespace tune::trainer;
namespace fs = std::filesystem;

namespace {

/// A RecordIO file with one broken image, and a cache.
class CacheFolder {
 public:
  CacheFolder() {
    std::string file;
    for (unsigned i = 0; i < 30; ++i) {
      file += to_record(image_payload({static_cast<float>(i % 3)}, i == 4 ? "broken" : to_png(make_image(3, 9 + i % 2, 8, i))));
    }
    folder_.write("a.rec", file);
  }

  [[nodiscard]] ChannelFiles files() const {
    return {.format = DataFormat::kRecordIo, .path = folder_ / "a.rec", .files = {folder_ / "a.rec"}, .class_names = {}};
  }
  [[nodiscard]] LoadRequest request() const {
    return {.settings = {.height = 8, .width = 8}, .cache_directory = folder_ / "cache", .small_source = 0};
  }
  [[nodiscard]] PreparedImages load(const LoadRequest& with) const {
    auto images = load_images(files(), with);
    REQUIRE_MESSAGE(images.ok(), images.failure().message);
    return std::move(images.value());
  }
  [[nodiscard]] PreparedImages load() const { return load(request()); }

  /// Files of prepared images there are.
  [[nodiscard]] std::vector<fs::path> kept() const {
    std::vector<fs::path> found;
    if (!fs::exists(folder_ / "cache")) return found;
    for (const auto& entry : fs::directory_iterator(folder_ / "cache")) {
      if (entry.path().extension() == ".images") found.push_back(entry.path());
    }
    return found;
  }
  [[nodiscard]] const TempDir& dir() const { return folder_; }

 private:
  TempDir folder_;
};

void check_equal(const PreparedImages& a, const PreparedImages& b) {
  CHECK(a.set.fingerprint == b.set.fingerprint);
  CHECK(std::ranges::equal(a.set.pixels, b.set.pixels));
  CHECK(std::ranges::equal(a.set.labels, b.set.labels));
  CHECK(a.shape == b.shape);
  CHECK(a.notes == b.notes);
  CHECK(a.class_names == b.class_names);
  CHECK(a.trouble.images == b.trouble.images);
  CHECK(a.trouble.unreadable == b.trouble.unreadable);
  CHECK(a.trouble.unreadable_names == b.trouble.unreadable_names);
  CHECK(a.trouble.enlarged == b.trouble.enlarged);
  const ChannelStatistics one = statistics_of(a.set);
  const ChannelStatistics two = statistics_of(b.set);
  CHECK(one.mean == two.mean);
  CHECK(one.deviation == two.deviation);
}

}  // namespace

TEST_CASE("what is prepared is kept, and found again as it was in memory") {
  const CacheFolder folder;
  LoadRequest none = folder.request();
  none.cache_directory = kNoCache;
  const PreparedImages in_memory = folder.load(none);
  CHECK(folder.kept().empty());
  const PreparedImages first = folder.load();
  REQUIRE(folder.kept().size() == 1);
  const auto written = fs::last_write_time(folder.kept()[0]);
  const PreparedImages second = folder.load();
  CHECK(fs::last_write_time(folder.kept()[0]) == written);
  CHECK(second.set.measured.has_value());  // from the file's header
  check_equal(in_memory, first);
  check_equal(in_memory, second);
  CHECK(second.trouble.unreadable == 1);
  CHECK((fs::status(folder.dir() / "cache").permissions() & fs::perms::others_all) == fs::perms::none);
}

TEST_CASE("other sources or settings are other files; small sources are not kept") {
  const CacheFolder folder;
  LoadRequest request = folder.request();
  request.small_source = 1 << 20;
  static_cast<void>(folder.load(request));
  CHECK(folder.kept().empty());
  static_cast<void>(folder.load());
  request = folder.request();
  request.settings.channels = 1;
  static_cast<void>(folder.load(request));
  request.settings.resize = 20;
  static_cast<void>(folder.load(request));
  request.limit = 3;
  CHECK(folder.load(request).set.size() == 3);
  CHECK(folder.kept().size() == 4);
  static_cast<void>(folder.load(request));
  CHECK(folder.kept().size() == 4);
  fs::last_write_time(folder.dir() / "a.rec", fs::file_time_type::clock::now() + std::chrono::seconds(5));
  static_cast<void>(folder.load(request));
  CHECK(folder.kept().size() == 5);
  folder.dir().write("a.idx", "0\t0\n");
  static_cast<void>(folder.load(request));
  CHECK(folder.kept().size() == 6);
}

TEST_CASE("a kept file that is damaged anywhere in its header or tables is made anew") {
  const CacheFolder folder;
  const PreparedImages good = folder.load();
  const fs::path path = folder.kept().at(0);
  const std::string bytes = read_file(path);
  std::mt19937 random(5);
  std::vector<std::size_t> places = {0, 8, 20, 40, 100, 200};
  for (int i = 0; i < 20; ++i) places.push_back(bytes.size() - 1 - random() % 400);  // the tables are last
  for (const std::size_t place : places) {
    CAPTURE(place);
    std::string damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    fs::remove(path);
    folder.dir().write("cache/" + path.filename().string(), damaged);
    check_equal(folder.load(), good);
    CHECK(read_file(path) == bytes);
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{100}, std::size_t{4096}, bytes.size() - 1}) {
    fs::remove(path);
    folder.dir().write("cache/" + path.filename().string(), bytes.substr(0, length));
    check_equal(folder.load(), good);
  }
  CHECK(read_file(path) == bytes);
}

TEST_CASE("fields of a prepared file whose checksums are right are checked all the same") {
  const CacheFolder folder;
  static_cast<void>(folder.load());
  std::string bytes = read_file(folder.kept().at(0));
  SourceKey key{};
  std::memcpy(key.data(), bytes.data() + 16, sizeof key);
  const auto opened = [&](std::string file) {
    seal_prepared({reinterpret_cast<std::uint8_t*>(file.data()), file.size()});
    const auto images = open_prepared(bytes_of(file), nullptr, key);
    return images.ok() ? std::string("ok") : images.failure().message;
  };
  CHECK(opened(bytes) == "ok");
  int refused = 0;
  for (std::size_t field = 8; field < 200; field += 8) {
    for (const std::uint64_t value :
         {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{4095}, std::uint64_t{bytes.size()}}) {
      std::string changed = bytes;
      std::memcpy(changed.data() + field, &value, sizeof value);
      if (opened(changed) != "ok") ++refused;
    }
  }
  CHECK(refused > 80);
  SourceKey other = key;
  ++other[1];
  CHECK(open_prepared(bytes_of(bytes), nullptr, other).failure().message == "it is of other images or settings");
}

TEST_CASE("many processes that want the same images all get them, and one file is left") {
  const CacheFolder folder;
  const std::uint64_t expected = [&] {
    LoadRequest none = folder.request();
    none.cache_directory = kNoCache;
    return folder.load(none).set.fingerprint;
  }();
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const auto images = load_images(folder.files(), folder.request());
      _exit(images.ok() && images.value().set.fingerprint == expected && images.value().set.measured ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int state = -1;
    waitpid(child, &state, 0);
    CHECK(state == 0);
  }
  CHECK(folder.kept().size() == 1);
  for (const auto& entry : fs::directory_iterator(folder.dir() / "cache")) {
    CHECK(entry.path().string().find("unfinished") == std::string::npos);
  }
}

TEST_CASE("what a killed process has left is removed by the next that prepares") {
  const CacheFolder folder;
  static_cast<void>(folder.load());
  const fs::path path = folder.kept().at(0);
  fs::remove(path);
  const std::string left = path.string() + ".unfinished.abcdef";
  folder.dir().write("cache/" + fs::path(left).filename().string(), "half");
  static_cast<void>(folder.load());
  CHECK(fs::exists(path));
  CHECK_FALSE(fs::exists(left));
}

TEST_CASE("a cache that cannot be used is said, and the images are there all the same") {
  const CacheFolder folder;
  LoadRequest request = folder.request();
  request.cache_directory = folder.dir().write("file", "") + "/below";
  const PreparedImages images = folder.load(request);
  CHECK(images.set.size() == 29);
  REQUIRE(images.notes.size() == 1);
  CHECK(images.notes[0].find("below cannot be made: ") != std::string::npos);
}

TEST_CASE("where images are kept unless something else is said") {
  const char* home = std::getenv("HOME");
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const std::string before[] = {home == nullptr ? "" : home, cache == nullptr ? "" : cache};
  setenv("XDG_CACHE_HOME", "/caches", 1);
  CHECK(usual_cache_directory() == "/caches/tune/images");
  setenv("XDG_CACHE_HOME", "relative", 1);
  setenv("HOME", "/homes/me", 1);
  CHECK(usual_cache_directory() == "/homes/me/.cache/tune/images");
  setenv("HOME", "", 1);
  CHECK(usual_cache_directory() == kNoCache);
  setenv("HOME", before[0].c_str(), 1);
  if (cache == nullptr)
    unsetenv("XDG_CACHE_HOME");
  else
    setenv("XDG_CACHE_HOME", before[1].c_str(), 1);
}
