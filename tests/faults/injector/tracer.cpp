#include "tests/faults/injector/tracer.hpp"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/faults/injector/system_calls.hpp"

namespace tune::test {

namespace {

constexpr std::size_t kMostPath = 4096;
constexpr long kOptions =
    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
constexpr int kCallStop = SIGTRAP | 0x80;  // what PTRACE_O_TRACESYSGOOD makes of it

void go_on(pid_t id, int signal = 0) { ptrace(PTRACE_SYSCALL, id, nullptr, static_cast<long>(signal)); }

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

pid_t process_of(pid_t id) {
  const std::string status = file_text("/proc/" + std::to_string(id) + "/status");
  const std::size_t at = status.find("\nTgid:");
  return at == std::string::npos ? id : static_cast<pid_t>(std::atol(status.c_str() + at + 6));
}

std::string program_of(pid_t id) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/" + std::to_string(id) + "/exe", error).filename().string();
}

/// The text at an address of another process; "" where there is none.
std::string text_at(pid_t id, std::uint64_t address) {
  const int memory = open(("/proc/" + std::to_string(id) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) return "";
  std::array<char, kMostPath> bytes{};
  // Not beyond its page: the next one may not be there.
  const std::size_t size = kMostPath - address % kMostPath;
  const ssize_t got = pread(memory, bytes.data(), size, static_cast<off_t>(address));
  close(memory);
  const auto end = bytes.begin() + std::max<ssize_t>(0, got);
  return {bytes.begin(), std::find(bytes.begin(), end, '\0')};
}

/// "PATH BYTES" of an open file.
std::string file_and_size(pid_t id, std::uint64_t descriptor) {
  const std::string link = "/proc/" + std::to_string(id) + "/fd/" + std::to_string(descriptor);
  std::error_code error;
  const auto path = std::filesystem::read_symlink(link, error);
  const auto size = std::filesystem::is_regular_file(link, error) ? std::filesystem::file_size(link, error) : 0;
  return path.string() + " " + std::to_string(size);
}

#ifdef __x86_64__
void set_register(pid_t id, std::size_t offset, std::uint64_t value) { ptrace(PTRACE_POKEUSER, id, offset, value); }
void skip_call(pid_t id) { set_register(id, offsetof(user_regs_struct, orig_rax), static_cast<std::uint64_t>(-1)); }
void set_result(pid_t id, int error) { set_register(id, offsetof(user_regs_struct, rax), static_cast<std::uint64_t>(-error)); }
void set_third_argument(pid_t id, std::uint64_t value) { set_register(id, offsetof(user_regs_struct, rdx), value); }
#else
void skip_call(pid_t) {}
void set_result(pid_t, int) {}
void set_third_argument(pid_t, std::uint64_t) {}
#endif

}  // namespace

const char* to_string(Role role) { return role == Role::kTune ? "tune" : role == Role::kLauncher ? "launcher" : "supervisor"; }

int Tracer::run(char** argv) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return -1;
  const pid_t root = fork();
  if (root < 0) return -1;
  if (root == 0) {
    char word = 0;
    close(ready[1]);
    if (read(ready[0], &word, 1) == 1) execvp(argv[0], argv);
    _exit(127);
  }
  close(ready[0]);
  const bool traced = ptrace(PTRACE_SEIZE, root, nullptr, kOptions) == 0 && ptrace(PTRACE_INTERRUPT, root, nullptr, nullptr) == 0;
  if (traced) tasks_[root] = Task{root, Role::kTune, 0};
  if (traced && write(ready[1], "", 1) != 1) return -1;
  close(ready[1]);
  int status = 0;
  for (pid_t id = 0; (id = waitpid(-1, &status, __WALL)) > 0;) {
    if (WIFSTOPPED(status)) {
      on_stop(id, status);
      continue;
    }
    tasks_.erase(id);
    if (id != root) continue;
    if (!traced) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return -1;
}

void Tracer::on_stop(pid_t id, int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (event == PTRACE_EVENT_STOP && !tasks_.contains(id)) {
    early_.insert(id);
  } else if (event == PTRACE_EVENT_STOP) {
    if (signal == SIGTRAP)
      go_on(id);
    else
      ptrace(PTRACE_LISTEN, id, nullptr, nullptr);  // suspended, and stays so
  } else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
    on_new(id);
    go_on(id);
  } else if (event == PTRACE_EVENT_EXEC) {
    on_exec(id);
  } else if (signal == kCallStop) {
    on_call(id);
    go_on(id);
  } else {
    go_on(id, signal);
  }
}

void Tracer::on_new(pid_t parent) {
  unsigned long message = 0;
  if (ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &message) != 0) return;
  const pid_t id = static_cast<pid_t>(message);
  const Task& above = tasks_[parent];
  const Task task{process_of(id), above.role, 0};
  if (task.process == above.process) {
    begin(id, task);
  } else if (above.role == Role::kSupervisor) {
    commands_.insert(id);
    if (early_.erase(id) == 0) waitpid(id, nullptr, __WALL);
    let_go(id);
  } else {
    begin(id, Task{task.process, Role::kSupervisor, 0});
  }
}

void Tracer::begin(pid_t id, const Task& task) {
  tasks_[id] = task;
  if (early_.erase(id) != 0) go_on(id);
}

void Tracer::on_exec(pid_t id) {
  const std::string program = program_of(id);
  if (program == "tune-shim") {
    const bool launcher = file_text("/proc/" + std::to_string(id) + "/cmdline").find("--launcher") != std::string::npos;
    tasks_[id].role = launcher ? Role::kLauncher : Role::kSupervisor;
  } else if (program != "tune") {
    let_go(id);
    return;
  }
  go_on(id);
}

void Tracer::let_go(pid_t id) {
  ptrace(PTRACE_DETACH, id, nullptr, nullptr);
  tasks_.erase(id);
}

void Tracer::on_call(pid_t id) {
  Task& task = tasks_[id];
  __ptrace_syscall_info info{};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, id, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_EXIT && task.error != 0) {
    set_result(id, task.error);
    task.error = 0;
  }
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
  SystemCall call;
  call.number = info.entry.nr;
  std::copy(std::begin(info.entry.args), std::end(info.entry.args), std::begin(call.arguments));
  const std::string name = name_of(call);
  if (name.empty()) return;
  const int path = path_argument(call);
  std::string what = path < 0 ? "" : text_at(id, call.arguments[path]);
  if (name == "fsync" || name == "fdatasync") what = file_and_size(id, call.arguments[0]);
  const Verdict verdict = judge_(task.role, name, what);
  if (verdict.kind == Verdict::Kind::kShorten) {
    if (takes_bytes(name) && call.arguments[2] > 1) set_third_argument(id, call.arguments[2] / 2);
  } else {
    carry_out(id, task, verdict);
  }
}

void Tracer::carry_out(pid_t id, Task& task, const Verdict& verdict) {
  if (verdict.kind == Verdict::Kind::kFail) {
    skip_call(id);
    task.error = verdict.error;
  } else if (verdict.kind == Verdict::Kind::kKill) {
    kill(task.process, SIGKILL);
  } else if (verdict.kind == Verdict::Kind::kKillAll) {
    for (const auto& [each, other] : tasks_) kill(other.process, SIGKILL);
    for (const pid_t command : commands_) kill(-command, SIGKILL);
  }
}

}  // namespace tune::test
