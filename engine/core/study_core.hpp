#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/completion.hpp"
#include "engine/core/first_points.hpp"
#include "engine/core/happening.hpp"
#include "engine/core/health.hpp"
#include "engine/core/outcome.hpp"
#include "engine/core/read_study.hpp"
#include "engine/core/warm_start.hpp"
#include "engine/journal/journal_file.hpp"
#include "engine/journal/study_lock.hpp"
#include "engine/state/study_state.hpp"
#include "tune/clock.hpp"
#include "tune/registry.hpp"

namespace tune::engine {

/// What `propose` answered.
struct Proposal {
  std::optional<TrialId> trial;
  bool exhausted = false;  ///< none will come any more; otherwise: ask again after the next event
};

/// A study's decisions without its processes: owns the state, the journal, the strategy and the policy. Each call adds events to
/// the journal's queue; `commit` makes them durable, and only then may anything be done about them. Not thread-safe.
class StudyCore {
 public:
  /// A new study in `directory`, which must not hold one. Nothing is written when it fails.
  static Result<std::unique_ptr<StudyCore>> create(const std::string& directory, const StudySpec& spec, const Registry& registry,
                                                   const Clock& clock);
  /// The study in `directory`, read and locked against others; to be taken over before anything is done with it. With
  /// `must_match`, a study whose recorded config differs from it (the limits that may change apart) is refused with a list of
  /// differences.
  static Result<std::unique_ptr<StudyCore>> open(const std::string& directory, const Registry& registry, const Clock& clock,
                                                 const StudySpec* must_match = nullptr);
  /// Cuts off a torn last line of the journal, records this process as the owner, with the limits that change, and completes
  /// what the last owner had begun to decide. Of a study that has ended only a change of limits is recorded: then it goes on.
  /// REQUIRES: the clock is not before the last event.
  Status take_over(LimitChanges changes);

  [[nodiscard]] const StudyState& state() const { return state_; }
  [[nodiscard]] const StudySpec& spec() const { return state_.spec(); }
  [[nodiscard]] const StudyRecord& record() const { return state_.record(); }
  /// The record without a copy of it, which is large; nothing else may be asked afterwards.
  [[nodiscard]] StudyRecord take_record() && { return std::move(state_).take_record(); }
  [[nodiscard]] StudyView view() const { return StudyView(state_.record()); }
  /// Absolute: trials are told about it, and they run in another directory than a later `tune resume`.
  [[nodiscard]] const std::string& directory() const { return directory_; }
  /// What was found on opening, for the user: a torn line that was cut off.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  /// Time owned by anybody so far, the present moment included.
  [[nodiscard]] Duration active() const;

  /// Called after each event, by the thread that caused it.
  void observe_with(std::function<void(const Happening&)> listener) { listener_ = std::move(listener); }

  /// One more trial: the next of the user's first points, then what the strategy proposes; unless max_trials is used up (then
  /// exhausted).
  Proposal propose(std::int64_t virtual_start = 0);
  /// Records a finished trial from elsewhere.
  Result<TrialId> add(const Configuration& configuration, double value);
  /// Begins the trial's next attempt and returns it. `virtual_start`: of a trial that was proposed ahead, or goes on after a
  /// pause; 0: as it was.
  /// REQUIRES: none is in flight.
  AttemptId launch(TrialId trial, std::optional<std::int64_t> resumed_from_step, std::int64_t virtual_start = 0);
  void started(AttemptId id, const Started& where);
  /// One observation, judged by the health rules that look at its metric and, of the objective, by the policy. Returns the
  /// decision when the attempt is to end for it, by a stop or a pause: that is then in the journal's queue as well.
  std::optional<Decision> observe(AttemptId id, const std::string& metric, std::int64_t step, double value,
                                  std::optional<event::LogPosition> position = std::nullopt, bool counted = false);
  /// Records that the trial is asked to stop; the first reason stays.
  void request_stop(TrialId trial, const std::string& reason);
  /// `ended`: when its attempt did, where that is known to be another moment than this.
  void interrupted(AttemptId id, const std::string& why, bool lost, std::optional<TimePoint> ended = std::nullopt);
  /// What the attempt did with its GPUs; before the record of its end.
  void gpu_used(AttemptId id, const GpuUse& use);
  /// The attempt that was to pause is over: the trial waits. `exit`: how it ended, where that is known.
  void paused(AttemptId id, const ExitRecord& exit);
  /// Whether the rule may pause trials.
  [[nodiscard]] bool pauses() const { return policy_ && policy_->pauses(); }
  /// The paused trial that the rule's plan lets go on in a free slot, if any.
  [[nodiscard]] std::optional<Plan> plan() const;
  /// Records why it goes on; its launch follows. REQUIRES: `plan` is what plan() just said.
  void resume(const Plan& plan);
  /// Whether every unfinished trial is paused.
  [[nodiscard]] bool all_paused() const;
  /// Ends the paused trials as Stopped by their rule: none will be let go on any more.
  void end_paused();
  void end(AttemptId id, const EndReport& report);
  /// The same with an outcome that somebody else judged.
  void end(event::Ended ended);
  /// Records that the study is to end so, unless that is recorded already, and asks its running trials to stop for it.
  void begin_ending(const Ending& ending);
  void end_study(const Ending& ending);
  /// Records this process as the owner, with the limits that change; a study that had ended goes on.
  void change_limits(const LimitChanges& changes);
  /// Whether a completion criterion is met now.
  [[nodiscard]] std::optional<Ending> completed() const;

  /// Whether something is queued that must be durable before it is acted upon.
  [[nodiscard]] bool must_sync() const { return must_sync_; }
  Status commit(bool durable);
  /// Whether the study was removed under our hands: nobody will take over its trials.
  [[nodiscard]] bool removed() const { return journal_->removed(); }

 private:
  StudyCore(const std::string& directory, const Clock& clock);

  Status make_parts(const StudySpec& spec, const Registry& registry);
  void record_earlier(const Earlier& earlier);
  void record_event(event::Body body);
  void notify(const Event& event);
  void complete_chain();
  std::optional<Decision> judge_observation(AttemptId id, const std::string& metric, std::int64_t step, double value);
  std::optional<Decision> decide_health(AttemptId id, const std::string& metric, std::int64_t step);
  bool carry_stop(TrialId trial, const std::string& rule);
  std::optional<Decision> decide(AttemptId id, std::int64_t step, double value);
  [[nodiscard]] std::optional<Decision> judge(AttemptId id, std::int64_t step, double value) const;
  [[nodiscard]] bool is_ending(TrialId trial) const;
  [[nodiscard]] bool is_protected(const TrialRecord& trial) const;
  [[nodiscard]] bool too_young(const TrialRecord& trial) const;

  std::string directory_;
  const Clock& clock_;
  std::optional<StudyLock> lock_;
  std::optional<JournalWriter> journal_;
  StudyState state_;
  std::optional<FirstPoints> first_points_;
  std::unique_ptr<Strategy> strategy_;
  std::unique_ptr<StoppingPolicy> policy_;
  HealthRules health_;
  std::function<void(const Happening&)> listener_;
  std::vector<std::string> notes_;
  JournalReading reading_;                       ///< what `open` found
  std::optional<event::Observed> last_judged_;   ///< whose chain of decisions the journal may have ended in
  std::optional<event::Decided> last_decision_;  ///< if that was the last event
  std::int64_t owner_ = 1;
  TimePoint last_event_;
  bool must_sync_ = false;
};

}  // namespace tune::engine
