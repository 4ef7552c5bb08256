#pragma once

#include "engine/run/run_study.hpp"

namespace tune::cli {

/// While it lives, SIGINT and SIGTERM raise `interrupts`: the first asks the trials to stop, the second kills them; a third ends
/// the program at once. At most one at a time.
class SignalScope {
 public:
  explicit SignalScope(engine::Interrupts& interrupts);
  ~SignalScope();
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;

  /// The first signal that came, 0 without one.
  [[nodiscard]] static int first_signal();
};

/// Writing to a reader that has gone away, or beyond the largest file allowed, becomes an error of the write. Done by an empty
/// handler, which programs that are started do not inherit as they would an ignored signal.
void survive_failed_writes();

}  // namespace tune::cli
