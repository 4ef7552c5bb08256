#include "engine/journal/journal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "engine/journal/event_json.hpp"

namespace tune::engine {

namespace {
Status damaged(const std::string& path, std::uint64_t offset, const std::string& what) {
  return Status::storage(path + ": the record at byte " + std::to_string(offset) + " cannot be used: " + what +
                         "; nothing was changed");
}
/// Whether the last line was cut short by a crash: its end is missing, or blocks of it never reached the disk and read as zeros.
bool is_torn(std::string_view rest, std::string_view line) {
  return rest.size() == line.size() || (line.find('\0') != std::string_view::npos && !checksum_holds(line));
}

}  // namespace

Result<JournalReading> read_journal(std::string_view content, const std::string& path,
                                    const std::function<Status(const Event&)>& each) {
  JournalReading reading;
  std::uint64_t offset = 0;
  while (offset < content.size()) {
    const std::string_view rest = content.substr(offset);
    const std::size_t newline = rest.find('\n');
    const std::string_view line = rest.substr(0, newline);
    const bool last = newline == std::string_view::npos || newline + 1 == rest.size();
    if (last && is_torn(rest, line)) {
      reading.torn_bytes = rest.size();
      break;
    }
    if (line.size() > kMaxRecordLength)
      return damaged(path, offset, "it is longer than " + std::to_string(kMaxRecordLength) + " bytes");
    const Result<Event> event = from_line(line);
    if (!event.ok()) return damaged(path, offset, event.status().message());
    if (event->seq != reading.last_seq + 1) {
      return damaged(
          path, offset,
          "its sequence number is " + std::to_string(event->seq) + " where " + std::to_string(reading.last_seq + 1) + " is due");
    }
    if (const Status accepted = each(*event); !accepted.ok()) return damaged(path, offset, accepted.message());
    reading.last_seq = event->seq;
    offset += newline + 1;
    reading.good_length = offset;
  }
  return reading;
}

Result<JournalWriter> JournalWriter::open(const std::string& path, std::uint64_t good_length, Access access) {
  FileDescriptor file = open_for_writing(path, O_WRONLY | O_APPEND, access);
  if (!file.valid()) return storage_error("cannot open", path);
  const off_t length = lseek(file.get(), 0, SEEK_END);
  if (length < 0) return storage_error("cannot measure", path);
  if (static_cast<std::uint64_t>(length) > good_length) {
    if (ftruncate(file.get(), static_cast<off_t>(good_length)) != 0) return storage_error("cannot cut off the torn end of", path);
    if (fdatasync(file.get()) != 0) return storage_error("cannot sync", path);
  }
  return JournalWriter(std::move(file), path, good_length);
}

Status JournalWriter::move_to(const std::string& path) {
  if (std::rename(path_.c_str(), path.c_str()) != 0) return storage_error("cannot rename", path_);
  path_ = path;
  place_ = absolute_path(path);
  return {};
}

Status JournalWriter::in_place() const {
  struct stat ours {};
  struct stat named {};
  if (fstat(file_.get(), &ours) != 0) return storage_error("cannot look at", path_);
  const bool there = stat(place_.c_str(), &named) == 0;
  if (there && named.st_dev == ours.st_dev && named.st_ino == ours.st_ino) return {};
  const std::string what = ours.st_nlink == 0 ? "was removed" : there ? "is another file now" : "is not there any more";
  return Status::storage(path_ + " " + what + " while the study was running");
}

bool JournalWriter::removed() const {
  struct stat ours {};
  return fstat(file_.get(), &ours) == 0 && ours.st_nlink == 0;
}

void JournalWriter::append(const Event& event) { queue_ += to_line(event); }

Status JournalWriter::commit(bool durable) {
  if (broken_) return *broken_;
  std::size_t done = 0;
  while (done < queue_.size()) {
    const ssize_t put = write(file_.get(), queue_.data() + done, queue_.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      Status failed = storage_error("cannot write", path_);
      // Cut back, so that a torn line never lies before a later good one.
      if (ftruncate(file_.get(), static_cast<off_t>(length_)) != 0) broken_ = failed;
      return failed;
    }
    done += static_cast<std::size_t>(put);
  }
  if (!queue_.empty()) unsynced_ = true;
  length_ += queue_.size();
  queue_.clear();
  if (durable) {
    if (const Status status = in_place(); !status.ok()) {
      broken_ = status;
      return status;
    }
  }
  if (durable && unsynced_) {
    if (fdatasync(file_.get()) != 0) {
      // The kernel may have dropped the pages: a second fdatasync could claim success for lost bytes.
      broken_ = storage_error("cannot sync", path_);
      return *broken_;
    }
    unsynced_ = false;
  }
  return {};
}

}  // namespace tune::engine
