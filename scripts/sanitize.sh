#!/usr/bin/env bash
# Builds everything but the trainers under a sanitizer and runs all tests under it.
#   scripts/sanitize.sh asan [ctest options]   address and undefined behaviour, leaks included
#   scripts/sanitize.sh tsan [ctest options]   data races
# The build goes to build/asan or build/tsan; JOBS=N builds with N processes (default: all cores).
# Example: scripts/sanitize.sh tsan -R test_executors
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  asan | tsan) preset=$1 ;;
  *)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
shift

# Any finding ends the program with a failure, so that no test can pass over it.
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:abort_on_error=0:exitcode=99"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:exitcode=99"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:exitcode=99"

cmake --preset "$preset"
cmake --build --preset "$preset" -j "${JOBS:-$(nproc)}"
ctest --preset "$preset" "$@"
