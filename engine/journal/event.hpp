#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/journal/limit_changes.hpp"
#include "tune/records.hpp"
#include "tune/stopping.hpp"

/// What the journal records (docs/journal.md). The study's state is these events added up and nothing else.
namespace tune::engine::event {

struct StudyCreated {
  std::string spec;  ///< resolved config, JSON
};
/// What `Proposed::strategy` names when no strategy was asked.
inline constexpr std::string_view kAdded = "added";      ///< a trial from elsewhere
inline constexpr std::string_view kInitial = "initial";  ///< one of the user's first points

/// A study that this one begins with; the trials taken of it follow. Before any trial of this study's own.
struct EarlierStudyTaken {
  EarlierStudy study;
};
struct EarlierTrialTaken {
  int study = 0;  ///< how many studies were taken before its own
  TrialId trial = 0;
  std::vector<std::pair<std::string, Value>> parameters;  ///< those it has of this study's
  std::optional<double> value;
  bool infeasible = false;
  bool completed = false;
  std::int64_t last_step = 0;
};
struct Proposed {
  TrialId trial = 0;
  std::string name;
  std::vector<std::pair<std::string, Value>> parameters;  ///< active ones
  std::int64_t as_of = 0;                                 ///< sequence number of the snapshot it was made from
  std::string strategy;                                   ///< `Strategy::name()`, kAdded or kInitial
  std::int64_t virtual_start = 0;
  std::optional<Outlook> outlook;
};
struct Launched {
  AttemptId id;
  std::optional<std::int64_t> resumed_from_step;
  std::int64_t virtual_start = 0;  ///< of a trial that was proposed ahead, which did not know it then
};
struct Started {
  AttemptId id;
  std::string host;
  std::vector<std::string> gpus;
  int slot = -1;
  double gpu_share = 1.0;  ///< of each of its GPUs that is its own
};
/// Where in the attempt's log an observation was read: enough to read on from there.
struct LogPosition {
  std::uint64_t offset = 0;                        ///< first byte of its line
  int index = 0;                                   ///< among the observations of that line
  std::vector<std::optional<std::int64_t>> steps;  ///< see metrics::ReaderState
};
struct Observed {
  AttemptId id;
  std::string metric;
  std::int64_t step = 0;
  double value = 0.0;
  std::optional<LogPosition> position;
  bool counted = false;  ///< the step was not named but is the number of the metric's observations
};
struct Decided {
  AttemptId id;
  std::int64_t step = 0;
  Decision decision;
};
/// Audited: the stop that was decided is not carried out, and no rule stops the trial again.
struct Spared {
  TrialId trial = 0;
  double draw = 0.0;   ///< the trial's number of [0, 1)
  double share = 0.0;  ///< it was below this
};
struct StopRequested {
  TrialId trial = 0;
  std::string reason;  ///< the stop reason the trial will end with
};
/// The attempt is over, the trial goes on with a new one.
struct Interrupted {
  AttemptId id;
  std::string why;
  bool lost = false;                            ///< nobody knows how it ended
  std::optional<TimePoint> attempt_ended = {};  ///< where that is known: it may be long ago
};
/// The attempt is over, and the trial waits until a rule's plan lets it go on with a new one.
struct Paused {
  AttemptId id;
  std::optional<TimePoint> attempt_started;  ///< by the supervisor's record
  std::optional<TimePoint> attempt_ended;
};
struct Ended {
  AttemptId id;
  TrialStatus status = TrialStatus::kCompleted;
  SecondaryStatus secondary = SecondaryStatus::kNone;
  std::string stop_reason;
  std::optional<FailureClass> failure;
  std::string detail;
  std::vector<std::string> last_lines;
  std::optional<double> value;
  std::optional<int> exit_code;
  std::optional<int> exit_signal;
  std::optional<TimePoint> attempt_started;  ///< by the supervisor's record
  std::optional<TimePoint> attempt_ended;
  std::int64_t unreadable_captures = 0;
  std::int64_t cut_lines = 0;
};
/// What an attempt did with its GPUs; before the record of its end.
struct GpuUsed {
  AttemptId id;
  GpuUse use;
};
/// The study is to end: its running trials are asked to stop for it. With the numbers the reason rests on.
struct StudyEnding {
  StudyStatus status = StudyStatus::kCompleted;
  std::string reason;
  std::vector<std::pair<std::string, double>> numbers;
};
struct StudyEnded {
  StudyStatus status = StudyStatus::kCompleted;
  std::string reason;
  std::vector<std::pair<std::string, double>> numbers;  ///< what the reason rests on
};
/// Another process, or another run, took the study over, perhaps with other limits.
struct OwnerChanged {
  std::string host;
  std::int64_t pid = 0;
  LimitChanges changes;
};

using Body = std::variant<StudyCreated, EarlierStudyTaken, EarlierTrialTaken, Proposed, Launched, Started, Observed, Decided,
                          Spared, StopRequested, Interrupted, Paused, GpuUsed, Ended, StudyEnding, StudyEnded, OwnerChanged>;

}  // namespace tune::engine::event

namespace tune::engine {

struct Event {
  std::int64_t seq = 0;    ///< 1, 2, 3, ...
  std::int64_t owner = 1;  ///< lease number: how many processes have owned the study
  TimePoint time;
  event::Body body;
};

}  // namespace tune::engine
