#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/journal/event.hpp"
#include "tune/executor.hpp"
#include "tune/records.hpp"

/// How a trial's end is judged: a pure function of what was observed and how its process ended.
namespace tune::engine {

/// What is known at the end of an attempt beside the trial's record.
struct EndReport {
  ExitRecord exit;
  std::vector<std::string> last_lines;
  std::int64_t unreadable_captures = 0;
  std::int64_t cut_lines = 0;
};

/// The trial's result by `Objective::value`; none without a finite one.
std::optional<double> result_value(const TrialRecord& trial, const Objective& objective);

/// The `ended` record of `id`. After a stop request the outcome is Stopped whatever the exit code.
event::Ended judge_end(const TrialRecord& trial, const Objective& objective, AttemptId id, const EndReport& report);

}  // namespace tune::engine
