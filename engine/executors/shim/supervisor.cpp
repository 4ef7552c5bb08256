#include "engine/executors/shim/supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/process_table.hpp"
#include "engine/executors/shim/read_only.hpp"

namespace tune::shim {
namespace {

constexpr int kLockTries = 25;  ///< somebody may just be looking whether the lock is held
constexpr int kLockPauseMs = 20;
constexpr int kSweepPauseMs = 5;
constexpr std::int64_t kSweepLimitUs =
    30'000'000;  ///< for processes that even SIGKILL does not end (a hung driver, another user's)
constexpr int kRecordTries = 20;
constexpr int kRecordPauseMs = 500;
constexpr int kLaunchTries = 300;  ///< while the machine has no process, descriptor or room for the command
constexpr int kLaunchPauseMs = 200;
constexpr std::int64_t kLongestPollMs = 3'600'000;

std::int64_t microseconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1'000;
}
std::int64_t microseconds(const timeval& time) { return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec; }

/// A step of the launch by the letter that the child reports.
const char* step_name(char letter) {
  switch (letter) {
    case 'd':
      return "directory";
    case 'e':
      return "exec";
    case 'f':
      return "fork";
    case 'r':
      return "read_only";
    default:
      return "pid";
  }
}

void pause_ms(int milliseconds) { poll(nullptr, 0, milliseconds); }

/// Whether what could not be done for that reason may be possible in a moment. Not EMFILE: that limit is our own.
bool passes(int error) {
  constexpr std::array kPassing{EAGAIN, EINTR, ENOMEM, ENFILE, ENOSPC, EDQUOT, EIO, ETXTBSY};
  return std::ranges::find(kPassing, error) != kPassing.end();
}

std::optional<engine::MemoryGroup> group_of(const std::string& process) {
  constexpr std::size_t kMembershipLimit = 16 * 1024;
  const auto membership = engine::read_small_file("/proc/" + process + "/cgroup", kMembershipLimit);
  return membership ? engine::MemoryGroup::find(*membership) : std::nullopt;
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, engine::stop_signal()}) sigaddset(&set, signal);
  return set;
}

}  // namespace

int Supervisor::run() {
  parent_ = getppid();
  if (const int failed = claim(); failed != 0) return failed;
  setsid();  // fails when it leads a session already
  prctl(PR_SET_CHILD_SUBREAPER, 1);

  signal(SIGCHLD, SIG_DFL);  // if the caller ignores it, nobody could be waited for
  sigset_t blocked = watched_signals();
  signals_ = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
  sigaddset(&blocked, SIGHUP);
  sigaddset(&blocked, SIGPIPE);
  sigprocmask(SIG_SETMASK, &blocked, nullptr);

  oom_kills_before_ = engine::oom_kills();
  group_ = group_of("self");
  if (group_) group_kills_before_ = group_->oom_kills().value_or(0);
  fields_.started_us = microseconds(CLOCK_REALTIME);
  started_monotonic_us_ = microseconds(CLOCK_MONOTONIC);
  if (start_patiently()) watch();
  return record();
}

/// Makes sure that this is the one and only start of the attempt. 0, or the exit code that says why not.
int Supervisor::claim() {
  null_ = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null_ < 0) return engine::kShimNoDirectory;
  // Our own streams must not keep the caller's terminal or pipe open.
  for (int stream = 0; stream <= 2; ++stream) dup2(null_, stream);
  if (null_ <= 2) null_ = fcntl(0, F_DUPFD_CLOEXEC, 3);
  directory_ = open(arguments_.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_ < 0) return engine::kShimNoDirectory;
  const int lock = openat(directory_, engine::kLockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0666);  // never closed
  if (lock < 0) return engine::kShimNoDirectory;
  int tries = 0;
  while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (++tries == kLockTries) return engine::kShimBusy;
    pause_ms(kLockPauseMs);
  }
  for (const char* sign : {engine::kExitFile, engine::kPidFile, engine::kLostFile}) {
    if (faccessat(directory_, sign, F_OK, 0) == 0) return engine::kShimStartedBefore;
  }
  return 0;
}

