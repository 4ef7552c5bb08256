#!/usr/bin/env bash
# Installs what the build needs and is not there yet: system packages (apt) and LibTorch. Safe to call again, and then quick.
#   --tests             also the Python packages that read and write the trainer's files in tests
#   TUNE_TRAINERS=OFF   no trainers: LibTorch is neither looked for nor installed
#   TUNE_TORCH_DIR=DIR  the PyTorch (or unpacked libtorch) to use
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH_VERSION=2.13.0
PACKAGES=(cmake ninja-build g++ ccache pkg-config libeigen3-dev nlohmann-json3-dev libyaml-cpp-dev libspdlog-dev libcli11-dev
  libre2-dev libtbb-dev doctest-dev librapidcheck-dev libbenchmark-dev zlib1g-dev libjpeg-dev libpng-dev python3 python3-numpy python3-venv zstd curl ca-certificates strace)
TOOLS=(cmake ninja g++ pkg-config python3 zstd curl)
# Into .deps/venv, for tests only.
PYTHON_PACKAGES=(numpy 'safetensors>=0.4' 'tensorboard>=2.14')
HEADERS=(Eigen/Core nlohmann/json.hpp yaml-cpp/yaml.h spdlog/spdlog.h CLI/CLI.hpp re2/re2.h tbb/parallel_for.h doctest/doctest.h
  rapidcheck.h benchmark/benchmark.h zlib.h jpeglib.h png.h)

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "not root, and there is no sudo; as root, run: $*"
  fi
}

# Debian, Ubuntu: whatever of PACKAGES dpkg does not know as installed.
install_packages() {
  local missing
  missing=$(comm -23 <(printf '%s\n' "${PACKAGES[@]}" | sort) \
    <(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${PACKAGES[@]}" 2>/dev/null | sed -n 's/ installed$//p' | sort -u))
  [ -n "$missing" ] || return 0
  read -r -a missing <<<"$(tr '\n' ' ' <<<"$missing")"
  say "installing ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# Elsewhere: says what is missing, and stops.
check_tools_and_headers() {
  local missing=() tool found
  for tool in "${TOOLS[@]}"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  if command -v g++ >/dev/null; then
    found=$(for tool in "${HEADERS[@]}"; do printf '#if !__has_include(<%s>)\n@ %s\n#endif\n' "$tool" "$tool"; done |
      g++ -std=c++20 -E -P -x c++ -I/usr/include/eigen3 - | sed -n 's/^@ *//p')
    for tool in $found; do missing+=("$tool"); done
  fi
  [ ${#missing[@]} -gt 0 ] || return 0
  say "there is no apt here, and these are missing: ${missing[*]}"
  fail "please install them (Debian calls the packages: ${PACKAGES[*]}), then run this again"
}

# The folder of a PyTorch >= 2.6 that `$1` imports, or nothing.
torch_of() {
  "$1" - 2>/dev/null <<'PYTHON' || true
import importlib.util, os
if importlib.util.find_spec("torch"):
    import torch
    root = os.path.dirname(torch.__file__)
    header = os.path.join(root, "include", "torch", "csrc", "api", "include", "torch", "torch.h")
    if tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2]) >= (2, 6) and os.path.exists(header):
        print(root)
PYTHON
}

# Importing PyTorch costs seconds, so the answer is kept in .deps/torch-dir, where the build looks too.
find_torch() {
  if [ -n "${TUNE_TORCH_DIR:-}" ]; then
    [ -d "$TUNE_TORCH_DIR" ] || fail "TUNE_TORCH_DIR=$TUNE_TORCH_DIR is no folder"
    return
  fi
  local noted="" found
  if [ -f .deps/torch-dir ]; then noted=$(<.deps/torch-dir); fi
  if [ -n "$noted" ] && [ -f "$noted/lib/libtorch.so" ]; then return; fi
  mkdir -p .deps
  found=$(torch_of python3)
  if [ -z "$found" ] && [ -x .deps/venv/bin/python ]; then found=$(torch_of .deps/venv/bin/python); fi
  if [ -z "$found" ]; then
    say "installing PyTorch $TORCH_VERSION into .deps/venv (its C++ libraries are what we need)"
    python3 -m venv .deps/venv || fail "python3 -m venv .deps/venv failed"
    .deps/venv/bin/pip install --quiet --disable-pip-version-check "torch==$TORCH_VERSION" >&2 ||
      fail "could not install PyTorch; set TUNE_TORCH_DIR to one, or build without trainers: TUNE_TRAINERS=OFF"
    found=$(torch_of .deps/venv/bin/python)
    [ -n "$found" ] || fail "the PyTorch in .deps/venv cannot be imported; remove .deps/venv and try again"
  fi
  say "LibTorch: $found"
  printf '%s\n' "$found" >.deps/torch-dir.new
  mv .deps/torch-dir.new .deps/torch-dir
}

# Tests that need one of them are skipped where it is not there, so that a failure is only said.
install_python_packages() {
  [ -x .deps/venv/bin/python ] || python3 -m venv .deps/venv || fail "python3 -m venv .deps/venv failed"
  local look='import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))'
  if .deps/venv/bin/python -c "$look" numpy safetensors tensorboard; then return; fi
  say "installing ${PYTHON_PACKAGES[*]} into .deps/venv, for tests"
  .deps/venv/bin/pip install --quiet --disable-pip-version-check "${PYTHON_PACKAGES[@]}" >&2 || say "could not; the tests that need them are skipped"
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then install_packages; else check_tools_and_headers; fi
if [ "${TUNE_TRAINERS:-ON}" != OFF ]; then
  find_torch
  if [ "${1:-}" = --tests ]; then install_python_packages; fi
fi
