#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tune/study_view.hpp"

namespace tune {

/// A verdict on a running trial, with the numbers and the reference trials it rests on.
struct Decision {
  enum class Kind { kContinue, kStop, kPause };
  Kind kind = Kind::kContinue;
  std::string rule = {};
  std::string reason = {};  ///< one sentence; never empty for kStop and kPause
  std::vector<std::pair<std::string, double>> numbers = {};
  std::vector<TrialId> references = {};
};

inline std::string_view to_string(Decision::Kind kind) {
  return kind == Decision::Kind::kContinue ? "continue" : kind == Decision::Kind::kStop ? "stop" : "pause";
}

/// What to do with a free slot before the strategy is asked.
struct Plan {
  std::optional<TrialId> resume = {};  ///< a paused trial to go on with
  int bracket = 0;
  std::optional<std::int64_t> max_step = {};  ///< a new trial's rung
  Decision decision = {};  ///< why `resume` goes on: its reason, numbers and references; journaled before it does
};

/// Whom to stop. A pure function of history: replaying a journal gives the same decisions. Const use is safe from several
/// threads.
class StoppingPolicy {
 public:
  virtual ~StoppingPolicy() = default;
  /// Journaled; changes when behaviour changes.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// `trial` is running and cut at the observation being judged, its last one.
  [[nodiscard]] virtual Decision judge(const StudyView& study, const TrialView& trial) const = 0;
  /// Asked for each free slot, before the strategy is.
  [[nodiscard]] virtual Plan plan(const StudyView&) const { return {}; }
  /// Whether `judge` may answer kPause, or `plan` a trial. Such a rule needs trials that save and go on later, so it is refused
  /// where there are none.
  [[nodiscard]] virtual bool pauses() const { return false; }
};

}  // namespace tune
