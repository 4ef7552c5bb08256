#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "engine/journal/event.hpp"
#include "tune/records.hpp"

namespace tune::engine {

/// What the engine keeps of an unfinished trial beside its record: enough to go on reading its log.
struct RunningDetail {
  int attempt = 0;                             ///< the newest; 0: never launched
  bool in_flight = false;                      ///< launched, and neither ended, interrupted nor paused
  bool pausing = false;                        ///< in flight, and a decision to pause it is in the journal
  int got_further = 0;                         ///< the newest attempt with a step beyond all of those before it; 0: none
  std::optional<event::LogPosition> position;  ///< of the newest observation read from this attempt's log
  std::map<std::string, std::int64_t> counts;  ///< observations by metric that count for the next one's step
};

/// Whether the trial waits for a rule's plan to let it go on.
inline bool is_paused(const TrialRecord& trial) { return !trial.finished() && trial.secondary == SecondaryStatus::kPaused; }

/// The trial's clock in a deterministic study: its start plus the number of its objective observations.
std::int64_t virtual_clock(const TrialRecord& trial, const Objective& objective);

/// Whether the trial's newest attempt goes on where the one before it was, as its launch has said. Then steps that nobody names
/// are counted on from there; else it begins anew, and so does the count.
bool goes_on(const TrialRecord& trial);

/// The step of the metric's next observation in the newest attempt, where the trial does not name it: how many there are.
std::int64_t counted_step(const TrialRecord& trial, std::string_view metric);

/// The limits as they are after the changes.
void apply_changes(Limits& limits, const LimitChanges& changes);

/// The fold over a study's events. `apply` is the only way to change it: the live run and the reading of a journal share it.
class StudyState {
 public:
  /// Adds one event; refuses one that cannot follow what was there (a trial that ends twice).
  Status apply(const Event& event);

  [[nodiscard]] const StudySpec& spec() const { return spec_; }
  [[nodiscard]] const StudyRecord& record() const { return record_; }
  /// The record without a copy of it, which is large; the state is of no use afterwards.
  [[nodiscard]] StudyRecord take_record() && { return std::move(record_); }
  [[nodiscard]] std::int64_t owner() const { return owner_; }
  /// REQUIRES: the trial is unfinished.
  [[nodiscard]] const RunningDetail& detail(TrialId trial) const { return details_.at(trial); }
  [[nodiscard]] std::int64_t failed_in_a_row() const { return failed_in_a_row_; }
  /// GPUs x seconds of all attempts, those that run counted up to `now`: the ledger's sum.
  [[nodiscard]] double gpu_seconds(TimePoint now) const;
  /// The virtual clock of a deterministic study: that of the newest event of a trial of its own.
  [[nodiscard]] std::int64_t virtual_now() const { return virtual_now_; }
  /// How the study is to end, once that was decided and until it has ended.
  [[nodiscard]] const std::optional<event::StudyEnding>& ending() const { return ending_; }

 private:
  Status on(const Event& event, const event::StudyCreated& body);
  Status on(const Event& event, const event::EarlierStudyTaken& body);
  Status on(const Event& event, const event::EarlierTrialTaken& body);
  Status on(const Event& event, const event::Proposed& body);
  Status on(const Event& event, const event::Launched& body);
  Status on(const Event& event, const event::Started& body);
  Status on(const Event& event, const event::Observed& body);
  Status on(const Event& event, const event::Decided& body);
  Status on(const Event& event, const event::Spared& body);
  Status on(const Event& event, const event::StopRequested& body);
  Status on(const Event& event, const event::Interrupted& body);
  Status on(const Event& event, const event::Paused& body);
  Status on(const Event& event, const event::GpuUsed& body);
  Status on(const Event& event, const event::Ended& body);
  Status on(const Event& event, const event::StudyEnding& body);
  Status on(const Event& event, const event::StudyEnded& body);
  Status on(const Event& event, const event::OwnerChanged& body);

  void close(AttemptRecord& attempt, TimePoint end);
  Result<Configuration> configuration_of(const std::vector<std::pair<std::string, Value>>& parameters) const;
  Result<TrialRecord*> unfinished(TrialId trial);
  Result<AttemptRecord*> newest_attempt(AttemptId id);

  StudySpec spec_;
  StudyRecord record_;
  std::map<TrialId, RunningDetail> details_;
  std::int64_t owner_ = 0;
  TimePoint last_time_;
  std::int64_t failed_in_a_row_ = 0;
  std::int64_t virtual_now_ = 0;
  Duration gpu_time_{0};  ///< GPUs x running time of the attempts that are over
  std::optional<event::StudyEnding> ending_;
};

}  // namespace tune::engine
