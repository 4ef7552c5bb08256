#include "trainers/log/event_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "trainers/log/event_records.hpp"
#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "events.out.tfevents.";
constexpr std::string_view kWriter = ".tune-train-image.";
constexpr std::size_t kSecondsDigits = 10;  // TensorBoard reads files in the order of their names
constexpr std::size_t kNumberDigits = 4;

struct OldFile {
  std::string path;
  std::int64_t seconds = 0;
  std::int64_t number = 0;
};

/// Of a name that is one of ours.
std::optional<OldFile> parse_name(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t writer = name.find(kWriter);
  if (!name.starts_with(kPrefix) || writer == std::string::npos) return std::nullopt;
  const auto seconds = parse_number<std::int64_t>(std::string_view(name).substr(kPrefix.size(), writer - kPrefix.size()));
  const auto number = parse_number<std::int64_t>(std::string_view(name).substr(writer + kWriter.size()));
  if (!seconds || !number) return std::nullopt;
  return OldFile{.path = path.string(), .seconds = *seconds, .number = *number};
}

std::string padded(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

/// Cuts off what is at `next_step` or later, or unreadable.
Outcome cut(const std::string& path, std::int64_t next_step) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return Failure{path + ": cannot be read"};
  std::string_view rest = bytes;
  std::size_t good = 0;
  bool has_scalars = false;
  while (const auto record = next_record(rest)) {
    const auto event = parse_event(*record);
    if (!event || (!event->scalars.empty() && event->step >= next_step)) break;
    good = bytes.size() - rest.size();
    has_scalars = has_scalars || !event->scalars.empty();
  }
  if (!has_scalars) return unlink(path.c_str()) == 0 ? Outcome{} : system_failure(path, "cannot be removed");
  if (good == bytes.size()) return {};
  return truncate(path.c_str(), static_cast<off_t>(good)) == 0 ? Outcome{} : system_failure(path, "cannot be cut");
}

}  // namespace

Fallible<EventFile> EventFile::open(const std::string& directory, std::int64_t next_step) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return Failure{directory + ": cannot be made for event files: " + error.message()};
  std::vector<OldFile> old;
  for (auto it = fs::directory_iterator(directory, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    if (auto file = parse_name(it->path())) old.push_back(std::move(*file));
  }
  if (error) return Failure{directory + ": cannot be read: " + error.message()};

  const double now = unix_seconds();
  auto seconds = static_cast<std::int64_t>(now);
  std::int64_t number = 0;
  for (const OldFile& file : old) {
    if (auto failure = cut(file.path, next_step)) return *failure;
    seconds = std::max(seconds, file.seconds);  // also with a clock that was set back the new one is read last
    number = std::max(number, file.number);
  }
  const std::string name = std::string(kPrefix) + padded(seconds, kSecondsDigits) + std::string(kWriter);
  const std::string path = (fs::path(directory) / (name + padded(number + 1, kNumberDigits))).string();
  EventFile result(Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644)), path);
  if (!result.file_.ok()) return system_failure(path, "cannot be written");
  std::string begin = record_of(version_event(now));
  if (!old.empty()) begin += record_of(session_start_event(now, next_step));
  if (auto failure = write_all(result.file_, path, begin)) return *failure;
  return result;
}

Outcome EventFile::write(std::int64_t step, const Metrics& metrics) {
  ScalarEvent event{.wall_seconds = unix_seconds(), .step = step, .scalars = {}};
  for (const auto& [name, value] : metrics) event.scalars.emplace_back(name, static_cast<float>(value));
  return event.scalars.empty() ? Outcome{} : write_all(file_, path_, record_of(scalar_event(event)));
}

Outcome EventFile::sync() {
  if (fsync(file_.number()) != 0) return system_failure(path_, "cannot be written");
  return {};
}

}  // namespace tune::trainer
