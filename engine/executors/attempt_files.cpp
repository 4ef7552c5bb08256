#include "engine/executors/attempt_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "engine/clock/latest_time.hpp"
#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/process_table.hpp"

namespace tune::engine {
namespace {

constexpr std::size_t kRecordLimit = 64 * 1024;
constexpr std::size_t kEnvironmentLimit = 4 * 1024 * 1024;  ///< the kernel's own limit is a quarter of the stack's

using Json = nlohmann::json;

Json read_record(const std::string& directory, const char* name) {
  const auto text = read_small_file(directory + "/" + name, kRecordLimit);
  if (!text) return Json::value_t::discarded;
  return Json::parse(*text, nullptr, /*allow_exceptions=*/false);
}

std::int64_t integer(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}
std::optional<int> optional_integer(const Json& record, const char* key) {
  const auto found = record.find(key);
  if (found == record.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<int>();
}
/// 0 for what is no process that could be one of ours: signalling 1 and below would reach others.
pid_t process_number(const Json& record, const char* key) {
  const std::int64_t number = integer(record, key);
  return number > 1 && number <= std::numeric_limits<pid_t>::max() ? static_cast<pid_t>(number) : 0;
}
/// Beyond what the journal takes: not known.
TimePoint time_point(const Json& record, const char* key) {
  const Duration since_1970{integer(record, key)};
  return TimePoint(since_1970 >= Duration{0} && since_1970 <= kLatestTime ? since_1970 : Duration{0});
}
bool boolean(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_boolean() && found->get<bool>();
}
std::string text(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string launch_error(const LaunchSpec& spec, const std::string& step, const std::string& why) {
  if (step.empty()) return "";
  if (step == "exec") return "cannot run '" + (spec.argv.empty() ? "" : spec.argv.front()) + "': " + why;
  if (step == "directory") return "cannot enter the directory '" + spec.working_directory + "': " + why;
  if (step == "read_only") {
    std::string paths;
    for (const std::string& path : spec.read_only) paths += (paths.empty() ? "'" : ", '") + path + "'";
    return "cannot keep the command from writing to " + paths + " (channels with access: read_only): " + why;
  }
  if (step == "log") return "cannot open the log '" + spec.directory + "/" + kLogFile + "': " + why;
  if (step == "pid") return "cannot write '" + spec.directory + "/" + kPidFile + "': " + why;
  return "cannot start a process: " + why;
}

bool belongs_to(pid_t pid, const std::string& variable) {
  const auto environment = read_small_file("/proc/" + std::to_string(pid) + "/environ", kEnvironmentLimit);
  if (!environment) return false;
  const std::string wanted = variable + '\0';
  return environment->compare(0, wanted.size(), wanted) == 0 || environment->find('\0' + wanted) != std::string::npos;
}

void kill_exactly(const ProcessInfo& process) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0));
  if (fd < 0) return;
  // The descriptor holds the process; only now is it certain that the number still means the same one.
  const auto now = read_process(process.pid);
  if (now && now->start_time == process.start_time) syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
  close(fd);
}

}  // namespace

std::optional<PidFile> read_pid_file(const std::string& directory) {
  const Json record = read_record(directory, kPidFile);
  if (!record.is_object()) return std::nullopt;
  PidFile file;
  file.shim = process_number(record, "shim");
  file.shim_start = static_cast<std::uint64_t>(integer(record, "shim_start"));
  file.child = process_number(record, "child");
  file.child_start = static_cast<std::uint64_t>(integer(record, "child_start"));
  file.boot_id = text(record, "boot_id");
  if (file.shim <= 0 || file.child <= 0 || file.boot_id != boot_id()) return std::nullopt;
  return file;
}

ExitReading read_exit_file(const LaunchSpec& spec) {
  const auto content = read_small_file(spec.directory + "/" + kExitFile, kRecordLimit);
  if (!content) return {std::nullopt, errno == ENOENT || errno == ENOTDIR};
  const Json record = Json::parse(*content, nullptr, /*allow_exceptions=*/false);
  if (!record.is_object()) return {};
  ExitFile file;
  file.exit.code = optional_integer(record, "code");
  file.exit.signal = optional_integer(record, "signal");
  file.exit.stop_requested = boolean(record, "stop_requested");
  file.exit.killed = boolean(record, "killed");
  const bool by_kill = file.exit.signal == SIGKILL || file.exit.code == kShellSignalBase + SIGKILL;
  // Supervisors of earlier builds have written how many the kernel had killed.
  const bool for_memory = record.contains("oom_killed") ? boolean(record, "oom_killed") : integer(record, "oom_kills") > 0;
  file.exit.oom_killed = by_kill && !file.exit.killed && for_memory;
  const std::string step = text(record, "launch_step");
  file.exit.launch_error = launch_error(spec, step, text(record, "launch_error"));
  file.machine_failed = !step.empty() && step != "exec" && step != "directory" && step != "read_only";
  file.exit.started = time_point(record, "started_us");
  file.exit.ended = time_point(record, "ended_us");
  file.exit.user_seconds = to_seconds(Duration{integer(record, "user_us")});
  file.exit.system_seconds = to_seconds(Duration{integer(record, "system_us")});
  file.exit.max_rss_bytes = integer(record, "max_rss_bytes");
  file.log_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer(record, "log_bytes")));
  file.interrupted_by = static_cast<int>(integer(record, "interrupted_by"));
  if (!file.exit.code && !file.exit.signal && file.exit.launch_error.empty()) return {};
  return {std::move(file), true};
}

