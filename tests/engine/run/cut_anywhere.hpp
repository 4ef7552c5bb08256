#pragma once

#include <doctest/doctest.h>

#include <string>

#include "tests/engine/run/simulated_study.hpp"
#include "tests/support/test_support.hpp"

namespace tune::test {

/// Cuts the journal of the study in `dir / "whole"` after each of its records and runs each piece to its end: it must be the same
/// study. Returns how many pieces there were.
inline int check_cut_anywhere(const TempDir& dir, const engine::StudySpec& spec,
                              const engine::SimulatedExecutor::Script& script) {
  const std::string expected = essence(load_record(dir / "whole"));
  const std::string journal = read_file(dir / "whole/journal.jsonl");
  int cuts = 0;
  for (std::size_t end = journal.find('\n'); end + 1 < journal.size(); end = journal.find('\n', end + 1)) {
    const std::string name = "cut" + std::to_string(++cuts);
    dir.write(name + "/journal.jsonl", journal.substr(0, end + 1));
    REQUIRE(run_simulated(dir / name, spec, script).ok());
    CHECK(essence(load_record(dir / name)) == expected);
  }
  return cuts;
}

}  // namespace tune::test
