#include "tests/faults/fault_case.hpp"

TEST_CASE("a trial that the kernel kills because memory has run out is out of memory") { fault_case("memory.py", "oom_killed"); }
TEST_CASE("somebody else of the same control group is out of memory, and the trial was killed by a person") {
  fault_case("memory.py", "someone_else_oom_killed");
}
