#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/clock.hpp"
#include "tune/space.hpp"

/// What is known about a study, as plain data: the fold over its journal. The engine writes it, everybody else reads it
/// through `StudyView` (strategies, policies) or directly (reports).
namespace tune {

using TrialId = std::int64_t;  ///< numbered from 1

struct AttemptId {
  TrialId trial = 0;
  int attempt = 0;  ///< numbered from 1 within its trial
  auto operator<=>(const AttemptId&) const = default;
};

enum class Goal { kMaximize, kMinimize };
/// Which of a trial's objective values is its result.
enum class ValueMode { kLast, kBest, kMeanLastK };
/// What a non-finite objective does: end the trial as diverged, or leave it to the stopping rules.
enum class OnNan { kStop, kIgnore };

struct Objective {
  std::string metric = {};
  Goal goal = Goal::kMaximize;
  ValueMode value = ValueMode::kLast;
  int last_k = 1;  ///< for kMeanLastK
  OnNan on_nan = OnNan::kStop;

  /// Strictly better; a NaN is never better and anything finite is better than a NaN.
  [[nodiscard]] bool better(double a, double b) const {
    if (std::isnan(a)) return false;
    if (std::isnan(b)) return true;
    return goal == Goal::kMaximize ? a > b : a < b;
  }
};

inline Objective maximize(std::string metric) { return {.metric = std::move(metric)}; }
inline Objective minimize(std::string metric) { return {.metric = std::move(metric), .goal = Goal::kMinimize}; }

enum class TrialStatus { kInProgress, kStopping, kCompleted, kStopped, kFailed };
enum class SecondaryStatus {
  kNone,
  kPending,
  kStarting,
  kTraining,
  kInterrupted,
  kPaused,
  kMaxRuntimeExceeded,
  kMaxWaitTimeExceeded
};
enum class FailureClass { kUserError, kOom, kSignal, kNoObjective, kLaunchError, kAbandoned, kLost };
enum class StudyStatus { kInProgress, kStopping, kCompleted, kStopped, kFailed };

std::string_view to_string(TrialStatus);
std::string_view to_string(SecondaryStatus);
std::string_view to_string(FailureClass);
std::string_view to_string(StudyStatus);
inline std::string_view to_string(Goal goal) { return goal == Goal::kMaximize ? "maximize" : "minimize"; }

/// One observation of one metric of one trial.
struct Point {
  std::int64_t step = 0;
  double value = 0.0;
  TimePoint time = {};
  std::int64_t order = 0;  ///< sequence number of the event that brought it: the order in which things happened
  int attempt = 1;
  double total = 0.0;  ///< of the values up to here, summed in the order of steps; kept by `Series::insert`
};

/// The observations of one metric, one point a step, sorted by step; a later value for a step has replaced the earlier one.
struct Series {
  std::string metric = {};
  std::vector<Point> points = {};

