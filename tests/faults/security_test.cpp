#include "tests/faults/fault_case.hpp"

TEST_CASE("what a trial prints steers no terminal and passes for no line of tune's") {
  fault_case("security.py", "hostile_output");
}
TEST_CASE("what a trial prints changes its own metrics and nothing else") { fault_case("security.py", "forged_state"); }
TEST_CASE("tune logs gives a terminal the text alone, a pipe every byte") { fault_case("security.py", "logs_on_terminal"); }
TEST_CASE("messages about a config or an argument steer no terminal") { fault_case("security.py", "bad_config_on_terminal"); }
TEST_CASE("a study with environment values is its owner's alone") { fault_case("security.py", "private_directories"); }
TEST_CASE("environment values are in no report and no message") { fault_case("security.py", "secrets_hidden"); }
TEST_CASE("names with parts of paths are refused and nothing is written") { fault_case("security.py", "refused_names"); }
TEST_CASE("links and pipes a trial leaves in its directory are neither followed nor waited for") {
  fault_case("security.py", "planted_files");
}
TEST_CASE("requests of another user, links and pipes are left aside") { fault_case("security.py", "requests_of_others"); }
