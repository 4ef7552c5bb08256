#!/usr/bin/env bash
# Formats every tracked C++ and CUDA source by .clang-format.
#   scripts/format.sh           rewrites them
#   scripts/format.sh --check   changes nothing, names what is not formatted, exit code 1 when there is any
# Needs clang-format 14 (Debian: clang-format-14): other versions format differently. CLANG_FORMAT=PROGRAM names another.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${CLANG_FORMAT:-clang-format-14}
command -v "$program" >/dev/null || { echo "format: there is no $program; apt-get install clang-format-14" >&2; exit 2; }

mapfile -t sources < <(git ls-files -- '*.hpp' '*.cpp' '*.h' '*.cu' '*.cuh')
[ ${#sources[@]} -gt 0 ] || exit 0

case "${1:-}" in
  "") "$program" -i "${sources[@]}" ;;
  --check)
    unformatted=()
    for source in "${sources[@]}"; do
      cmp -s <("$program" "$source") "$source" || unformatted+=("$source")
    done
    [ ${#unformatted[@]} -eq 0 ] && exit 0
    printf 'not formatted: %s\n' "${unformatted[@]}"
    exit 1
    ;;
  *)
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
