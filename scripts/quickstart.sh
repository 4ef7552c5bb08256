#!/usr/bin/env bash
# From a fresh machine to a finished study: sets up, builds, finds Fashion-MNIST and runs configs/quickstart.yaml.
#   scripts/quickstart.sh [--data DIR] [--fresh]
# Images: --data DIR or TUNE_DATA_DIR; else data/fashion-mnist; else ../shared/data/images/fashion-mnist; else they are downloaded;
# without a network, made up ones. Called again it goes on with the study in runs/quickstart, or shows its result;
# --fresh moves that study aside and starts anew.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/.."

STUDY=runs/quickstart
NOTE=runs/quickstart.data # which images the study was started with
DOWNLOADED=data/fashion-mnist
SHARED=../shared/data/images/fashion-mnist
URLS=(https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion
  http://fashion-mnist.s3-website.eu-central-1.amazonaws.com)
SUMS="3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84  train-images-idx3-ubyte.gz
a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845  train-labels-idx1-ubyte.gz
346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073  t10k-images-idx3-ubyte.gz
67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5  t10k-labels-idx1-ubyte.gz"

say() { printf 'quickstart: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }
usage() { sed -n '2,7s/^# \{0,1\}//p' "scripts/quickstart.sh"; }

# The path as seen from the project, given one as seen by the caller.
absolute() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$caller" "$1" ;; esac; }

# One file of the four, from the first place that has the right one.
download_file() {
  local sum=$1 file=$2 folder=$3 url
  for url in "${URLS[@]}"; do
    if curl --fail --silent --show-error --location --connect-timeout 10 --max-time 300 --output "$folder/$file" "$url/$file" \
      2>>"$folder/errors" && (cd "$folder" && printf '%s  %s\n' "$sum" "$file" | sha256sum --check --quiet >/dev/null 2>>errors); then
      return 0
    fi
  done
  return 1
}

# All four or none.
download() {
  local folder=$DOWNLOADED.part sum file
  rm -rf "$folder"
  mkdir -p "$folder"
  say "downloading Fashion-MNIST (30 MB)"
  while read -r sum file; do
    if ! download_file "$sum" "$file" "$folder"; then
      say "could not get $file: $(tail -n 1 "$folder/errors" 2>/dev/null)"
      rm -rf "$folder"
      return 1
    fi
  done <<<"$SUMS"
  if [ -L "$DOWNLOADED" ]; then rm "$DOWNLOADED"; fi # it points to nothing, else there were images
  mkdir -p "$DOWNLOADED"
  mv "$folder"/t10k-* "$folder"/train-labels* "$DOWNLOADED"
  mv "$folder"/train-images* "$DOWNLOADED" # last: it is what has_images looks for
  rm -r "$folder"
}

has_images() { [ -e "$1/train-images-idx3-ubyte" ] || [ -e "$1/train-images-idx3-ubyte.gz" ]; }

# Says which images to use: a folder, or the word `generated`.
choose_data() {
  if [ -n "$given" ]; then
    given=$(absolute "$given")
    [ -d "$given" ] || fail "--data $given: no such folder"
    printf '%s' "$given"
  elif [ "${TUNE_DATA_DIR:-}" = generated ]; then
    printf generated
  elif [ -n "${TUNE_DATA_DIR:-}" ]; then
    absolute "$TUNE_DATA_DIR"
  elif has_images "$DOWNLOADED"; then
    printf '%s' "$PWD/$DOWNLOADED"
  elif has_images "$SHARED"; then
    # Where the trainer looks by itself, so that `tune resume` and commands by hand find them too.
    mkdir -p data
    ln -sfn "$(cd "$SHARED" && pwd)" "$DOWNLOADED"
    printf '%s' "$PWD/$DOWNLOADED"
  elif download; then
    printf '%s' "$PWD/$DOWNLOADED"
  else
    say "no network and no Fashion-MNIST: the study will use GENERATED images (made-up strokes, not clothes); its figures"
    say "say nothing about Fashion-MNIST. With the four files at hand: scripts/quickstart.sh --fresh --data DIR"
    printf generated
  fi
}

given="" fresh=""
while [ $# -gt 0 ]; do
  case $1 in
    --data) [ $# -ge 2 ] || fail "--data needs a folder"; given=$2; shift 2 ;;
    --data=*) given=${1#--data=}; shift ;;
    --fresh) fresh=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown argument $1" ;;
  esac
done

./scripts/setup.sh
[ -n "${CMAKE_BUILD_PARALLEL_LEVEL:-}" ] || export CMAKE_BUILD_PARALLEL_LEVEL=2
say "building (the first time takes minutes)"
mkdir -p build
if ! { cmake --preset release -DTUNE_TRAINERS=ON && cmake --build --preset release --target tune tune-shim tune-train-image; } \
  >build/quickstart.log 2>&1; then
  tail -n 30 build/quickstart.log >&2
  fail "the build failed; all its output is in build/quickstart.log"
fi

if [ -e "$STUDY" ] && [ -n "$fresh" ]; then
  aside="$STUDY-$(date +%Y%m%d-%H%M%S)"
  mv -T "$STUDY" "$aside"
  say "the study that was there is now in $aside"
fi
if [ -e "$STUDY" ]; then
  data=generated
  if [ -f "$NOTE" ]; then data=$(<"$NOTE"); fi
  if [ -n "$given" ] && [ "$(absolute "$given")" != "$data" ]; then
    fail "$STUDY was started with the images $data; add --fresh to start anew with others"
  fi
  say "going on with $STUDY (--fresh starts anew)"
else
  data=$(choose_data)
  mkdir -p runs
  printf '%s\n' "$data" >"$NOTE"
fi
say "images: $data"
export TUNE_DATA_DIR=$data
exec build/release/bin/tune run configs/quickstart.yaml --resume
