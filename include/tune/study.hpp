#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tune/metric_definition.hpp"
#include "tune/records.hpp"
#include "tune/registry.hpp"
#include "tune/space.hpp"

/// The library interface: define a space, open a study, then run a function or a command over it, or ask and tell yourself.
namespace tune {

/// Parameters by name, as in `{{"learning_rate", 0.01}, {"optimizer", "sgd"}}`.
using NamedValues = std::vector<std::pair<std::string, Value>>;

struct StudyOptions {
  Objective objective = {};
  Named strategy = named("bayesian");  ///< options that are not given take their defaults, here and in `stopping`
  /// Points to be tried first, one a trial, before the strategy is asked. What a point leaves out is drawn at random; a
  /// conditional parameter needs its parent beside it.
  std::vector<NamedValues> initial = {};
  std::optional<Named> stopping = {};  ///< none: no early stopping
  std::optional<double> audit = {};    ///< share of the trials to be stopped that runs on, 0 to 1; none: the rule's own
  /// Trials save into checkpoint_directory() and go on from resume_from(): rules may pause them. A rule that does needs it.
  bool checkpoints = false;
  std::optional<std::int64_t> max_trials = {};  ///< none: until the strategy is exhausted or another limit ends it
  std::uint64_t seed = 0;
  int lookahead = 0;                          ///< 1: run() makes the next proposal right after a launch; ask() does not care
  std::optional<std::int64_t> max_step = {};  ///< what a trial reports when it is done
  bool deterministic = false;                 ///< a parallel run repeats exactly (docs/architecture.md)
  std::optional<std::chrono::milliseconds> trial_runtime = {};  ///< after which run() stops a trial
  int max_failures = 5;                                         ///< failed trials in a row after which the study ends
  std::optional<WarmStart> warm_start = {};                     ///< earlier studies to begin with (docs/warm-start.md)
  Registry registry = builtin();                                ///< add your own strategies and policies to it
};

/// What a report was answered with. Ignoring it is a warning: ask go_on(), and return from training when it says no.
class [[nodiscard]] Verdict {
 public:
  Verdict() = default;
  explicit Verdict(Decision decision) : decision_(std::move(decision)) {}
  [[nodiscard]] bool go_on() const { return decision_.kind == Decision::Kind::kContinue; }
  [[nodiscard]] const Decision& decision() const { return decision_; }

 private:
  Decision decision_;
};

namespace detail {
class TrialChannel;  // what connects a Trial with its study; defined in engine/
}

/// A trial to be carried out. Move-only. A trial from `ask` that is destroyed without `tell` is recorded as Failed, `abandoned`.
/// One trial may be used by one thread at a time; different trials by different threads.
/// A trial may outlive its Study handle; the study stays owned by this process until its trials are gone too.
class Trial {
 public:
  Trial(Trial&&) noexcept;
  Trial& operator=(Trial&&) noexcept;
  ~Trial();

  [[nodiscard]] TrialId number() const;
  [[nodiscard]] const Configuration& configuration() const;
  /// The largest step the study knows of, if any.
  [[nodiscard]] std::optional<std::int64_t> max_step() const;
  /// A directory of this trial's own for checkpoints; it outlives an interruption.
  [[nodiscard]] const std::string& checkpoint_directory() const;
  /// The checkpoint directory of the interrupted or paused attempt when it is not empty.
  [[nodiscard]] const std::optional<std::string>& resume_from() const;

  [[nodiscard]] double operator[](Handle<double> parameter) const;
  [[nodiscard]] std::int64_t operator[](Handle<std::int64_t> parameter) const;
  [[nodiscard]] const std::string& operator[](Handle<std::string> parameter) const;
  [[nodiscard]] std::optional<double> operator[](ConditionalHandle<double> parameter) const;
  [[nodiscard]] std::optional<std::int64_t> operator[](ConditionalHandle<std::int64_t> parameter) const;

