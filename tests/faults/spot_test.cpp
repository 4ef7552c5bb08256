#include "tests/faults/fault_case.hpp"

TEST_CASE("slots are taken away: every trial ends with the value it would have had") {
  fault_case("spot.py", "slots_taken_away");
}
TEST_CASE("trials on spot capacity that somebody kills go on from their checkpoints") {
  fault_case("spot.py", "killed_from_outside");
}
TEST_CASE("a trial whose slot does not come back is stopped by max_wait") { fault_case("spot.py", "waited_too_long"); }
TEST_CASE("tune is killed while slots come and go") { fault_case("spot.py", "tune_killed_in_a_market"); }
