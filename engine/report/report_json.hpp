#pragma once

#include <vector>

#include "engine/report/ledger.hpp"
#include "engine/report/sink.hpp"

namespace tune::engine {

/// The report for programs, schema 1 (docs/command-line.md): times ISO 8601 in UTC, durations in seconds.
void report_json(const DatedStudy& study, const Sink& sink);
/// Several studies: `{"schema": 1, "studies": [...], "pooled": {...}}`, each as above, and what they say together.
void report_json(const std::vector<DatedStudy>& studies, const Sink& sink);

}  // namespace tune::engine