  /// Puts a point in its place, with the totals from there on. False when it replaced one.
  bool insert(const Point& point) {
    const auto at = points.empty() || points.back().step < point.step
                        ? points.end()
                        : std::lower_bound(points.begin(), points.end(), point.step,
                                           [](const Point& known, std::int64_t step) { return known.step < step; });
    const bool replaces = at != points.end() && at->step == point.step;
    auto place = replaces ? at : points.insert(at, point);
    *place = point;
    for (double total = place == points.begin() ? 0.0 : (place - 1)->total; place != points.end(); ++place) {
      total += place->value;
      place->total = total;
    }
    return !replaces;
  }
};

/// What an attempt did with its GPUs, as far as it was watched.
struct GpuUse {
  std::int64_t samples = 0;        ///< that it rests on
  double utilization = 0.0;        ///< mean share of the time, 0 to 1
  std::uint64_t memory_bytes = 0;  ///< the most its processes held, summed over its GPUs
  double watts = 0.0;              ///< mean, summed over its GPUs
};

/// One execution of a trial's command.
struct AttemptRecord {
  int number = 1;
  std::optional<TimePoint> launched = {};  ///< when it was decided to start it
  std::optional<TimePoint> started = {};
  std::optional<TimePoint> ended = {};
  std::string end_reason = {};  ///< completed | stopped | failed | interrupted | lost; empty while running
  std::string host = {};
  std::vector<std::string> gpus = {};  ///< as given to the trial: index or UUID
  double gpu_share = 1.0;              ///< of each of them that was its own
  int slot = -1;
  std::optional<int> exit_code = {};
  std::optional<int> exit_signal = {};
  std::optional<std::int64_t> resumed_from_step = {};
  std::optional<GpuUse> gpu_use = {};
};

/// A time of the attempt in GPU time: times its GPUs, or its share of one.
inline Duration gpu_part(Duration time, const AttemptRecord& attempt) {
  const Duration all = time * static_cast<std::int64_t>(attempt.gpus.size());
  if (attempt.gpu_share == 1.0) return all;
  return Duration(static_cast<std::int64_t>(std::llround(static_cast<double>(all.count()) * attempt.gpu_share)));
}

/// What capacity that may be taken away costs, in any currency, per GPU-hour.
struct SpotPrice {
  double on_demand = 0.0;
  double interruptible = 0.0;  ///< at most `on_demand`
};

/// A decision that was taken about a trial, with what it was based on.
struct DecisionRecord {
  std::int64_t step = 0;
  std::string kind = {};  ///< continue | stop | pause
  std::string rule = {};
  std::string reason = {};
  std::vector<std::pair<std::string, double>> numbers = {};
  std::vector<TrialId> references = {};
  TimePoint time = {};
  std::int64_t order = 0;
};

/// What a strategy itself expected when it made a proposal, by its own model. The unit of all three is the distance between the
/// best and the median of the values that the model was fitted on, both as the model sees them (warped, if it warps them), so
/// that studies of any scale compare. NaN: it cannot say.
struct Outlook {
  double expected_improvement = 0.0;  ///< over the best value, at the proposed configuration
  double regret_bound = 0.0;          ///< how much better than the best one found any configuration may be, at most
  double noise = 0.0;                 ///< standard deviation of the noise of one value; 0: none was found
};

struct TrialRecord {
  TrialId id = 0;
  std::string name = {};  ///< study name, number and a random-looking suffix
  Configuration configuration = {};
  TrialStatus status = TrialStatus::kInProgress;
  SecondaryStatus secondary = SecondaryStatus::kPending;
  std::string stop_reason = {};  ///< median, diverged, time_limit, target, budget, user, ...; empty if none
  std::optional<FailureClass> failure = {};
  std::string failure_detail = {};           ///< one sentence
  std::vector<std::string> last_lines = {};  ///< the end of the log of a failed trial
  std::optional<double> value = {};          ///< the result, by `Objective::value`; finite
  std::int64_t as_of = 0;                    ///< sequence number of the snapshot the proposal was made from
  std::optional<Outlook> outlook = {};       ///< what its strategy expected of the search then, if it said
  std::int64_t proposed_order = 0;
  std::int64_t ended_order = 0;
  TimePoint proposed_time = {};
  std::optional<TimePoint> ended_time = {};
  std::int64_t virtual_start = 0;                ///< start on the virtual clock of a deterministic study
  bool spared = false;                           ///< audited: no policy stops it again
  bool stop_requested = false;                   ///< a stop is in the journal, the end is not
  std::vector<Series> series = {};               ///< the objective's, if any, among them
  std::optional<std::int64_t> judged_step = {};  ///< step of the newest objective observation
  std::vector<AttemptRecord> attempts = {};
  std::vector<DecisionRecord> decisions = {};
  bool imported = false;  ///< recorded by `add`, never run here
  bool initial = false;   ///< one of the user's first points, not the strategy's proposal
  std::int64_t unreadable_captures = 0;
  std::int64_t cut_lines = 0;

