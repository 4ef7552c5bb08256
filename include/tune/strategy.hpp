#pragma once

#include <string_view>
#include <vector>

#include "tune/study_view.hpp"

namespace tune {

/// What a strategy answers: at most as many configurations as were asked for. Empty and not exhausted: ask after the next event.
struct Asked {
  std::vector<Configuration> configurations = {};
  bool exhausted = false;              ///< none will come any more
  std::vector<Outlook> outlooks = {};  ///< empty, or one for each configuration; `completion: converged` goes by them
};

/// Where to look next. A proposal is a pure function of (seed, trial number, history in the view): draw random numbers only from
/// `RandomStream(view.seed(), trial number, purpose)`, whose trial number counts up from `view.next_trial()` within one ask.
/// Whatever an implementation keeps between calls must be rebuildable from the view. Called from one thread.
class Strategy {
 public:
  virtual ~Strategy() = default;
  /// Journaled; changes when behaviour changes.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// REQUIRES: count >= 1.
  [[nodiscard]] virtual Asked ask(const StudyView& study, int count) = 0;
  /// Whether it looks at `StudyView::earlier()`; users whose strategy does not are told so.
  [[nodiscard]] virtual bool learns_from_earlier() const { return false; }
  /// A trial has ended. Optional incremental update.
  virtual void tell(const TrialView&) {}
};

}  // namespace tune
