#pragma once

#include <string>
#include <vector>

#include "engine/report/ledger.hpp"

namespace tune::engine {

inline constexpr std::size_t kTopTrials = 5;
inline constexpr std::size_t kShownParameters = 10;  ///< by importance
inline constexpr std::size_t kShownFailures = 5;
inline constexpr std::size_t kShownLogLines = 8;  ///< of a failed trial

/// The report for people: the best trials with their parameters, what mattered (where the models say it), counts, stop reasons,
/// failures with the end of their logs, hours, what the audit found.
std::string report_text(const StudyRecord& study, Until until = std::nullopt, const ModelViews& models = {});
/// What several studies say together; empty where that is nothing.
std::string pooled_text(const std::vector<DatedStudy>& studies);
/// How a study stands, in a few lines.
std::string status_text(const StudyRecord& study, bool running, Until until = std::nullopt);

}  // namespace tune::engine
