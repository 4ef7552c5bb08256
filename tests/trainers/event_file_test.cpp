#include "trainers/log/event_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"
#include "tests/trainers/python_peer.hpp"
#include "trainers/log/event_records.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

namespace fs = std::filesystem;

std::set<fs::path> files_in(const fs::path& directory) {
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) files.insert(entry.path());
  return files;
}

/// Every scalar event, file after file in the order of the names. All records must be whole.
std::vector<ScalarEvent> events_in(const fs::path& directory) {
  std::vector<ScalarEvent> events;
  for (const fs::path& file : files_in(directory)) {
    const std::string bytes = read_file(file);
    std::string_view rest = bytes;
    while (const auto record = next_record(rest)) {
      const auto event = parse_event(*record);
      REQUIRE(event.has_value());
      if (!event->scalars.empty()) events.push_back(*event);
    }
    CHECK(rest.empty());
  }
  return events;
}

std::vector<std::int64_t> steps_in(const fs::path& directory) {
  std::vector<std::int64_t> steps;
  for (const ScalarEvent& event : events_in(directory)) steps.push_back(event.step);
  return steps;
}

EventFile open_events(const TempDir& folder, std::int64_t next_step) {
  auto file = EventFile::open(folder / "events", next_step);
  REQUIRE_MESSAGE(file.ok(), file.failure().message);
  return std::move(file.value());
}

/// Writes the steps from `first` to `last` as a run would.
void run(const TempDir& folder, std::int64_t first, std::int64_t last) {
  EventFile file = open_events(folder, first);
  for (std::int64_t step = first; step <= last; ++step) {
    REQUIRE_FALSE(file.write(step, {{"train:loss", 1.0 / static_cast<double>(step)}, {"norm/a", static_cast<double>(step)}}));
  }
  REQUIRE_FALSE(file.sync());
}

constexpr const char* kReadAll = R"(
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
for tag in sorted(events.Tags()["scalars"]):
    print(tag, [(event.step, event.value) for event in events.Scalars(tag)], all(event.wall_time > 1.7e9 for event in events.Scalars(tag)))
)";

}  // namespace

TEST_CASE("CRC-32C has the values of RFC 3720") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xE3069283U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43U);
}

TEST_CASE("an event has the bytes of its protocol buffer") {
  const ScalarEvent event{.wall_seconds = 1.0, .step = 300, .scalars = {{"a", 0.5F}}};
  const std::string expected(
      "\x09\0\0\0\0\0\0\xF0\x3F\x10\xAC\x02\x2A\x0A\x0A\x08\x0A\x01"
      "a\x15\0\0\0\x3F",
      24);
  CHECK(scalar_event(event) == expected);
  CHECK(parse_event(expected) == event);
  CHECK(version_event(0) == std::string("\x09\0\0\0\0\0\0\0\0\x1A\x0D", 11) + "brain.Event:2");
  CHECK(session_start_event(0, 7) == std::string("\x09\0\0\0\0\0\0\0\0\x10\x07\x3A\x02\x08\x01", 15));
  CHECK(parse_event(session_start_event(0, 7))->step == 7);
}

TEST_CASE("a record that is cut or has a changed bit is none") {
  const std::string record = record_of("content of a record");
  std::string_view rest = record;
  CHECK(next_record(rest) == "content of a record");
  CHECK(rest.empty());
  for (std::size_t length = 0; length < record.size(); ++length) {
    rest = std::string_view(record).substr(0, length);
    CHECK_FALSE(next_record(rest).has_value());
  }
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    rest = damaged;
    CHECK_FALSE(next_record(rest).has_value());
  }
}

