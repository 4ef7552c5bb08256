#include "tests/faults/fault_case.hpp"

TEST_CASE("processes of a trial meet at a port of their own, several trials at once") {
  fault_case("distributed.py", "ranks_meet");
}
TEST_CASE("a process that fails fails the trial, with its own last lines") { fault_case("distributed.py", "rank_fails"); }
TEST_CASE("processes that lose one that failed by itself say so, and the trial is to blame") {
  fault_case("distributed.py", "first_cause");
}
TEST_CASE("processes that lose each other are tried again") { fault_case("distributed.py", "rank_breaks"); }
TEST_CASE("tune is killed while trials of several processes run: they are adopted") {
  fault_case("distributed.py", "tune_killed");
}
TEST_CASE("tune, supervisors and a process are killed: one new attempt, nothing left") {
  fault_case("distributed.py", "everything_killed");
}
TEST_CASE("a process is killed on spot capacity: the trial goes on") { fault_case("distributed.py", "rank_killed_with_spot"); }
TEST_CASE("PyTorch's DistributedDataParallel under tune and under torchrun") { fault_case("distributed.py", "ddp"); }
TEST_CASE("mpirun as a command") { fault_case("distributed.py", "mpirun"); }
