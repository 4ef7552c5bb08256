#pragma once

#include <memory>

#include "cli/terminal.hpp"
#include "engine/run/run_study.hpp"

namespace tune::cli {

/// What somebody sees on stderr while a study runs: a table that is drawn over again on a terminal, else a line per event, and
/// with
/// `--quiet` nothing.
std::unique_ptr<engine::RunObserver> make_display(const OutputOptions& output, const engine::Interrupts& interrupts);

/// One event as a line without time, empty for those that are not worth one.
std::string event_line(const StudyRecord& study, const engine::Happening& happening);

}  // namespace tune::cli
