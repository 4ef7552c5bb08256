#include "engine/core/failure.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <string_view>

#include "engine/core/traceback.hpp"

namespace tune::engine {

namespace {

/// What PyTorch, TensorFlow, JAX, CUDA, Python and C++ print when memory runs out.
constexpr std::array<std::string_view, 8> kOutOfMemoryTexts{
    "CUDA out of memory", "OutOfMemoryError", "out of memory",          "RESOURCE_EXHAUSTED",
    "MemoryError",        "std::bad_alloc",   "Cannot allocate memory", "CUBLAS_STATUS_ALLOC_FAILED"};

struct Sign {
  std::string_view text;
  std::string_view what;
  bool may_follow = false;  ///< other processes say it, too, when one of them has failed by itself
};
/// What programs print when not they are to blame. `illegal memory access` and `device-side assert` are not here: these are the
/// program's own.
constexpr std::array kInfrastructureSigns{
    Sign{"uncorrectable ECC error", "a GPU has a memory error"},
    Sign{"GPU is lost", "a GPU has fallen off the bus"},
    Sign{"fallen off the bus", "a GPU has fallen off the bus"},
    Sign{"no CUDA-capable device is detected", "a GPU is gone"},
    Sign{"CUDA-capable device(s) is/are busy or unavailable", "a GPU is taken"},
    Sign{"all CUDA-capable devices are busy or unavailable", "a GPU is taken"},
    Sign{"CUDA error: unknown error", "the GPU driver failed"},
    Sign{"CUDA driver initialization failed", "the GPU driver failed"},
    Sign{"CUDA_ERROR_SYSTEM_NOT_READY", "the GPU driver is not ready"},
    Sign{"tune-train-image: error: CUDA error", "the built-in trainer, whose kernels are known, failed on the GPU"},
    Sign{"ncclSystemError", "processes lost each other (NCCL)", true},
    Sign{"ncclRemoteError", "processes lost each other (NCCL)", true},
    Sign{"ncclInternalError", "processes lost each other (NCCL)", true},
    Sign{"ncclUnhandledCudaError", "processes lost each other (NCCL)", true},
    Sign{"NCCL communicator was aborted", "processes lost each other (NCCL)", true},
    Sign{"Watchdog caught collective operation timeout", "processes lost each other (NCCL)", true},
    Sign{"No space left on device", "a disk is full"},
    Sign{"Disk quota exceeded", "a disk quota is used up"},
    Sign{"Input/output error", "a disk failed"},
    Sign{"Stale file handle", "a network file system failed"},
    Sign{"Transport endpoint is not connected", "a network file system failed"},
};

constexpr std::array kOutsideSignals{SIGTERM, SIGKILL, SIGINT, SIGHUP, SIGPWR};

bool holds(const std::vector<std::string>& lines, std::string_view text) {
  return std::ranges::any_of(lines, [text](const std::string& line) { return line.find(text) != std::string::npos; });
}

/// Whether a failure of the program's own came before the first word of lost processes: an exception, or what torchrun names as
/// the root cause.
bool failed_by_itself_first(const std::vector<std::string>& lines) {
  const auto is_sign = [](const std::string& line) {
    return std::ranges::any_of(kInfrastructureSigns, [&](const Sign& sign) { return line.find(sign.text) != std::string::npos; });
  };
  const auto first = static_cast<std::size_t>(std::ranges::find_if(lines, is_sign) - lines.begin());
  return std::ranges::any_of(python_exceptions(lines), [&](const PythonException& exception) {
    return (exception.root_cause || exception.line < first) && !is_sign(exception.text) && !follows_from_others(exception.text);
  });
}

bool failed(const ExitRecord& exit) { return exit.signal || exit.code.value_or(0) != 0; }

}  // namespace

std::string failure_text(const ExitRecord& exit) {
  std::string text = "exit code " + std::to_string(exit.code.value_or(0));
  if (exit.signal) {
    const char* name = strsignal(*exit.signal);
    text = "ended by signal " + std::to_string(*exit.signal) + " (" + (name != nullptr ? name : "unknown") + ")";
  } else if (!exit.error.empty()) {
    text = exit.error;
  }
  return exit.rank == 0 ? text : "process " + std::to_string(exit.rank) + ": " + text;
}

bool ran_out_of_memory(const ExitRecord& exit, const std::vector<std::string>& last_lines) {
  if (!failed(exit)) return false;
  return exit.oom_killed ||
         std::ranges::any_of(kOutOfMemoryTexts, [&](std::string_view text) { return holds(last_lines, text); });
}

std::optional<std::string> broken_infrastructure(const ExitRecord& exit, const std::vector<std::string>& last_lines,
                                                 const std::vector<std::string>& tail) {
  if (!failed(exit) || ran_out_of_memory(exit, last_lines)) return std::nullopt;
  if (!exit.broken_gpu.empty()) return exit.broken_gpu;
  for (const Sign& sign : kInfrastructureSigns) {
    if (!holds(last_lines, sign.text)) continue;
    if (!sign.may_follow || !failed_by_itself_first(tail.empty() ? last_lines : tail))
      return std::string(sign.what) + ": it said '" + std::string(sign.text) + "'; " + failure_text(exit);
  }
  return std::nullopt;
}

bool ended_from_outside(const ExitRecord& exit) {
  if (exit.stop_requested || exit.oom_killed) return false;
  return std::ranges::any_of(kOutsideSignals,
                             [&](int number) { return exit.signal == number || exit.code == kShellSignalBase + number; });
}

}  // namespace tune::engine
