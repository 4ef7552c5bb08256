#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/state/study_state.hpp"
#include "tune/status.hpp"

namespace tune::engine {

/// A study as its journal tells it.
struct StudyReading {
  StudyState state;
  std::uint64_t good_length = 0;  ///< bytes of the journal up to the end of its last good line
  std::uint64_t torn_bytes = 0;   ///< of a torn last line after that, which was left out
};

/// Reads the study in `directory` without touching it, or as it was after event `until`. Invalid: none is there; storage: it
/// cannot be read or is damaged.
Result<StudyReading> read_study(const std::string& directory, std::optional<std::int64_t> until = std::nullopt);

std::string journal_path(const std::string& directory);
/// Whether a study's first record is there.
bool holds_study(const std::string& directory);

}  // namespace tune::engine
