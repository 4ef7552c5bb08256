#pragma once

#include <string>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "tune/records.hpp"

namespace tune::engine {

/// What a study begins with: the studies of its `warm_start`, and those of their trials that mean something in its space.
struct Earlier {
  std::vector<EarlierStudy> studies;
  std::vector<EarlierTrial> trials;  ///< by study, in the order in which they ended
  std::vector<std::string> notes;    ///< what people should know: static values that differ
};

/// Reads the studies that `spec.warm_start` names; without one there are none. `directory` is the new study's own. Nothing is
/// written. An error says which study, and what is in the way: no study or a damaged one is there, it is being worked on, it is
/// another than the type allows, or none of its trials can be taken. The rules are in docs/warm-start.md.
Result<Earlier> read_earlier(const StudySpec& spec, const std::string& directory);

/// What was taken of which study, and what else people should know: values that differ, a strategy that does not look at it.
std::vector<std::string> warm_start_notes(const Earlier& earlier, const std::string& strategy, bool learns);

/// `12 of 14 trials of NAME (DIRECTORY): 1 failed, 1 outside this study's space`.
std::string earlier_study_text(const EarlierStudy& study);

}  // namespace tune::engine
