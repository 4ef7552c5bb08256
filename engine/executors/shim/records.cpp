#include "engine/executors/shim/records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/process_table.hpp"

namespace tune::shim {
namespace {

bool write_all(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<std::size_t>(wrote);
  }
  return true;
}

/// All or nothing: whoever reads `name` sees the whole text.
bool write_atomically(int directory, const std::string& name, const std::string& text, bool durable) {
  const std::string temporary = name + engine::kUnfinished;
  // A new file: what a trial may have put there, a link or a pipe, is neither written to nor waited for.
  unlinkat(directory, temporary.c_str(), 0);
  const int fd = openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return false;
  const bool written = write_all(fd, text) && (!durable || fsync(fd) == 0);
  const int error = errno;
  close(fd);
  if (!written) {
    unlinkat(directory, temporary.c_str(), 0);  // a full disk needs the room
    errno = error;
    return false;
  }
  if (renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) {
    const int why = errno;
    unlinkat(directory, temporary.c_str(), 0);
    errno = why;
    return false;
  }
  return !durable || fsync(directory) == 0;
}

std::string number_or_null(const std::optional<int>& value) { return value ? std::to_string(*value) : "null"; }
std::string boolean(bool value) { return value ? "true" : "false"; }

}  // namespace

bool write_pid_file(int directory, pid_t child) {
  const auto start_of = [](pid_t pid) {
    const auto info = engine::read_process(pid);
    return std::to_string(info ? info->start_time : 0);
  };
  const pid_t self = getpid();
  const std::string text = "{\"version\":1,\"shim\":" + std::to_string(self) + ",\"shim_start\":" + start_of(self) +
                           ",\"child\":" + std::to_string(child) + ",\"child_start\":" + start_of(child) + ",\"boot_id\":\"" +
                           engine::boot_id() + "\"}\n";
  return write_atomically(directory, engine::kPidFile, text, false);
}

bool write_exit_file(int directory, const ExitFields& fields, bool durable) {
  // Nothing in it needs escaping: the texts are ours or the C library's.
  std::string text =
      "{\"version\":1,\"code\":" + number_or_null(fields.code) + ",\"signal\":" + number_or_null(fields.signal) +
      ",\"stop_requested\":" + boolean(fields.stop_requested) + ",\"killed\":" + boolean(fields.killed) +
      ",\"interrupted_by\":" + std::to_string(fields.interrupted_by) + ",\"oom_killed\":" + boolean(fields.oom_killed) +
      ",\"launch_step\":\"" + fields.launch_step + "\",\"launch_error\":\"" +
      (fields.launch_errno != 0 ? std::strerror(fields.launch_errno) : "") +
      "\",\"started_us\":" + std::to_string(fields.started_us) + ",\"ended_us\":" + std::to_string(fields.ended_us) +
      ",\"user_us\":" + std::to_string(fields.user_us) + ",\"system_us\":" + std::to_string(fields.system_us) +
      ",\"max_rss_bytes\":" + std::to_string(fields.max_rss_bytes) + ",\"log_bytes\":" + std::to_string(fields.log_bytes) + "}\n";
  return write_atomically(directory, engine::kExitFile, text, durable);
}

}  // namespace tune::shim
