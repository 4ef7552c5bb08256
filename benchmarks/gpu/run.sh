#!/usr/bin/env bash
# Measures the trainer on a GPU in less than ten minutes: prints one table, writes JSON.
#   benchmarks/gpu/run.sh [--json FILE] [--data FASHION_MNIST]    build first: scripts/build-cuda.sh
#   benchmarks/gpu/run.sh --cpu                                   the same steps with tiny sizes on a CPU: a test of this script
# Programs: those of build/cuda/bin, or of TUNE_BIN. PyTorch for the peer: TUNE_PYTHON, else the Python of the LibTorch that the programs
# were built with. Exit code 3: there is no GPU here.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/../.."

NO_GPU=3
on_cpu=
for word in "$@"; do
  case $word in
    --cpu) on_cpu=1 ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "benchmarks/gpu/run.sh"; exit 0 ;;
  esac
done

if [ -z "$on_cpu" ] && ! { command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -c GPU >/dev/null; }; then
  echo "benchmarks/gpu/run.sh: no GPU here (nvidia-smi names none); --cpu runs through it without one" >&2
  exit $NO_GPU
fi

bin=${TUNE_BIN:-build/cuda/bin}
[ -x "$bin/tune-train-image" ] || { echo "benchmarks/gpu/run.sh: no $bin/tune-train-image; run scripts/build-cuda.sh" >&2; exit 2; }

python=${TUNE_PYTHON:-}
if [ -z "$python" ]; then
  torch=$(sed -n 's/^TUNE_TORCH_DIR:PATH=//p' "$bin/../CMakeCache.txt" 2>/dev/null || true)
  for found in "${torch:-none}/../../../../bin/python" .deps/venv-cuda/bin/python .deps/venv/bin/python; do
    if [ -z "$python" ] && [ -x "$found" ]; then python=$found; fi
  done
fi
exec "${python:-python3}" benchmarks/gpu/measure.py --bin "$bin" --caller "$caller" "$@"
