#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/study_core.hpp"
#include "tune/study.hpp"

namespace tune::engine {

/// How a study is opened.
enum class OpenMode { kCreate, kResume, kCreateOrResume };

/// A study whose trials are carried out by its user: asked for, reported and told. Every call is in the journal before it
/// returns. Thread safety: all members but core(), which is for whoever keeps everybody else out.
class AskTell {
 public:
  /// A trial to carry out.
  struct Given {
    TrialId trial = 0;
    Configuration configuration;
    std::optional<std::int64_t> max_step;
    std::string checkpoint_directory;
    std::optional<std::string> resume_from;
  };
  struct Answer {
    std::optional<Given> given;
    bool exhausted = false;  ///< none will come any more; otherwise without a trial: ask again after the next tell
  };
  /// Whether trials that an earlier process asked for and did not tell are handed out before new ones, or only when there are no
  /// new ones left (their workers may live on).
  enum class Orphans { kFirst, kLast };

  static Result<std::unique_ptr<AskTell>> open(const std::string& directory, const StudySpec& spec, const Registry& registry,
                                               OpenMode mode, Orphans orphans, std::shared_ptr<const Clock> clock);

  /// `checkpoints`: whoever asks says that its trials save and go on later. Refused without where the rule pauses trials.
  Result<Answer> ask(bool checkpoints);
  /// Reports metrics of one step, the objective last; the verdict is about the objective. After a stop or pause decision it is
  /// that again.
  Result<Decision> report(TrialId trial, std::optional<std::int64_t> step,
                          const std::vector<std::pair<std::string, double>>& metrics);
  /// Ends a trial; after a pause decision, without a value and with the default outcome, only its attempt: then it is paused. A
  /// non-finite value means that it diverged.
  Status tell(TrialId trial, std::optional<double> value, const Outcome& outcome);
  Result<TrialId> add(const Configuration& configuration, double value);
  /// Sets the study's max_runtime, when given.
  Status limit_runtime(std::optional<std::chrono::milliseconds> max_runtime);

  [[nodiscard]] Summary summary() const;
  [[nodiscard]] StudyRecord record() const;
  [[nodiscard]] bool ended() const;
  [[nodiscard]] StudyCore& core() { return *core_; }
  [[nodiscard]] std::mutex& mutex() { return mutex_; }

 private:
  AskTell(std::shared_ptr<const Clock> clock, std::unique_ptr<StudyCore> core, Orphans orphans);

  Result<Answer> give(TrialId trial, bool again);
  void end_when_over();
  std::optional<TrialId> take_orphan();
  [[nodiscard]] Status check_running(TrialId trial) const;
  [[nodiscard]] AttemptId attempt_of(TrialId trial) const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Clock> clock_;  ///< the core's; a trial may outlive whoever opened its study
  std::unique_ptr<StudyCore> core_;
  Orphans orphans_when_;
  std::set<TrialId> orphans_;  ///< in flight in the journal, asked for by a process that is gone
  bool exhausted_ = false;     ///< the strategy said so
};

}  // namespace tune::engine
