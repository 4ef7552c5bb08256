#!/usr/bin/env bash
# Builds tune-train-image with its CUDA kernels and links it against a LibTorch for CUDA, for which no GPU is needed.
#   scripts/build-cuda.sh             with the LibTorch of TUNE_TORCH_DIR, else of .deps/venv-cuda, else the one that scripts/setup.sh found
#   scripts/build-cuda.sh --install   installs one into .deps/venv-cuda first where it is not there (4 GB of disk)
# The programs are in build/cuda/bin. Exit code 3: there is no LibTorch for CUDA, or no nvcc of the same major version; CI may take
# that for "skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH_VERSION=2.11.0  # its default build is for CUDA 13.0
SKIPPED=3

case "${1:-}" in
  "") ;;
  --install)
    if [ ! -e .deps/venv-cuda/bin/python ]; then python3 -m venv .deps/venv-cuda; fi
    .deps/venv-cuda/bin/pip install --quiet --disable-pip-version-check "torch==$TORCH_VERSION"
    ;;
  *)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

torch=${TUNE_TORCH_DIR:-}
if [ -z "$torch" ]; then
  for found in .deps/venv-cuda/lib/python3*/site-packages/torch "$(cat .deps/torch-dir 2>/dev/null || true)"; do
    if [ -z "$torch" ] && [ -e "$found/lib/libtorch_cuda.so" ]; then torch=$(cd "$found" && pwd); fi
  done
fi
if [ -z "$torch" ] || [ ! -e "$torch/lib/libtorch_cuda.so" ]; then
  echo "build-cuda: skipped: ${torch:-nothing found} is no LibTorch for CUDA; set TUNE_TORCH_DIR, or --install" >&2
  exit $SKIPPED
fi
if ! command -v nvcc >/dev/null && [ ! -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ]; then
  echo "build-cuda: skipped: there is no nvcc (on PATH, in CUDA_HOME, in /usr/local/cuda)" >&2
  exit $SKIPPED
fi

cmake --preset cuda -DTUNE_TORCH_DIR="$torch"
cmake --build --preset cuda --target tune tune-shim tune-train-image

# It is linked when it starts, and the kernel is in it when the linker did not drop it.
build/cuda/bin/tune-train-image --help >/dev/null
if ! grep -q 'T tune::trainer::cuda::launch_augment' <<<"$(nm -C build/cuda/bin/tune-train-image)"; then
  echo "build-cuda: the kernel is not in build/cuda/bin/tune-train-image" >&2
  exit 1
fi
echo "build-cuda: build/cuda/bin/tune-train-image is built and linked with $torch"
