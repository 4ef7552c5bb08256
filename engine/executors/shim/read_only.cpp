#include "engine/executors/shim/read_only.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tune::shim {

namespace {

bool write_text(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

/// A mount namespace of our own, with a user namespace where only that gives the right to one. 0 or an errno.
int leave_mounts() {
  if (unshare(CLONE_NEWNS) == 0) return 0;
  if (errno != EPERM) return errno;
  const std::string user = std::to_string(geteuid());
  const std::string group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return errno;
  const bool mapped = write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", user + " " + user + " 1") &&
                      write_text("/proc/self/gid_map", group + " " + group + " 1");
  return mapped ? 0 : errno;
}

bool lies_in(const std::string& path, const std::string& directory) {
  return path == directory || directory == "/" || path.starts_with(directory + "/");
}

int bind_read_only(const std::string& path) {
  if (mount(path.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return errno;
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return syscall(SYS_mount_setattr, -1, path.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) == 0 ? 0 : errno;
}

}  // namespace

int make_read_only(const std::vector<std::string>& paths, const std::vector<std::string>& writable) {
  if (paths.empty()) return 0;
  if (const int error = leave_mounts(); error != 0) return error;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  // As the mounts of this namespace are now: what is bound from here later is not read-only.
  std::vector<int> kept;
  for (const std::string& path : writable) {
    const bool hidden = std::any_of(paths.begin(), paths.end(), [&path](const std::string& one) { return lies_in(path, one); });
    kept.push_back(hidden ? open(path.c_str(), O_PATH | O_CLOEXEC) : -1);
    if (hidden && kept.back() < 0) return errno;
  }
  for (const std::string& path : paths) {
    if (const int error = bind_read_only(path); error != 0) return error;
  }
  for (std::size_t i = 0; i < writable.size(); ++i) {
    if (kept[i] < 0) continue;
    const std::string source = "/proc/self/fd/" + std::to_string(kept[i]);
    if (mount(source.c_str(), writable[i].c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return errno;
  }
  return 0;
}

}  // namespace tune::shim
