#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tune/records.hpp"
#include "tune/status.hpp"

/// `requests/`: how other commands ask a study's owner for something.
namespace tune::engine {

struct Request {
  std::string path;              ///< removed once it is journaled
  std::optional<TrialId> trial;  ///< what to stop; none: the study
  std::string problem;           ///< not empty: the file says nothing usable
};

/// What lies in the study's `requests/` now, oldest name first. Files still being written (not ending in .json) are left alone;
/// of those that are no plain files, or of another user but root, nothing is taken.
std::vector<Request> read_requests(const std::string& study_directory);

/// Leaves a request to stop.
Status write_stop_request(const std::string& study_directory, std::optional<TrialId> trial);

}  // namespace tune::engine