/// Tries again for a minute where the machine is out of something, unless it is told to stop.
bool Supervisor::start_patiently() {
  for (int tries = 1; !start(); ++tries) {
    if (!passes(fields_.launch_errno) || tries == kLaunchTries) return false;
    pollfd descriptor{signals_, POLLIN, 0};
    poll(&descriptor, 1, kLaunchPauseMs);
    on_signals();
    if (fields_.stop_requested || fields_.interrupted_by != 0) return false;
    fields_.launch_step = "";
    fields_.launch_errno = 0;
  }
  return true;
}

/// Starts the command in a process group of its own. The pid file is there before the command's first instruction.
bool Supervisor::start() {
  const auto failed = [this](const char* step, int error) {
    fields_.launch_step = step;
    fields_.launch_errno = error;
    return false;
  };
  const int log = openat(directory_, engine::kLogFile, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
  if (log < 0) return failed("log", errno);
  int go[2] = {-1, -1};
  int report[2] = {-1, -1};
  child_ = pipe2(go, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0 ? -1 : fork();
  if (child_ < 0) {
    child_ = 0;
    failed("fork", errno);
    for (const int opened : {log, go[0], go[1], report[0], report[1]}) close(opened);
    return false;
  }
  if (child_ == 0) {
    close(go[1]);
    become_command(go[0], report[1], log);
  }
  setpgid(child_, child_);
  close(go[0]);
  close(report[1]);
  close(log);
  int problem[2] = {0, 0};  // which step, errno
  if (!write_pid_file(directory_, child_)) {
    problem[0] = 'p';
    problem[1] = errno;
  } else {
    const char yes = 1;
    ssize_t told = 0;
    while ((told = write(go[1], &yes, 1)) < 0 && errno == EINTR) {
    }
    if (told != 1) {
      problem[0] = 'f';
      problem[1] = errno;
    }
  }
  close(go[1]);  // without a word the child ends itself
  ssize_t got = 0;
  while (problem[0] == 0 && (got = read(report[0], problem, sizeof problem)) < 0 && errno == EINTR) {
  }
  close(report[0]);
  if (problem[0] == 0) return true;  // closed by the exec
  while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = 0;
  return failed(step_name(static_cast<char>(problem[0])), problem[1]);
}

void Supervisor::become_command(int go, int report, int log) const {
  const auto fail = [report](int step) {
    const int problem[2] = {step, errno};
    [[maybe_unused]] const ssize_t told = write(report, problem, sizeof problem);
    _exit(127);
  };
  setpgid(0, 0);
  char word = 0;
  ssize_t got = 0;
  while ((got = read(go, &word, 1)) < 0 && errno == EINTR) {
  }
  if (got != 1) _exit(127);
  if (const int error = make_read_only(arguments_.read_only, arguments_.writable); error != 0) {
    errno = error;
    fail('r');
  }
  if (!arguments_.working_directory.empty() && chdir(arguments_.working_directory.c_str()) != 0) fail('d');
  if (dup2(log, 1) < 0 || dup2(log, 2) < 0) fail('e');
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);  // SIGKILL and SIGSTOP refuse, which is fine
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(arguments_.command[0], arguments_.command);
  fail('e');
  _exit(127);
}

/// Until the command and all its descendants are gone.
void Supervisor::watch() {
  while (true) {
    if (command_ended()) break;
    int timeout = -1;
    if (kill_at_us_) {
      const std::int64_t left = (*kill_at_us_ - microseconds(CLOCK_MONOTONIC) + 999) / 1000;
      if (left <= 0) {
        kill_everything();
        kill_at_us_.reset();
        continue;
      }
      timeout = static_cast<int>(std::min(left, kLongestPollMs));
    }
    pollfd descriptor{signals_, POLLIN, 0};
    poll(&descriptor, 1, timeout);
    on_signals();
  }
  end_descendants();
}

void Supervisor::on_signals() {
  signalfd_siginfo info{};
  while (read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number == engine::stop_signal()) {
      fields_.stop_requested = true;
      ask_to_end(info.ssi_code == SI_QUEUE ? info.ssi_int : arguments_.grace_ms);
    } else if (number == SIGTERM || number == SIGINT) {
      const bool again = fields_.interrupted_by != 0;
      fields_.interrupted_by = number;
      ask_to_end(again ? 0 : arguments_.grace_ms);
    }
  }
}

void Supervisor::ask_to_end(std::int64_t grace_ms) {
  if (child_ == 0 || fields_.killed) return;
  const std::int64_t at = microseconds(CLOCK_MONOTONIC) + std::max<std::int64_t>(0, grace_ms) * 1000;
  kill_at_us_ = kill_at_us_ ? std::min(*kill_at_us_, at) : at;
  if (asked_ || grace_ms <= 0) return;
  asked_ = true;
  kill(-child_, SIGTERM);
  kill(-child_, SIGCONT);  // a suspended one could not react
}

