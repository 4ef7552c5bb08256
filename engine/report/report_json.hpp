#pragma once

#include <string>
#include <vector>

#include "engine/report/ledger.hpp"

namespace tune::engine {

/// The report for programs, schema 1 (docs/command-line.md): times ISO 8601 in UTC, durations in seconds.
std::string report_json(const StudyRecord& study, Until until = std::nullopt, const ModelViews& models = {});
/// Several studies: `{"schema": 1, "studies": [...], "pooled": {...}}`, each as above, and what they say together.
std::string report_json(const std::vector<DatedStudy>& studies);

}  // namespace tune::engine
