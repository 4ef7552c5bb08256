#pragma once

#include <string>
#include <vector>

#include "engine/replay/replay.hpp"
#include "engine/report/svg_plot.hpp"

namespace tune::engine {

/// What `tune replay` shows.
struct ReplayReport {
  std::string source = {};   ///< the file or directory
  std::size_t curves = 0;    ///< that were replayed
  std::size_t left_out = 0;  ///< trials that did not run to the end, or rows without a value
  bool study = false;        ///< the curves are the trials of a study
  std::int64_t max_step = 0;
  ReplaySettings settings = {};
  std::vector<ReplayRow> rows = {};
};

/// A table for people.
std::string replay_text(const ReplayReport& report);
/// `tune replay --format json` (docs/command-line.md).
std::string replay_json(const ReplayReport& report);

/// Saved against lost: a dot for each rule.
Plot replay_plot(const ReplayReport& report);

}  // namespace tune::engine
