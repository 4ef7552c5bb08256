#include "tests/faults/fault_case.hpp"

TEST_CASE("a killed supervisor: its trial is killed and goes on as a new attempt") { fault_case("processes.py", "shim_killed"); }
TEST_CASE("a killed trial has failed by its signal") { fault_case("processes.py", "trial_killed"); }
TEST_CASE("supervisors that are killed again and again: the trials are given up") {
  fault_case("processes.py", "supervisors_always_killed");
}
TEST_CASE("attempts that never begin: the trials are given up") { fault_case("processes.py", "never_begun"); }
TEST_CASE("tune and all supervisors killed: lost attempts go on as new ones") { fault_case("processes.py", "everything_killed"); }
TEST_CASE("tune and all supervisors killed more often than anything is tried again: a trial that gets on goes on") {
  fault_case("processes.py", "everything_killed_often");
}
TEST_CASE("tune killed: its trials are adopted") { fault_case("processes.py", "tune_killed"); }
TEST_CASE("Ctrl-C once: trials save, the study goes on from there") { fault_case("processes.py", "interrupted_once"); }
TEST_CASE("Ctrl-C, and steps that nobody names: counted on from a checkpoint, anew without one") {
  fault_case("processes.py", "counted_steps");
}
TEST_CASE("Ctrl-C twice: trials are killed at once") { fault_case("processes.py", "interrupted_twice"); }
TEST_CASE("of several resumes one wins") { fault_case("processes.py", "resumed_by_many"); }
TEST_CASE("killed while it starts a process: never two of one trial") { fault_case("processes.py", "killed_while_starting"); }
