#!/usr/bin/env bash
# Runs clang-tidy with .clang-tidy over the project's own sources (no tests); findings are errors.
#   scripts/tidy.sh             all of them
#   scripts/tidy.sh FILE...     only these
# Uses the compile commands of build/debug, which it configures when they are missing. JOBS=N runs N at a time (default: all cores).
# Needs clang-tidy 14 (Debian: clang-tidy-14). CLANG_TIDY=PROGRAM names another.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${CLANG_TIDY:-clang-tidy-14}
command -v "$program" >/dev/null || { echo "tidy: there is no $program; apt-get install clang-tidy-14" >&2; exit 2; }
[ -f build/debug/compile_commands.json ] || cmake --preset debug -DTUNE_TRAINERS=OFF

if [ $# -gt 0 ]; then
  sources=("$@")
else
  mapfile -t sources < <(git ls-files -- 'engine/*.cpp' 'strategies/*.cpp' 'metrics/*.cpp' 'cli/*.cpp' 'trainers/*.cpp')
fi

# A source that this build does not have (the trainers without LibTorch) cannot be checked: said, not skipped silently.
known=()
for source in "${sources[@]}"; do
  if grep -qF "/$source\"" build/debug/compile_commands.json; then known+=("$source"); else echo "tidy: not in build/debug: $source" >&2; fi
done
[ ${#known[@]} -gt 0 ] || { echo "tidy: nothing to check" >&2; exit 2; }
printf '%s\0' "${known[@]}" | xargs -0 -n 1 -P "${JOBS:-$(nproc)}" "$program" -p build/debug --quiet
