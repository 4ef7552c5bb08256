#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tune/stopping.hpp"
#include "tune/study.hpp"

namespace tune::detail {

/// What connects a `Trial` with whoever runs its study. Used by one thread at a time.
class TrialChannel {
 public:
  virtual ~TrialChannel() = default;
  /// The handle that users see.
  static Trial handle(std::shared_ptr<TrialChannel> channel) { return Trial(std::move(channel)); }
  static const std::shared_ptr<TrialChannel>& of(const Trial& trial) { return trial.channel_; }

  virtual Decision report(std::optional<std::int64_t> step, const std::string& metric, double value) = 0;
  [[nodiscard]] virtual bool stop_requested() const = 0;
  /// The handle is gone.
  virtual void dropped() {}

  TrialId number = 0;
  Configuration configuration;
  std::optional<std::int64_t> max_step;
  std::string checkpoint_directory;
  std::optional<std::string> resume_from;
  std::string objective;
};

}  // namespace tune::detail
