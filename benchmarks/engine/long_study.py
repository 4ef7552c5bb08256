#!/usr/bin/env python3
"""What a long study costs: time and memory of tune resume, status and report with 10,000 and 100,000 trials.

    benchmarks/engine/long_study.py [--bin build/release/bin] [--runs 3] [--steps 5] [--trials 10000 100000]

The journals are written by bench_long_study; the last trial was running when tune died. `resume` takes the study over, finds that trial
lost, runs it again to its end and ends the study. Medians; on a busy machine the processor time says more than the clock.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time


def measured(words, directory):
    """Seconds, seconds of processor time, and peak resident bytes; must end well."""
    begin = time.perf_counter()
    with subprocess.Popen(words, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        errors = child.stderr.read()
        _, state, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(state)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(words)} ended with {child.returncode}:\n{errors.decode()[-2000:]}")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def read_seconds(path):
    begin = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 16):
            pass
    return time.perf_counter() - begin


def bench(options, directory, trials):
    config = os.path.join(directory, "config.json")
    with open(config, "w", encoding="utf-8") as file:
        json.dump({"name": "long", "objective": {"metric": "score", "goal": "maximize"},
                   "parameters": {"x": {"type": "float", "min": 0.0, "max": 1.0}, "y": {"type": "float", "min": 0.0, "max": 1.0}},
                   "strategy": "random", "max_step": options.steps, "command": [os.path.join(options.bin, "bench_trial")],
                   "limits": {"max_trials": trials, "max_parallel": 8}}, file)
    tune = os.path.join(options.bin, "tune")
    rows = {"resume": [], "status": [], "report": [], "report --format json": []}
    for run in range(options.runs):
        study = os.path.join(directory, f"study{run}")
        measured([os.path.join(options.bin, "bench_long_study"), config, study, str(trials), str(options.steps)], directory)
        journal = os.path.join(study, "journal.jsonl")
        size, read = os.path.getsize(journal), read_seconds(journal)
        rows["resume"].append(measured([tune, "resume", study, "--quiet"], directory))
        rows["status"].append(measured([tune, "status", study], directory))
        rows["report"].append(measured([tune, "report", study], directory))
        rows["report --format json"].append(measured([tune, "report", study, "--format", "json"], directory))
        shutil.rmtree(study)
    print(f"{trials} trials of {options.steps} values: journal {size / 1e6:.0f} MB, read in {read * 1e3:.0f} ms")
    for name, figures in rows.items():
        print(f"  tune {name:22} {statistics.median(one[0] for one in figures):6.2f} s  processor {statistics.median(one[1] for one in figures):6.2f} s  "
              f"peak resident {max(one[2] for one in figures) / 1e6:5.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="where tune, bench_trial and bench_long_study lie")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--trials", type=int, nargs="+", default=[10000, 100000])
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    directory = os.path.abspath(tempfile.mkdtemp(prefix="tune-bench-", dir="."))
    try:
        for trials in options.trials:
            bench(options, directory, trials)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
