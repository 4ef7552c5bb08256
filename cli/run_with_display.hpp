#pragma once

#include "cli/context.hpp"
#include "engine/run/run_study.hpp"

namespace tune::cli {

struct RunEnd {
  Summary summary;
  std::optional<StudyRecord> record;  ///< as the study is now, if it could be opened
  int code = 0;
};

/// Runs a study in front of somebody: display, signals, and after an interruption how to go on: `resume_hint`, a command. Errors
/// are said on stderr.
RunEnd run_with_display(const Context& context, const engine::RunRequest& request, const std::string& resume_hint);

/// The same, then the report on stdout: text, or with `json` the JSON document. The exit code.
int run_and_report(const Context& context, const engine::RunRequest& request, bool json);

}  // namespace tune::cli
