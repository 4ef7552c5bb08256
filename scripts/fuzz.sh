#!/usr/bin/env bash
# Builds the fuzzers (clang with libFuzzer, address and undefined-behaviour sanitizers) and runs them one after the other.
#   scripts/fuzz.sh [--seconds N] [NAME...]   each for N seconds (60); NAMEs are those of tests/fuzz/seeds/ (default: all)
# The first input that breaks something ends its fuzzer: it is kept in build/fuzz/findings/, and the script fails. Put it into
# tests/fuzz/seeds/NAME/ with the mending: the tests run every seed. What a fuzzer has learned is kept in build/fuzz/corpus/NAME
# for the next time. JOBS=N builds with N processes (all cores); CXX=... is the clang to use.
# Example: scripts/fuzz.sh --seconds 600 journal session
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

seconds=60
names=()
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) [[ "${2:-}" =~ ^[1-9][0-9]{0,5}$ ]] || usage; seconds=$2; shift ;;
    -*) usage ;;
    *) [ -d "tests/fuzz/seeds/$1" ] || { echo "fuzz: there is no fuzzer '$1'; there are: $(ls tests/fuzz/seeds | xargs)" >&2; exit 2; }
       names+=("$1") ;;
  esac
  shift
done
if [ ${#names[@]} -eq 0 ]; then mapfile -t names < <(ls tests/fuzz/seeds); fi

# The compiler of the first configuration stays that of the build directory.
compiler=${CXX:-}
for candidate in clang++ clang++-{20..14}; do
  [ -n "$compiler" ] || ! command -v "$candidate" >/dev/null || compiler=$candidate
done
[ -n "$compiler" ] || { echo "fuzz: no clang++ is installed (Debian: apt-get install clang)" >&2; exit 2; }

CXX=$compiler cmake --preset fuzz
targets=()
for name in "${names[@]}"; do targets+=("fuzz_$name"); done
cmake --build --preset fuzz -j "${JOBS:-$(nproc)}" --target "${targets[@]}"

export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:allocator_may_return_null=0"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
findings=build/fuzz/findings
mkdir -p "$findings"
# The fuzzers end without tidying up: their files lie in a directory that goes with this script, in memory where that is possible.
memory=/dev/shm
[ -w $memory ] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/tune-fuzz.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

status=0
for name in "${names[@]}"; do
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  log=build/fuzz/$name.log
  options=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$findings/$name-")
  dictionary=tests/fuzz/dictionaries/$name.dict
  [ ! -f "$dictionary" ] || options+=(-dict="$dictionary")
  if "build/fuzz/bin/fuzz_$name" "${options[@]}" "$corpus" "tests/fuzz/seeds/$name" >"$log" 2>&1; then
    echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, no finding"
  else
    status=1
    tail -n 60 "$log"
    echo "fuzz: $name: a finding, in $findings ($log has all of it)"
  fi
done
exit $status