  /// Reports the objective after `step` (counted from 1) and asks whether to go on. Blocks until the study has judged it, which
  /// is short. REQUIRES: step >= 1.
  Verdict report(std::int64_t step, double value);
  /// Reports another metric; never stops a trial.
  void report(std::int64_t step, std::string_view metric, double value);
  /// Whether the study wants the trial to end (time limit, Ctrl-C); for long steps.
  [[nodiscard]] bool stop_requested() const;

 private:
  friend class Study;
  friend class detail::TrialChannel;
  explicit Trial(std::shared_ptr<detail::TrialChannel> channel);
  std::shared_ptr<detail::TrialChannel> channel_;
};

/// How a told trial ended.
struct Outcome {
  TrialStatus status = TrialStatus::kCompleted;  ///< kCompleted, kStopped or kFailed
  std::optional<FailureClass> failure = {};      ///< for kFailed; default kUserError
  std::string detail = {};
};

/// A command to run for each trial, as `command`, `metrics` and `environment` of a config file (docs/configuration.md).
struct Command {
  std::vector<std::string> argv = {};  ///< `{name}` is replaced by the parameter's value; `{{` is a brace
  std::vector<MetricDefinition> metrics = {};
  std::vector<std::pair<std::string, std::string>> environment = {};
};

struct RunOptions {
  int parallel = 1;                                           ///< trials at once, up to 4096
  std::optional<std::chrono::milliseconds> max_runtime = {};  ///< of the study, over all its runs; journaled when it changes
};

/// How a study stands.
struct Summary {
  Status status;  ///< not ok: the run broke off (storage, executor); the study can be opened again
  StudyStatus study = StudyStatus::kInProgress;
  std::string stop_reason = {};
  std::int64_t completed = 0;
  std::int64_t stopped = 0;
  std::int64_t failed = 0;
  std::optional<TrialId> best_trial = {};
  std::optional<double> best_value = {};
};

/// A study in a directory: every call is in its journal before it returns, so a killed process loses nothing. A move-only handle.
/// Thread safety: all members may be called from several threads, but run() excludes everything else while it runs.
class Study {
 public:
  /// Opens the study in `directory`, creating it when there is none; the directory's name is the study's. An existing study must
  /// have the same space and options, max_trials apart; trials that were asked for and not told are then handed out again by
  /// `ask`, first.
  static Result<Study> open(const std::string& directory, const Space& space, const StudyOptions& options);

  Study(Study&&) noexcept;
  Study& operator=(Study&&) noexcept;
  ~Study();

  /// Calls `train` for each trial, `options.parallel` at a time on threads of its own, until the study ends. Returning completes
  /// the trial (or ends it as Stopped after a stop verdict, or pauses it after a pause verdict: then `train` is called for it
  /// again); an exception fails it. A deterministic study cannot pause functions.
  Summary run(const std::function<void(Trial&)>& train, const RunOptions& options = {});
  /// The same with a process for each trial.
  Summary run(const Command& command, const RunOptions& options = {});

  /// The next trial; none when the study has ended (`ended()`), when the strategy wants to see a result first, or on an error
  /// (`status()`).
  [[nodiscard]] std::optional<Trial> ask();
  /// Ends a trial with its reports; `value` overrides them. After a stop verdict a plain tell records `Stopped`, after a pause
  /// verdict `Paused`: a later ask may give it again. Consumes the trial.
  Status tell(Trial trial, std::optional<double> value = std::nullopt, const Outcome& outcome = {});
  /// Records a finished trial from elsewhere.
  Result<TrialId> add(const Configuration& configuration, double value);

  [[nodiscard]] bool ended() const;
  [[nodiscard]] Status status() const;
  [[nodiscard]] Summary summary() const;
  [[nodiscard]] const Space& space() const;
  /// A copy of everything known.
  [[nodiscard]] StudyRecord record() const;

 private:
  class Impl;
  explicit Study(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tune
