#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace tune::test {

/// Who a process is: tune itself; the launcher that forks supervisors; a supervisor, or what will be one. A trial's command is
/// not traced.
enum class Role { kTune, kLauncher, kSupervisor };
const char* to_string(Role role);

/// What becomes of a call.
struct Verdict {
  enum class Kind { kLet, kFail, kShorten, kKill, kKillAll };
  Kind kind = Kind::kLet;
  int error = 0;  ///< errno of kFail
};

/// Runs a program under ptrace, and asks at every system call that has a name (system_calls.hpp) what is to become of it.
class Tracer {
 public:
  using Judge = std::function<Verdict(Role role, const std::string& call, const std::string& path)>;

  explicit Tracer(Judge judge) : judge_(std::move(judge)) {}

  /// Returns the exit code of the program, or 128 + the signal that ended it; -1: nothing may be traced here. Whoever of its
  /// descendants is still there goes on without us.
  int run(char** argv);

 private:
  struct Task {
    pid_t process = 0;
    Role role = Role::kTune;
    int error = 0;  ///< to be returned at the exit of the call
  };

  void on_stop(pid_t id, int status);
  void on_new(pid_t parent);
  void on_exec(pid_t id);
  void on_call(pid_t id);
  void begin(pid_t id, const Task& task);
  void let_go(pid_t id);
  void carry_out(pid_t id, Task& task, const Verdict& verdict);

  Judge judge_;
  std::map<pid_t, Task> tasks_;
  std::set<pid_t> early_;     ///< stopped before the event that says whose children they are
  std::set<pid_t> commands_;  ///< of trials: not traced any more
};

}  // namespace tune::test