std::optional<LogFile> look_at_log(const std::string& directory) {
  struct stat found {};
  if (stat((directory + "/" + kLogFile).c_str(), &found) != 0) return std::nullopt;
  const auto since_1970 = std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec);
  return LogFile{static_cast<std::uint64_t>(found.st_size), TimePoint(std::chrono::duration_cast<Duration>(since_1970))};
}

std::optional<AttemptAge> age_of_attempt(const std::string& directory) {
  const auto pids = read_pid_file(directory);
  const auto shim = pids ? read_process(pids->shim) : std::nullopt;
  struct stat begun {};
  if (!shim || shim->start_time != pids->shim_start || stat((directory + "/" + kPidFile).c_str(), &begun) != 0)
    return std::nullopt;
  timespec up{};
  clock_gettime(CLOCK_BOOTTIME, &up);
  const double started = static_cast<double>(shim->start_time) / static_cast<double>(sysconf(_SC_CLK_TCK));
  const double running = std::max(0.0, static_cast<double>(up.tv_sec) + static_cast<double>(up.tv_nsec) * 1e-9 - started);
  double silent = running;
  // Both files have their times from the same clock.
  if (const auto log = look_at_log(directory)) {
    const auto spoke_after = to_seconds(log->written.time_since_epoch()) - static_cast<double>(begun.st_mtim.tv_sec) -
                             static_cast<double>(begun.st_mtim.tv_nsec) * 1e-9;
    silent = std::clamp(running - spoke_after, 0.0, running);
  }
  const auto duration = [](double seconds) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  };
  return AttemptAge{duration(running), duration(silent)};
}

bool lock_is_held(const std::string& directory) {
  const int fd = open((directory + "/" + kLockFile).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  const bool held = flock(fd, LOCK_EX | LOCK_NB) != 0;
  close(fd);
  return held;
}

void forbid_start(const std::string& directory) {
  const int fd = open((directory + "/" + kLostFile).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd >= 0) close(fd);
}

int sweep_attempt(const std::string& directory) {
  const std::string variable = std::string(kDirectoryVariable) + "=" + directory;
  const auto file = read_pid_file(directory);
  const std::vector<ProcessInfo> processes = all_processes();
  std::set<pid_t> spared;  // ourselves and those above us, whatever their environment says
  for (pid_t pid = getpid(); pid > 0;) {
    spared.insert(pid);
    const auto above = std::find_if(processes.begin(), processes.end(), [pid](const ProcessInfo& one) { return one.pid == pid; });
    pid = above == processes.end() ? 0 : above->parent;
  }
  std::set<pid_t> ours;
  for (const ProcessInfo& process : processes) {
    const bool is_command = file && process.pid == file->child && process.start_time == file->child_start;
    if (!spared.contains(process.pid) && (is_command || belongs_to(process.pid, variable))) ours.insert(process.pid);
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (const ProcessInfo& process : processes) {
      if (ours.contains(process.parent) && !spared.contains(process.pid)) grew |= ours.insert(process.pid).second;
    }
  }
  int found = 0;
  for (const ProcessInfo& process : processes) {
    if (process.state == 'Z' || !ours.contains(process.pid)) continue;
    kill_exactly(process);
    ++found;
  }
  return found;
}

void remove_unfinished_files(const std::string& directory) {
  // What the trial may have put in a directory's place, a link, is not followed.
  const auto remove_in = [](const std::string& place) {
    const int folder = open(place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return false;
    for (const char* name : {kPidFile, kExitFile}) unlinkat(folder, (std::string(name) + kUnfinished).c_str(), 0);
    close(folder);
    return true;
  };
  const std::filesystem::path ranks = std::filesystem::path(directory) / kRanksFolder;
  std::error_code error;
  if (!remove_in(directory) || !std::filesystem::is_directory(std::filesystem::symlink_status(ranks, error))) return;
  for (std::filesystem::directory_iterator at(ranks, error), end; !error && at != end; at.increment(error))
    remove_in(at->path().string());
}

}  // namespace tune::engine
