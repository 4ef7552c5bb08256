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

# Any finding ends its program with a failure. It is also written to a file, not to stderr (beside the address sanitizer g++ 12's
# UBSan keeps to stderr), so that none is passed over: a supervisor, for one, has no stderr, and its exit code does not matter
# once it has recorded how the attempt ended.
reports=$PWD/build/$preset/findings
common="exitcode=99:log_path='$reports/of'"
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:abort_on_error=0:$common"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:$common"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:$common"

cmake --preset "$preset"
cmake --build --preset "$preset" -j "${JOBS:-$(nproc)}"
rm -rf "$reports"
mkdir "$reports"
status=0
ctest --preset "$preset" "$@" || status=$?
if [ -n "$(ls "$reports")" ]; then
  cat "$reports"/* >&2
  echo "sanitize: findings of $preset, in $reports" >&2
  status=1
fi
exit $status
