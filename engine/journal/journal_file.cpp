#include "engine/journal/journal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "engine/journal/event_json.hpp"

namespace tune::engine {

Status JournalReader::damaged(const std::string& what) const {
  return Status::storage(path_ + ": the record at byte " + std::to_string(reading_.good_length) + " cannot be used: " + what +
                         "; nothing was changed");
}

Status JournalReader::take_line(std::string_view line) {
  const bool too_long = line.size() > kMaxRecordLength;
  const Result<Event> event =
      too_long ? Status::storage("it is longer than " + std::to_string(kMaxRecordLength) + " bytes") : from_line(line);
  if (!event.ok()) {
    // Blocks of the last line that never reached the disk read as zeros; in a line that was written whole there are none.
    if (line.find('\0') == std::string_view::npos || checksum_holds(line)) return damaged(event.status().message());
    broken_ = event.status();
    return {};
  }
  if (event->seq != reading_.last_seq + 1) {
    return damaged("its sequence number is " + std::to_string(event->seq) + " where " + std::to_string(reading_.last_seq + 1) +
                   " is due");
  }
  if (const Status accepted = each_(*event); !accepted.ok()) return damaged(accepted.message());
  reading_.last_seq = event->seq;
  reading_.good_length = taken_;
  return {};
}

Status JournalReader::take(std::string_view bytes) {
  while (!bytes.empty()) {
    if (broken_) return damaged(broken_->message());
    const std::size_t newline = bytes.find('\n');
    const std::string_view part = bytes.substr(0, newline);
    const bool whole = newline != std::string_view::npos;
    bytes.remove_prefix(part.size() + (whole ? 1 : 0));
    taken_ += part.size() + (whole ? 1 : 0);
    if (whole && begun_.empty()) {
      TUNE_RETURN_IF_ERROR(take_line(part));
      continue;
    }
    begun_ += part.substr(0, kMaxRecordLength + 1 - begun_.size());
    if (!whole) return {};
    TUNE_RETURN_IF_ERROR(take_line(begun_));
    begun_.clear();
  }
  return {};
}

JournalReading JournalReader::finish() {
  reading_.torn_bytes = taken_ - reading_.good_length;
  return reading_;
}

Result<JournalReading> read_journal(const std::string& path, const std::function<Status(const Event&)>& each) {
  JournalReader reader(path, each);
  Status taken;
  TUNE_RETURN_IF_ERROR(read_pieces(path, [&](std::string_view bytes) {
    taken = reader.take(bytes);
    return taken.ok();
  }));
  TUNE_RETURN_IF_ERROR(taken);
  return reader.finish();
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
