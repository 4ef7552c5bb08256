#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "engine/core/happening.hpp"
#include "engine/journal/limit_changes.hpp"
#include "tune/executor.hpp"
#include "tune/registry.hpp"
#include "tune/study.hpp"

/// Running a study of processes from beginning to end, and reading one that lies in a directory.
namespace tune::engine {

/// Told of everything by the engine thread; must be quick.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  /// Before anything else: the limits that the study runs by.
  virtual void opened(const Limits&) {}
  virtual void happened(const StudyRecord& study, const Happening& happening) = 0;
  /// At least every kTickInterval while the study runs.
  virtual void tick(const StudyRecord& study, TimePoint now) = 0;
  /// What an attempt's GPUs were doing just now.
  virtual void sampled(AttemptId, const GpuSampled&) {}
};
inline constexpr std::chrono::milliseconds kTickInterval{250};

/// Ctrl-C and SIGTERM: the first asks running trials to stop and saves, the second kills them. Safe from signal handlers.
class Interrupts {
 public:
  void raise() {
    ++count_;
    if (Executor* executor = executor_.load()) executor->wake();
  }
  [[nodiscard]] int count() const { return count_; }
  /// Which executor to wake; null when there is none any more.
  void attach(Executor* executor) { executor_ = executor; }

 private:
  std::atomic<int> count_{0};
  std::atomic<Executor*> executor_{nullptr};
};

struct RunRequest {
  enum class Mode {
    kCreate,          ///< refuses a directory that holds a study, and names `tune resume DIR`
    kResume,          ///< refuses a directory that holds none; the recorded spec is used
    kCreateOrResume,  ///< `--resume`: a study that is there must have the same config, limits apart
  };
  Mode mode = Mode::kCreate;
  std::string directory;
  StudySpec spec;  ///< kResume: ignored, the recorded one is used
  LimitChanges changes;
  std::string shim_path;  ///< the supervisor program, beside the `tune` binary
};

/// Runs a study to its end, or until it is interrupted (`Summary::study` is then still kInProgress). A bad request or an
/// environment that does not allow it is in `Summary::status`, and nothing was started or written then. `record`, where it is
/// given: the study as it is in the end, if it could be opened.
Summary run_study(const RunRequest& request, const Registry& registry, RunObserver& observer, Interrupts& interrupts,
                  std::optional<StudyRecord>* record = nullptr);

struct LoadedStudy {
  StudySpec spec;
  StudyRecord record;
  bool running = false;            ///< a process owns it right now
  std::vector<std::string> notes;  ///< what a reader should know: a torn last line was left out, ...
};
/// Reads a study without touching it.
Result<LoadedStudy> load_study(const std::string& directory, const Registry& registry);

/// Asks the owner of a study to stop it, or one trial of it, by a file in `requests/`.
Status request_stop(const std::string& directory, std::optional<TrialId> trial);

/// How a study stands, from its record alone.
Summary summarize(const StudyRecord& record);

}  // namespace tune::engine
