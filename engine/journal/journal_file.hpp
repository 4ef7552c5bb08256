#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/config/paths.hpp"
#include "engine/journal/event.hpp"
#include "engine/journal/file_io.hpp"
#include "tune/status.hpp"

namespace tune::engine {

inline constexpr std::size_t kMaxRecordLength = 4U << 20;  ///< bytes of one journal line

/// What reading a journal found.
struct JournalReading {
  std::uint64_t good_length = 0;  ///< bytes up to the end of the last good line
  std::uint64_t torn_bytes = 0;   ///< of an incomplete or damaged last line after that
  std::int64_t last_seq = 0;
};

/// Gets a journal's bytes in pieces, however it is cut, and gives its events in order to `each`, which may refuse one. A torn
/// last line (without its end, or with blocks of zeros) is left out and reported; damage anywhere else, a gap in the sequence, an
/// unknown version or op is an error that names the byte offset. Keeps no more than one line.
class JournalReader {
 public:
  /// `path`: for messages.
  JournalReader(std::string path, std::function<Status(const Event&)> each) : path_(std::move(path)), each_(std::move(each)) {}

  /// The next bytes. After an error: none.
  Status take(std::string_view bytes);
  /// What was found, when all bytes were taken without an error.
  [[nodiscard]] JournalReading finish();

 private:
  [[nodiscard]] Status damaged(const std::string& what) const;
  Status take_line(std::string_view line);

  std::string path_;
  std::function<Status(const Event&)> each_;
  JournalReading reading_;
  std::uint64_t taken_ = 0;       ///< bytes
  std::string begun_;             ///< of a line whose end has not come; no more of it than shows that it is too long
  std::optional<Status> broken_;  ///< what is wrong with the last line, which is torn if nothing follows it
};

/// Reads the journal in the file `path`.
Result<JournalReading> read_journal(const std::string& path, const std::function<Status(const Event&)>& each);

/// Appends events to a journal. Not thread-safe: the study's owner has it.
class JournalWriter {
 public:
  /// Opens `path` for appending after `good_length` bytes; whatever follows (a torn line) is cut off first.
  static Result<JournalWriter> open(const std::string& path, std::uint64_t good_length, Access access = Access::kUmask);

  /// Gives the file another name; the directory is not synced.
  Status move_to(const std::string& path);

  /// Queues an event for the next commit.
  void append(const Event& event);
  /// Writes what is queued; `durable`: returns only when it is on the disk. When the disk is full the file is cut back to its
  /// last good length, what was queued stays queued, and a later commit may succeed. After a failed sync nothing is written any
  /// more, nor when the file is found to be no longer under its name: nobody would find there what is written.
  Status commit(bool durable);
  /// Whether the file was removed: it has no name at all any more.
  [[nodiscard]] bool removed() const;
  /// Whether something was written and not synced yet.
  [[nodiscard]] bool unsynced() const { return unsynced_; }

 private:
  [[nodiscard]] Status in_place() const;

  JournalWriter(FileDescriptor file, std::string path, std::uint64_t length)
      : file_(std::move(file)), path_(std::move(path)), place_(absolute_path(path_)), length_(length) {}

  FileDescriptor file_;
  std::string path_;   ///< for messages
  std::string place_;  ///< the same, absolute: the caller may change its directory
  std::uint64_t length_;
  std::string queue_;
  bool unsynced_ = false;
  std::optional<Status> broken_;
};

}  // namespace tune::engine
