#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tune/clock.hpp"
#include "tune/records.hpp"

namespace tune::engine {

/// Something that happened to a study, for people to see. The record already includes it.
struct Happening {
  enum class Kind { kCreated, kResumed, kLaunched, kObserved, kDecision, kEnded, kInterrupted, kStudyEnded, kNote };
  Kind kind = Kind::kNote;
  TrialId trial = 0;      ///< 0: the study
  std::string metric;     ///< kObserved
  std::int64_t step = 0;  ///< kObserved, kDecision
  double value = 0.0;     ///< kObserved
  std::string text;       ///< kNote and kDecision: a sentence
};

}  // namespace tune::engine