  [[nodiscard]] bool finished() const {
    return status == TrialStatus::kCompleted || status == TrialStatus::kStopped || status == TrialStatus::kFailed;
  }
  /// A configuration the strategy should learn to avoid: it diverged or ran out of memory.
  [[nodiscard]] bool infeasible() const { return stop_reason == "diverged" || failure == FailureClass::kOom; }
  [[nodiscard]] const Series* find_series(std::string_view metric) const {
    for (const Series& one : series) {
      if (one.metric == metric) return &one;
    }
    return nullptr;
  }
};

/// What the values of an earlier study are worth to one that begins with them (SageMaker: WarmStartType).
enum class WarmStartType {
  kIdentical,  ///< the same program and data: they are what this study would get
  kTransfer,   ///< something like it: within one study, better is better
};
inline std::string_view to_string(WarmStartType type) { return type == WarmStartType::kIdentical ? "identical" : "transfer"; }

inline constexpr std::size_t kMaxEarlierStudies = 5;  ///< that one study may begin with; SageMaker's bound

/// The studies a new one begins with (docs/warm-start.md).
struct WarmStart {
  std::vector<std::string> studies = {};  ///< their directories
  WarmStartType type = WarmStartType::kIdentical;
};

/// A study that this one began with, as it was then.
struct EarlierStudy {
  std::string name = {};
  std::string directory = {};  ///< where it lay
  WarmStartType type = WarmStartType::kIdentical;
  std::string metric = {};          ///< its objective's; the goal is this study's
  std::int64_t trials = 0;          ///< of its own that had ended
  std::int64_t without_result = 0;  ///< of those: had neither a value nor were infeasible
  std::int64_t taken = 0;           ///< of those: are among the earlier trials; the rest does not fit this study's space
  bool learned_from = false;        ///< whether the strategy says that it looks at them
  std::optional<std::int64_t> max_step = {};  ///< that it declared
  std::optional<TrialId> best_trial = {};     ///< of all its trials, taken or not
  std::optional<double> best_value = {};
  std::vector<std::pair<std::string, Value>> best_parameters = {};  ///< by its own names
};

/// A trial of an earlier study, in this study's space.
struct EarlierTrial {
  int study = 0;                     ///< index into the earlier studies
  TrialId trial = 0;                 ///< its number there
  Configuration configuration = {};  ///< kTransfer: a parameter that the earlier study did not have has no value
  std::optional<double> value = {};  ///< its result, finite; none exactly when it is infeasible
  bool infeasible = false;           ///< it diverged or ran out of memory
  bool completed = false;            ///< it ran to its end; else `value` is what it had when it was stopped
  std::int64_t last_step = 0;        ///< of its objective's observations; 0 without one
};

/// A time during which a process owned the study, from its first event to its last.
struct OwnedTime {
  TimePoint from = {};
  TimePoint until = {};
  int slots = 1;          ///< `max_parallel` then
  bool ended_it = false;  ///< the study had ended at `until`: what follows is nobody's downtime
};

struct StudyRecord {
  std::string name = {};
  Space space = {};
  Objective objective = {};
  std::string strategy = {};
  std::string stopping = {};  ///< "off" when there is no early stopping
  std::uint64_t seed = 0;
  std::optional<std::int64_t> declared_max_step = {};  ///< `max_step`, else `static.epochs` or a synonym
  std::optional<std::int64_t> max_trials = {};         ///< as the limits are now
  bool spot = false;                                   ///< runs on capacity that may be taken away
  std::optional<SpotPrice> spot_price = {};            ///< where it is known
  StudyStatus status = StudyStatus::kInProgress;
  /// max_trials, max_runtime, max_gpu_hours, target, not_improving, converged, exhausted, max_failures, user
  std::string stop_reason = {};
  std::vector<std::pair<std::string, double>> stop_numbers = {};  ///< what that rests on, by name
  std::int64_t seq = 0;                                           ///< sequence number of the last event folded in
  TimePoint created = {};
  std::optional<TimePoint> ended = {};
  Duration active{0};                              ///< wall time during which a process owned the study
  std::vector<OwnedTime> owned = {};               ///< the same piece by piece, in order; they do not overlap
  std::vector<EarlierStudy> earlier_studies = {};  ///< that it began with
  std::vector<EarlierTrial> earlier_trials = {};   ///< theirs, by study, in the order in which they ended there
  std::deque<TrialRecord> trials = {};             ///< trials[i].id == i + 1
  std::vector<TrialId> finished_order = {};        ///< in the order in which they ended
  std::vector<TrialId> running = {};               ///< not finished, in the order of their proposal

  [[nodiscard]] const TrialRecord& trial(TrialId id) const { return trials[static_cast<std::size_t>(id - 1)]; }
  [[nodiscard]] bool has_trial(TrialId id) const { return id >= 1 && id <= static_cast<TrialId>(trials.size()); }
};

inline std::string_view to_string(TrialStatus status) {
  switch (status) {
    case TrialStatus::kInProgress:
      return "InProgress";
    case TrialStatus::kStopping:
      return "Stopping";
    case TrialStatus::kCompleted:
      return "Completed";
    case TrialStatus::kStopped:
      return "Stopped";
    case TrialStatus::kFailed:
      return "Failed";
  }
  return "";
}
inline std::string_view to_string(StudyStatus status) { return to_string(static_cast<TrialStatus>(status)); }
inline std::string_view to_string(SecondaryStatus status) {
  switch (status) {
    case SecondaryStatus::kNone:
      return "";
    case SecondaryStatus::kPending:
      return "Pending";
    case SecondaryStatus::kStarting:
      return "Starting";
    case SecondaryStatus::kTraining:
      return "Training";
    case SecondaryStatus::kInterrupted:
      return "Interrupted";
    case SecondaryStatus::kPaused:
      return "Paused";
    case SecondaryStatus::kMaxRuntimeExceeded:
      return "MaxRuntimeExceeded";
    case SecondaryStatus::kMaxWaitTimeExceeded:
      return "MaxWaitTimeExceeded";
  }
  return "";
}
inline std::string_view to_string(FailureClass failure) {
  switch (failure) {
    case FailureClass::kUserError:
      return "user_error";
    case FailureClass::kOom:
      return "oom";
    case FailureClass::kSignal:
      return "signal";
    case FailureClass::kNoObjective:
      return "no_objective";
    case FailureClass::kLaunchError:
      return "launch_error";
    case FailureClass::kAbandoned:
      return "abandoned";
    case FailureClass::kLost:
      return "lost";
  }
  return "";
}

}  // namespace tune
