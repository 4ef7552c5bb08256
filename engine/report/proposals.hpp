#pragma once

#include <string>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "engine/core/warm_start.hpp"

/// What `tune run --dry-run` shows: a few proposals with their command lines, nothing written and nothing started.
namespace tune::engine {

inline constexpr int kDryRunProposals = 3;

struct DryRunProposal {
  Configuration configuration;
  std::vector<std::string> argv;
};

/// The first proposals of the study that `spec` describes, beginning with `earlier`; fewer when its strategy has no more.
Result<std::vector<DryRunProposal>> first_proposals(const StudySpec& spec, const Registry& registry, const Earlier& earlier = {});

std::string proposals_text(const StudySpec& spec, const std::vector<DryRunProposal>& proposals);
/// `{"schema": 1, "trials": [{"trial": 1, "parameters": {...}, "command": [...]}]}`
std::string proposals_json(const StudySpec& spec, const std::vector<DryRunProposal>& proposals);

/// `argv` as a line that a shell reads back as the same words.
std::string shell_line(const std::vector<std::string>& argv);

}  // namespace tune::engine
