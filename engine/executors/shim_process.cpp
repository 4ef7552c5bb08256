#include "engine/executors/shim_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <map>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/process_table.hpp"
#include "engine/executors/spawn_attributes.hpp"

extern char** environ;

namespace tune::engine {
namespace {

/// The caller's environment with `spec`'s and `extra` on top.
std::vector<std::string> environment_of(const LaunchSpec& spec, const std::vector<std::pair<std::string, std::string>>& extra) {
  std::map<std::string, std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : spec.environment) variables[name] = value;
  for (const auto& [name, value] : extra) variables[name] = value;
  variables[kDirectoryVariable] = spec.directory;
  std::vector<std::string> lines;
  lines.reserve(variables.size());
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& lines) {
  std::vector<char*> result;
  result.reserve(lines.size() + 1);
  for (std::string& line : lines) result.push_back(line.data());
  result.push_back(nullptr);
  return result;
}

#ifdef TUNE_NO_LAUNCHER
constexpr bool kUseLauncher = false;  // sanitizers do not know a process that was cloned behind their back
#else
constexpr bool kUseLauncher = true;
#endif

int spawn_directly(pid_t& pid, std::vector<std::string>& words, std::vector<std::string>& variables) {
  const SpawnAttributes attributes;
  return posix_spawn(&pid, words.front().c_str(), nullptr, attributes.get(), pointers(words).data(), pointers(variables).data());
}

int open_pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

std::pair<int, ShimProcess> ShimProcess::spawn(const std::string& shim_path, ShimLauncher& launcher, const LaunchSpec& spec,
                                               const std::vector<std::pair<std::string, std::string>>& extra_environment,
                                               std::chrono::milliseconds outside_grace) {
  std::vector<std::string> words = {shim_path, "--dir", spec.directory, "--grace-ms", std::to_string(outside_grace.count())};
  if (!spec.working_directory.empty()) words.insert(words.end(), {"--cwd", spec.working_directory});
  for (const std::string& path : spec.read_only) words.insert(words.end(), {"--read-only", path});
  for (const std::string& path : spec.writable) words.insert(words.end(), {"--writable", path});
  words.emplace_back("--");
  words.insert(words.end(), spec.argv.begin(), spec.argv.end());
  std::vector<std::string> variables = environment_of(spec, extra_environment);

  // A descriptor is set aside first: a process that could not be watched must not be started.
  const int reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (reserve < 0) return {errno, ShimProcess()};
  auto [error, pid] = kUseLauncher ? launcher.launch(words, variables) : std::pair<int, pid_t>(ENOSYS, 0);
  // Not after a reset: nobody knows then whether the launcher forked before it died.
  if (error != 0 && error != EAGAIN && error != ENOMEM && error != ECONNRESET) error = spawn_directly(pid, words, variables);
  close(reserve);
  if (error != 0) return {error, ShimProcess()};
  const int fd = open_pidfd(pid);
  if (fd >= 0) return {0, ShimProcess(fd)};
  const int failed = errno;
  kill(pid, SIGKILL);  // not waited for yet, so the number is still its own
  waitpid(pid, nullptr, 0);
  return {failed, ShimProcess()};
}

std::optional<ShimProcess> ShimProcess::attach(const PidFile& file) {
  ShimProcess process(open_pidfd(file.shim));
  if (process.fd_ < 0) return std::nullopt;
  const auto info = read_process(file.shim);
  if (!info || info->start_time != file.shim_start) return std::nullopt;
  return process;
}

bool ShimProcess::request_stop(std::chrono::milliseconds grace) const {
  siginfo_t info{};
  info.si_signo = stop_signal();
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_int = static_cast<int>(std::clamp<std::int64_t>(grace.count(), 0, INT_MAX));
  return syscall(SYS_pidfd_send_signal, fd_, stop_signal(), &info, 0) == 0 || errno != EAGAIN;
}

ShimProcess::End ShimProcess::wait_for_end() const {
  End end;
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(fd_), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return end;
  (info.si_code == CLD_EXITED ? end.code : end.signal) = info.si_status;
  return end;
}

void ShimProcess::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace tune::engine
