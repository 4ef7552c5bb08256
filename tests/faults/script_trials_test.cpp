#include "tests/faults/fault_case.hpp"

TEST_CASE("trials that crash, hang, say nothing, flood or leave children behind") {
  fault_case("script_trials.py", "bad_trials");
}
TEST_CASE("the median rule recomputed from the report stops the same trials") {
  fault_case("script_trials.py", "median_recomputed");
}
