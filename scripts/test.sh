#!/usr/bin/env bash
# Sets up, builds the preset `release` and runs every test. Arguments go to ctest: scripts/test.sh -R metrics
#   TUNE_TRAINERS=OFF   without the trainers (no LibTorch needed)
#   TUNE_JOBS=N         tests and compilations at a time (default 2)
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${TUNE_JOBS:-2}

./scripts/setup.sh --tests
cmake --preset release "-DTUNE_TRAINERS=${TUNE_TRAINERS:-ON}"
cmake --build --preset release --parallel "$jobs"

log=build/release/test.log
status=0
ctest --preset release --parallel "$jobs" "$@" 2>&1 | tee "$log" || status=$?
echo
grep -E '^[0-9]+% tests passed|^Total Test time' "$log" || true
if [ "$status" -ne 0 ]; then
  echo "test.sh: some tests failed; the whole output is in $log" >&2
fi
exit "$status"