TEST_CASE("any bytes are an event or none") {
  std::mt19937_64 random(3);
  const std::string good = scalar_event({.wall_seconds = 2.5, .step = -1, .scalars = {{"one", 1.0F}, {"two", 2.0F}}});
  REQUIRE(parse_event(good)->step == -1);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good.substr(0, random() % (good.size() + 1));
    for (std::uint64_t changes = random() % 4; changes > 0 && !bytes.empty(); --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    refused += parse_event(bytes) ? 0 : 1;
  }
  CHECK(refused > 1000);
  CHECK(refused < 20'000);
}

TEST_CASE("TensorBoard reads the scalars of a run, also of one that was interrupted") {
  const auto python = python_with("tensorboard");
  if (!python) return;
  const TempDir folder;
  run(folder, 1, 5);
  run(folder, 4, 6);
  const std::string expected =
      "norm/a [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0), (5, 5.0), (6, 6.0)] True\n"
      "train:loss [(1, 1.0), (2, 0.5), (3, 0.3333333432674408), (4, 0.25), (5, 0.20000000298023224), (6, 0.1666666716337204)] "
      "True\n";
  CHECK(python_says(*python, kReadAll, {folder / "events"}) == expected);
}

TEST_CASE("a TensorBoard that follows the run forgets what is written again") {
  const auto python = python_with("tensorboard");
  if (!python) return;
  const TempDir folder;
  run(folder, 1, 5);
  const TempDir resumed;
  fs::copy(folder / "events", resumed / "events");
  run(resumed, 4, 6);
  // The whole old file is read before the resumed run cuts it.
  const std::string script = R"(
import shutil, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
print([event.step for event in events.Scalars("norm/a")])
shutil.copytree(sys.argv[2], sys.argv[1], dirs_exist_ok=True)
events.Reload()
print([event.step for event in events.Scalars("norm/a")])
)";
  CHECK(python_says(*python, script, {folder / "events", resumed / "events"}) == "[1, 2, 3, 4, 5]\n[1, 2, 3, 4, 5, 6]\n");
}

TEST_CASE("whatever a kill leaves, the series goes on without a gap and without a step twice") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const TempDir folder;
    std::int64_t next = 1;
    for (int start = 0; start < 5; ++start) {
      run(folder, next, next + static_cast<std::int64_t>(random() % 6));
      std::vector<std::int64_t> expected = steps_in(folder / "events");
      for (std::size_t i = 0; i < expected.size(); ++i) CHECK(expected[i] == static_cast<std::int64_t>(i) + 1);
      next = 1 + static_cast<std::int64_t>(random() % (expected.size() + 1));
      // Killed while the last record was written; the run goes on from a checkpoint before it.
      if (next <= expected.back()) {
        const fs::path newest = *files_in(folder / "events").rbegin();
        fs::resize_file(newest, fs::file_size(newest) - random() % 40);
      }
    }
  }
}

TEST_CASE("what is before the step stays byte for byte, and a file of which nothing is left goes") {
  const TempDir folder;
  run(folder, 1, 3);
  const fs::path first = *files_in(folder / "events").begin();
  const std::string before = read_file(first);
  run(folder, 4, 5);
  CHECK(read_file(first) == before);
  CHECK(files_in(folder / "events").size() == 2);
  run(folder, 4, 4);
  CHECK(files_in(folder / "events").size() == 2);
  CHECK(steps_in(folder / "events") == std::vector<std::int64_t>{1, 2, 3, 4});
  run(folder, 1, 1);
  CHECK(files_in(folder / "events").size() == 1);
  CHECK_FALSE(fs::exists(first));
  CHECK(steps_in(folder / "events") == std::vector<std::int64_t>{1});
}

TEST_CASE("the newest file sorts last, also after the clock was set back, and files of others are left alone") {
  const TempDir folder;
  const std::string other = folder.write("events/events.out.tfevents.1700000000.host", "not ours");
  const std::string ours = "events/events.out.tfevents.9000000000.tune-train-image.0003";
  folder.write(ours,
               record_of(version_event(0)) + record_of(scalar_event({.wall_seconds = 0, .step = 1, .scalars = {{"a", 1.0F}}})));
  const EventFile file = open_events(folder, 2);
  CHECK(file.path() == folder / "events/events.out.tfevents.9000000000.tune-train-image.0004");
  CHECK(read_file(other) == "not ours");
  CHECK(fs::exists(folder / ours));
}

TEST_CASE("NaN and infinity are values; no metrics are no event") {
  const TempDir folder;
  EventFile file = open_events(folder, 0);
  CHECK_FALSE(file.write(1, {}));
  CHECK_FALSE(file.write(2, {{"a", std::nan("")}, {"b", 1e300}}));
  const auto events = events_in(folder / "events");
  REQUIRE(events.size() == 1);
  CHECK(std::isnan(events[0].scalars[0].second));
  CHECK(std::isinf(events[0].scalars[1].second));
}

TEST_CASE("a directory that cannot be made or written is said") {
  const TempDir folder;
  const std::string file = folder.write("file", "");
  const auto opened = EventFile::open(file + "/events", 1);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.failure().message.find("cannot be made for event files") != std::string::npos);
}
