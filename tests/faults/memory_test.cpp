#include "tests/faults/fault_case.hpp"

TEST_CASE("a trial that the kernel kills because memory has run out is out of memory") { fault_case("memory.py", "oom_killed"); }