/// Waits for whoever has ended; true once the command itself has, whose group is killed before its number can be given to others.
bool Supervisor::command_ended() {
  while (true) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return false;
    if (info.si_pid == child_) {
      kill(-child_, SIGKILL);
      if (info.si_code == CLD_EXITED) {
        fields_.code = info.si_status;
      } else {
        fields_.signal = info.si_status;
      }
      if (died_by_kill()) end_group_ = group_of(std::to_string(child_));
      waitpid(child_, nullptr, 0);
      child_ = 0;
      return true;
    }
    waitpid(info.si_pid, nullptr, 0);  // an orphan that came to us
  }
}

/// Also as a shell says it of the program it had started.
bool Supervisor::died_by_kill() const {
  constexpr int kShellSignalBase = 128;
  return fields_.signal == SIGKILL || fields_.code == kShellSignalBase + SIGKILL;
}

/// Whether the SIGKILL seems to have come from the kernel because memory had run out: it says how many it has killed so, but not
/// whom. (docs/interruption.md has the rule for people.)
bool Supervisor::killed_for_memory() const {
  if (engine::oom_kills() <= oom_kills_before_) return false;
  if (!group_) return engine::machine_is_half_full_with(fields_.max_rss_bytes);
  // The command has gone into a group of its own, which may have a limit of its own.
  if (end_group_ && *end_group_ != *group_ && group_->remembers_the_dead()) return end_group_->oom_kills().value_or(0) > 0;
  // Where the kernel kills, memory was full: without the killed one's it is less so than with it.
  if (group_->oom_kills().value_or(group_kills_before_ + 1) > group_kills_before_)
    return group_->is_half_full_with(fields_.max_rss_bytes) || engine::machine_is_half_full_with(fields_.max_rss_bytes);
  // Somebody of another group; where the dead are not remembered the command may have been in that.
  return !group_->remembers_the_dead();
}

void Supervisor::kill_everything() {
  fields_.killed = true;
  kill(-child_, SIGKILL);
  for (const engine::ProcessInfo& process : engine::all_processes()) {
    if (process.parent == getpid()) kill(process.pid, SIGKILL);
  }
}

/// Kills our children until there is none: the children of a killed one become ours, since we are the subreaper. Only children
/// are signalled, because nobody else can get their numbers before we have waited for them.
void Supervisor::end_descendants() {
  const std::int64_t give_up = microseconds(CLOCK_MONOTONIC) + kSweepLimitUs;
  while (true) {
    pid_t ended = 0;
    while ((ended = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (ended < 0 && errno == ECHILD) return;
    if (microseconds(CLOCK_MONOTONIC) > give_up) return;
    for (const engine::ProcessInfo& process : engine::all_processes()) {
      if (process.parent == getpid() && process.state != 'Z') kill(process.pid, SIGKILL);
    }
    pollfd descriptor{signals_, POLLIN, 0};
    poll(&descriptor, 1, kSweepPauseMs);
    on_signals();
  }
}

int Supervisor::record() {
  on_signals();  // a request that came just before the end was made all the same
  fields_.ended_us = fields_.started_us + microseconds(CLOCK_MONOTONIC) - started_monotonic_us_;
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  fields_.user_us = microseconds(usage.ru_utime);
  fields_.system_us = microseconds(usage.ru_stime);
  fields_.max_rss_bytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
  fields_.oom_killed = died_by_kill() && !fields_.killed && killed_for_memory();
  struct stat log {};
  if (fstatat(directory_, engine::kLogFile, &log, 0) == 0) fields_.log_bytes = log.st_size;
  // Who started us waits for our end and takes it into its journal, durably, before anything else. Only when it is gone must the
  // file outlive the machine by itself; two syncs less lie then between a trial's end and the next one's start.
  const bool alone = getppid() != parent_;
  for (int tries = 1; !write_exit_file(directory_, fields_, alone); ++tries) {
    if (tries == kRecordTries || errno == ENOENT) return engine::kShimNotRecorded;  // ENOENT: the directory was removed
    pause_ms(kRecordPauseMs);
  }
  return 0;
}

}  // namespace tune::shim
