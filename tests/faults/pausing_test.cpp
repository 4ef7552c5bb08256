#include "tests/faults/fault_case.hpp"

TEST_CASE("paused trials go on from their checkpoints, and others have their slots meanwhile") {
  fault_case("pausing.py", "promoted");
}
TEST_CASE("tune is killed while trials pause: no step is lost or trained twice") {
  fault_case("pausing.py", "resumed_after_kills");
}
TEST_CASE("a deterministic study that pauses trials repeats exactly") { fault_case("pausing.py", "deterministic"); }
TEST_CASE("tune stop of a paused trial and of a study with paused trials") { fault_case("pausing.py", "stopped_while_paused"); }
TEST_CASE("Ctrl-C while trials pause") { fault_case("pausing.py", "interrupted_while_pausing"); }
