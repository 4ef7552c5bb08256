#include "tests/faults/fault_case.hpp"

TEST_CASE("a clock that jumps while tune runs reaches no limit") { fault_case("machine.py", "clock_jumps_while_running"); }
TEST_CASE("a clock that was set between two owners reaches no limit") { fault_case("machine.py", "clock_jumps_between"); }
TEST_CASE("no GPU is left: waited for, but not for ever") { fault_case("machine.py", "all_gpus_lost"); }
TEST_CASE("no process can be started: waited for, but not for ever") { fault_case("machine.py", "no_process_for_long"); }
TEST_CASE("too few file descriptors: a message and nothing lost") { fault_case("machine.py", "few_descriptors"); }
TEST_CASE("a closed terminal ends tune alone") { fault_case("machine.py", "hangup"); }
TEST_CASE("a study whose output nobody reads any more comes to its end") { fault_case("machine.py", "nobody_reads"); }
TEST_CASE("Ctrl-C three times ends tune at once, whatever its trials do") { fault_case("machine.py", "interrupted_thrice"); }
