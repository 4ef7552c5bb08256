#include "tests/faults/injector/system_calls.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <map>

namespace tune::test {

namespace {

struct Known {
  const char* name;
  int path = -1;
};

const std::map<std::uint64_t, Known>& known() {
  static const std::map<std::uint64_t, Known> calls = {
#ifdef SYS_open
      {SYS_open, {"open", 0}},
      {SYS_creat, {"create", 0}},
      {SYS_rename, {"rename", 0}},
      {SYS_mkdir, {"mkdir", 0}},
      {SYS_rmdir, {"unlink", 0}},
      {SYS_unlink, {"unlink", 0}},
      {SYS_fork, {"clone"}},
      {SYS_vfork, {"clone"}},
      {SYS_pipe, {"pipe"}},
      {SYS_dup2, {"dup"}},
      {SYS_epoll_wait, {"epoll_wait"}},
#endif
      {SYS_openat, {"open", 1}},
      {SYS_renameat, {"rename", 1}},
      {SYS_renameat2, {"rename", 1}},
      {SYS_mkdirat, {"mkdir", 1}},
      {SYS_unlinkat, {"unlink", 1}},
      {SYS_clone, {"clone"}},
      {SYS_clone3, {"clone"}},
      {SYS_execve, {"execve", 0}},
      {SYS_pipe2, {"pipe"}},
      {SYS_dup3, {"dup"}},
      {SYS_socketpair, {"socketpair"}},
      {SYS_pidfd_open, {"pidfd_open"}},
      {SYS_read, {"read"}},
      {SYS_write, {"write"}},
      {SYS_writev, {"writev"}},
      {SYS_pread64, {"pread"}},
      {SYS_pwrite64, {"pwrite"}},
      {SYS_sendto, {"send"}},
      {SYS_sendmsg, {"sendmsg"}},
      {SYS_fsync, {"fsync"}},
      {SYS_fdatasync, {"fdatasync"}},
      {SYS_ftruncate, {"ftruncate"}},
      {SYS_fallocate, {"fallocate"}},
      {SYS_flock, {"flock"}},
      {SYS_kill, {"kill"}},
      {SYS_pidfd_send_signal, {"pidfd_send_signal"}},
      {SYS_setsid, {"setsid"}},
      {SYS_setpgid, {"setpgid"}},
      {SYS_epoll_ctl, {"epoll_ctl"}},
      {SYS_epoll_pwait, {"epoll_wait"}},
      {SYS_exit_group, {"exit_group"}},
  };
  return calls;
}

}  // namespace

std::string name_of(const SystemCall& call) {
  if (call.number == SYS_fcntl) return call.arguments[1] == F_OFD_SETLK ? "lock" : "";
  const auto found = known().find(call.number);
  if (found == known().end()) return "";
  const std::string name = found->second.name;
  if (name == "write" && (call.arguments[0] == STDOUT_FILENO || call.arguments[0] == STDERR_FILENO)) return "print";
  if (name != "open") return name;
  const std::uint64_t flags = call.arguments[found->second.path + 1];
  return (flags & (O_CREAT | O_TRUNC)) != 0 ? "create" : "open";
}

bool takes_bytes(const std::string& name) { return name == "write" || name == "pwrite" || name == "send" || name == "read"; }

int path_argument(const SystemCall& call) {
  const auto found = known().find(call.number);
  return found == known().end() ? -1 : found->second.path;
}

int error_number(const std::string& name) {
  static const std::map<std::string, int> numbers = {
      {"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"EACCES", EACCES},
      {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM}, {"EROFS", EROFS},   {"EDQUOT", EDQUOT}, {"EINTR", EINTR}};
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

}  // namespace tune::test
