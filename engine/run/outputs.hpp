#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "tune/records.hpp"

/// What finished trials leave behind, copied to where the user wants it (`output`).
namespace tune::engine {

/// Copies what a trial's attempts left in their directories to `to`: all of the last one's, less what the supervisor keeps there,
/// the earlier ones' logs as `log.attempt-N`, and `about` as `trial.json`. All or nothing: what was at `to` before is there until
/// everything is copied and on the disk. Symbolic links that lead out of the attempt's directory, and special files, are left
/// out. A storage error says what could not be done.
/// What is at `to` and no output of the study that `about` names (`study`, `study_created`) is never touched: an error.
Status copy_output(const std::vector<std::string>& attempt_directories, const std::string& about, const std::string& to,
                   const std::string& temporary_name);

/// Copies in the background what a study's `output` asks for, in the order in which it was asked for. What a crash or a full disk
/// has kept from being copied is copied when the study is gone on with: `catch_up` compares what is there with what should be.
/// Thread safety: one thread uses it; its own thread touches files only.
class Outputs {
 public:
  /// `study_directory`: where the trials' files are.
  Outputs(OutputSpec spec, std::string study_directory);
  /// Waits for what is being copied.
  ~Outputs();
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;

  /// Asks for whatever the study, as it is now, should have there and has not; called when a trial has ended and when a run
  /// begins.
  void catch_up(const StudyRecord& study);
  /// Waits until everything is copied.
  void finish();
  /// Problems since the last call, one sentence each.
  std::vector<std::string> take_problems();

 private:
  struct Job {
    std::vector<std::string> from;
    std::string about;
    std::string to;
    std::string temporary;  ///< name beside it
  };

  void request(const StudyRecord& study, const TrialRecord& trial, const std::string& name);
  void forget_failed();
  void work();

  OutputSpec spec_;
  std::string study_directory_;
  std::size_t seen_ = 0;                  ///< of the finished trials
  std::map<std::string, TrialId> asked_;  ///< by destination
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;               // guarded by mutex_
  std::vector<std::string> problems_;  // guarded by mutex_
  std::vector<std::string> failed_;    // destinations; guarded by mutex_
  bool busy_ = false;                  // guarded by mutex_
  bool over_ = false;                  // guarded by mutex_
  std::thread worker_;                 ///< last: it uses the rest
};

}  // namespace tune::engine
