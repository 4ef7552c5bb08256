#include "engine/journal/study_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "engine/executors/host_name.hpp"

namespace tune::engine {

namespace {

std::string lock_path(const std::string& directory) { return directory + "/study.lock"; }

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<StudyLock> StudyLock::take(const std::string& directory) {
  const std::string path = lock_path(directory);
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.valid()) return storage_error("cannot open", path);
  struct flock lock = whole_file(F_WRLCK);
  if (fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) return storage_error("cannot lock", path);
    const Result<std::string> owner = read_whole_file(path);
    std::string who = owner.ok() ? *owner : "";
    while (!who.empty() && who.back() == '\n') who.pop_back();
    return Status::in_use(directory + ": another tune works on this study" + (who.empty() ? "" : " (" + who + ")"));
  }
  const std::string text = "host " + host_name() + ", process " + std::to_string(getpid()) + "\n";
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
