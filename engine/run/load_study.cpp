#include "engine/core/completion.hpp"
#include "engine/core/read_study.hpp"
#include "engine/journal/study_lock.hpp"
#include "engine/run/requests.hpp"
#include "engine/run/run_study.hpp"

namespace tune::engine {

Result<LoadedStudy> load_study(const std::string& directory, const Registry&) {
  Result<StudyReading> reading = read_study(directory);
  if (!reading.ok()) return reading.status();
  LoadedStudy loaded;
  loaded.spec = reading->state.spec();
  loaded.record = std::move(reading->state).take_record();
  loaded.running = StudyLock::held(directory);
  if (reading->torn_bytes > 0 && !loaded.running) {
    loaded.notes.push_back("the journal's last line is torn (" + std::to_string(reading->torn_bytes) + " bytes after byte " +
                           std::to_string(reading->good_length) + "); it was left out");
  }
  return loaded;
}

Status request_stop(const std::string& directory, std::optional<TrialId> trial) {
  if (!holds_study(directory)) return Status::invalid(directory + " holds no study");
  if (!StudyLock::held(directory))
    return Status::invalid(directory + ": no tune works on this study now, so there is nobody to stop it");
  return write_stop_request(directory, trial);
}

Summary summarize(const StudyRecord& record) {
  Summary summary;
  summary.study = record.status;
  summary.stop_reason = record.stop_reason;
  for (const TrialRecord& trial : record.trials) {
    summary.completed += trial.status == TrialStatus::kCompleted;
    summary.stopped += trial.status == TrialStatus::kStopped;
    summary.failed += trial.status == TrialStatus::kFailed;
  }
  summary.best_trial = best_trial(record);
  if (summary.best_trial) summary.best_value = record.trial(*summary.best_trial).value;
  return summary;
}

}  // namespace tune::engine
