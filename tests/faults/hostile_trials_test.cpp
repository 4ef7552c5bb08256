#include "tests/faults/fault_case.hpp"

TEST_CASE("binary garbage at full speed: memory stays bounded, other trials are heard") {
  fault_case("hostile_trials.py", "garbage");
}
TEST_CASE("a line without end: memory stays bounded, other trials are heard") { fault_case("hostile_trials.py", "endless_line"); }
TEST_CASE("a log without end meets the bound that the trial's shell has set") { fault_case("hostile_trials.py", "log_limited"); }
TEST_CASE("a thousand children that ignore SIGTERM are gone with their trial") {
  fault_case("hostile_trials.py", "many_children");
}
TEST_CASE("a fork bomb can be stopped, and the next trial starts") { fault_case("hostile_trials.py", "fork_bomb"); }
TEST_CASE("a full process table: tune waits, no trial is lost") { fault_case("hostile_trials.py", "process_table_full"); }
