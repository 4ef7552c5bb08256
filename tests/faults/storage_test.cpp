#include "tests/faults/fault_case.hpp"

TEST_CASE("a torn last line is cut off and said") { fault_case("storage.py", "torn_line"); }
TEST_CASE("damage in the middle is refused with its offset, and nothing is changed") {
  fault_case("storage.py", "damaged_middle");
}
TEST_CASE("a file that may not grow ends the run; nothing is lost") { fault_case("storage.py", "file_limit"); }
TEST_CASE("a full disk ends the run; nothing is lost") { fault_case("storage.py", "disk_full"); }
TEST_CASE("a place that may not be written is refused, and nothing is written") { fault_case("storage.py", "unwritable"); }
TEST_CASE("requests that make no sense are left aside, each with one note") { fault_case("storage.py", "requests_garbage"); }
