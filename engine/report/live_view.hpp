#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tune/executor.hpp"
#include "tune/records.hpp"

/// The table a person watches while a study runs, as a pure function of its record, so that it can be tested without a terminal.
namespace tune::engine {

enum class Style { kPlain, kBold, kDim, kGood, kBad };

/// A piece of a line in one style; the terminal decides what a style looks like.
struct Span {
  std::string text;
  Style style = Style::kPlain;
};
using StyledLine = std::vector<Span>;

std::string plain_text(const StyledLine& line);

struct LiveOptions {
  std::size_t width = 80;   ///< columns; no line is longer
  std::size_t height = 24;  ///< rows; what does not fit is counted in the last line of the table
  std::optional<std::int64_t> max_trials;
  int max_parallel = 1;
  std::optional<Duration> max_runtime;
  TimePoint run_started;                           ///< when the process that draws began to run the study
  Duration active_before{0};                       ///< wall time of the study before that
  std::map<TrialId, GpuSampled> gpu_samples = {};  ///< the newest of each trial's attempt; none: no columns for them
};

/// Total, best, one line per running trial (number, parameters, step, objective, what its GPUs do, its curve), hours, time left.
std::vector<StyledLine> live_view(const StudyRecord& study, const LiveOptions& options, TimePoint now);

/// Seconds until the study ends: the work left at the mean training time of the finished trials, over the parallel slots, at most
/// what `max_runtime` leaves. None before a trial has finished or when nothing bounds the study.
std::optional<double> seconds_left(const StudyRecord& study, const LiveOptions& options, TimePoint now);

/// `values` as block characters, the lowest as the shortest block, the newest last; at most `width` of them. A non-finite value
/// is `x`.
std::string sparkline(const std::vector<double>& values, std::size_t width);

}  // namespace tune::engine
