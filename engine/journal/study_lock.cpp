#include "engine/journal/study_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "engine/clock/pause.hpp"
#include "engine/executors/host_name.hpp"
#include "engine/executors/process_table.hpp"

namespace tune::engine {

namespace {

// A process that tune was just starting when it was killed holds a copy of its descriptors for a moment, until its exec.
// One that was told to end a moment ago may not have yet.
constexpr std::chrono::milliseconds kPause{10};
constexpr int kDeadOwnerTries = 500;
constexpr int kLivingOwnerTries = 20;

std::string lock_path(const std::string& directory) { return directory + "/study.lock"; }

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string owner_text(pid_t pid) { return "host " + host_name() + ", process " + std::to_string(pid); }

/// The lock file's text, without the end of its line.
std::string read_owner(const std::string& path) {
  const Result<std::string> text = read_whole_file(path);
  std::string who = text.ok() ? *text : "";
  while (!who.empty() && who.back() == '\n') who.pop_back();
  return who;
}

/// Whether the owner is a process of this machine that has ended.
bool is_dead(const std::string& who) {
  const std::size_t number = who.find_last_not_of("0123456789") + 1;
  const pid_t pid = static_cast<pid_t>(std::strtol(who.c_str() + number, nullptr, 10));
  if (pid <= 0 || who != owner_text(pid)) return false;
  const auto process = read_process(pid);
  return !process || process->state == 'Z';
}

}  // namespace

Result<StudyLock> StudyLock::take(const std::string& directory) {
  const std::string path = lock_path(directory);
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.valid()) return storage_error("cannot open", path);
  struct flock lock = whole_file(F_WRLCK);
  for (int tries = 1; fcntl(file.get(), F_OFD_SETLK, &lock) != 0; ++tries) {
    if (errno != EAGAIN && errno != EACCES) return storage_error("cannot lock", path);
    const std::string who = read_owner(path);
    if (tries >= (is_dead(who) ? kDeadOwnerTries : kLivingOwnerTries)) {
      return Status::in_use(directory + ": another tune works on this study" + (who.empty() ? "" : " (" + who + ")"));
    }
    pause_for(kPause);
  }
  const std::string text = owner_text(getpid()) + "\n";
  if (ftruncate(file.get(), 0) != 0 || pwrite(file.get(), text.data(), text.size(), 0) < 0) {
    return storage_error("cannot write", path);
  }
  return StudyLock(std::move(file));
}

bool StudyLock::held(const std::string& directory) {
  const FileDescriptor file(open(lock_path(directory).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return false;
  struct flock lock = whole_file(F_RDLCK);
  return fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace tune::engine
