#include "engine/core/read_study.hpp"

#include <unistd.h>

#include "engine/journal/journal_file.hpp"

namespace tune::engine {

std::string journal_path(const std::string& directory) { return directory + "/journal.jsonl"; }

bool holds_study(const std::string& directory) {
  // A process that was killed while it wrote the very first record has created nothing.
  const Result<bool> complete = has_complete_line(journal_path(directory));
  // One that cannot be read holds who knows what: it is not to be taken for a place to begin in.
  return complete.ok() ? *complete : access(journal_path(directory).c_str(), F_OK) == 0;
}

Result<StudyReading> read_study(const std::string& directory, std::optional<std::int64_t> until) {
  if (!holds_study(directory)) {
    return Status::invalid(directory + " holds no study (no journal.jsonl with a record there)");
  }
  StudyReading study;
  const auto reading = read_journal(journal_path(directory), [&](const Event& event) {
    return until && event.seq > *until ? Status() : study.state.apply(event);
  });
  if (!reading.ok()) return reading.status();
  study.good_length = reading->good_length;
  study.torn_bytes = reading->torn_bytes;
  return study;
}

}  // namespace tune::engine
