#include "tests/faults/fault_case.hpp"

TEST_CASE("a study that is removed while it runs: its trials are ended, and tune says why") {
  fault_case("directory.py", "removed");
}
TEST_CASE("a study that is moved while it runs goes on from its new place") { fault_case("directory.py", "moved"); }
TEST_CASE("another study in its place is not written to") { fault_case("directory.py", "exchanged"); }
TEST_CASE("two that begin or resume a study in the same moment: one of them does") { fault_case("directory.py", "two_at_once"); }
