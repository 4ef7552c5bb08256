#!/usr/bin/env python3
"""What the engine itself costs: trials per second, exit to next start, start-up, line to SIGTERM, memory, resume.

    benchmarks/engine/engine.py [--bin build/release/bin] [--runs 3] [--trials 1000] [--many 10000]

Each figure stands beside its bound, measured in the same run: one fdatasync of a journal-sized record and one process
(posix_spawn to wait) of the same trial program, once on the idle machine just before the study and once every 50 ms beside it, with
its eight slots competing for the same cores and disk. Prints medians over the runs.
"""

import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from datetime import datetime

SLOTS = 8
SYNC_BYTES = 700  # ended + proposed + launched


def median_ms(values):
    return statistics.median(values) * 1000.0


def measure_sync(directory, count=200):
    path = os.path.join(directory, "sync")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        os.write(descriptor, b"x" * SYNC_BYTES)
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - begin)
    os.close(descriptor)
    return statistics.median(times)


def measure_spawn(program, count=200):
    quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        os.waitpid(os.posix_spawn(program, [program], os.environ, file_actions=quiet), 0)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


class Beside:
    """Measures a sync and a process again and again while something else runs."""

    def __init__(self, directory, trial):
        self.syncs, self.spawns, self.over = [], [], threading.Event()
        self.thread = threading.Thread(target=self.work, args=(directory, trial))

    def work(self, directory, trial):
        while not self.over.wait(0.05):
            self.syncs.append(measure_sync(directory, 1))
            self.spawns.append(measure_spawn(trial, 1))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def write_config(directory, name, command, trials, parallel, strategy="random"):
    path = os.path.join(directory, name + ".json")
    with open(path, "w") as file:
        json.dump({"name": name, "objective": {"metric": "score", "goal": "maximize"},
                   "parameters": {"x": {"type": "float", "min": 0.0, "max": 1.0}, "y": {"type": "float", "min": 1e-5, "max": 1.0}},
                   "strategy": strategy, "command": command, "limits": {"max_trials": trials, "max_parallel": parallel}}, file)
    return path


def tune(binaries, directory, *arguments):
    """Runs tune to its end; returns its wall seconds and peak resident bytes."""
    program = os.path.join(binaries, "tune")
    begin = time.perf_counter()
    child = subprocess.Popen([program, *arguments], cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = child.stderr.read()
    _, state, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(state)
    if child.returncode != 0:
        raise SystemExit(f"tune {' '.join(arguments)} ended with {child.returncode}:\n{errors.decode()[-2000:]}")
    return time.perf_counter() - begin, usage.ru_maxrss * 1024


def report(binaries, directory, study):
    out = subprocess.run([os.path.join(binaries, "tune"), "report", study, "--format", "json"], cwd=directory, check=True,
                         capture_output=True).stdout
    return json.loads(out)


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def turnarounds(document):
    """Seconds from an attempt's end to the start of the next one in its slot."""
    by_slot = {}
    for trial in document["trials"]:
        for attempt in trial["attempts"]:
            by_slot.setdefault(attempt["slot"], []).append((seconds(attempt["start"]), seconds(attempt["end"])))
    gaps = []
    for attempts in by_slot.values():
        attempts.sort()
        gaps += [start - end for (_, end), (start, _) in zip(attempts, attempts[1:])]
    return gaps


def throughput(options, directory, trial):
    rows = []
    for run in range(options.runs):
        sync, spawn = measure_sync(directory), measure_spawn(trial)
        config = write_config(directory, f"noop{run}", [trial], options.trials, SLOTS)
        wall, _ = tune(options.bin, directory, "run", config, "--quiet")
        config = write_config(directory, f"beside{run}", [trial], options.trials, SLOTS)
        with Beside(directory, trial) as beside:
            tune(options.bin, directory, "run", config, "--quiet")
        gaps = [statistics.median(turnarounds(report(options.bin, directory, f"runs/{name}{run}"))) for name in ("noop", "beside")]
        rows.append((sync, spawn, statistics.median(beside.syncs), statistics.median(beside.spawns), *gaps, options.trials / wall))
    sync, spawn, loaded_sync, loaded_spawn, gap, loaded_gap, rate = (statistics.median(column) for column in zip(*rows))
    cores = min(os.cpu_count(), SLOTS)
    bound = 1.0 / max(sync, 2.0 * spawn / cores)
    print(f"{cores} cores; idle: one fdatasync {sync * 1e3:.2f} ms, one process {spawn * 1e3:.2f} ms; "
          f"beside the study: {loaded_sync * 1e3:.2f} ms, {loaded_spawn * 1e3:.2f} ms")
    for name, value, one_sync, one_spawn in (("idle", gap, sync, spawn), ("beside the study", loaded_gap, loaded_sync, loaded_spawn)):
        print(f"exit to next start, median: {value * 1e3:.2f} ms; fdatasync + 2 processes + 2 ms as measured {name}: "
              f"{(one_sync + 2.0 * one_spawn + 0.002) * 1e3:.2f} ms")
    print(f"trials per second: {rate:.0f}, {100.0 * rate / bound:.0f} % of the bound {bound:.0f} (must be at least 60 %; goal 300/s)"
          f"; bound = 1 / max(fdatasync, 2 processes / cores), idle")


def startup(options, directory, trial):
    delays = []
    for run in range(10 * options.runs):
        config = write_config(directory, f"start{run}", [trial], 1, 1)
        begin = time.time()
        tune(options.bin, directory, "run", config, "--quiet")
        with open(os.path.join(directory, f"runs/start{run}/journal.jsonl")) as journal:
            launched = next(event for event in map(json.loads, journal) if event["op"] == "launched")
        delays.append(launched["t"] / 1e6 - begin)
    print(f"start-up of `tune run` to first launch, median: {median_ms(delays):.1f} ms (goal 50)")


def line_to_sigterm(options, directory, trial):
    config = write_config(directory, "diverge", [trial, "diverge"], 60, 2)
    tune_arguments = ["run", config, "--quiet"]
    program = os.path.join(options.bin, "tune")
    subprocess.run([program, *tune_arguments], cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    latencies = []
    for log in glob.glob(os.path.join(directory, "runs/diverge/trials/*/*/log")):
        latencies += [int(line.split()[1]) / 1e6 for line in open(log) if line.startswith("latency_us")]
    latencies.sort()
    print(f"line printed to SIGTERM, {len(latencies)} trials: p50 {median_ms(latencies):.0f} ms (must be at most 100), "
          f"p95 {latencies[int(0.95 * len(latencies))] * 1e3:.0f} ms")


def many(options, directory, trial):
    config = write_config(directory, "many", [trial], options.many, SLOTS)
    wall, peak = tune(options.bin, directory, "run", config, "--quiet")
    print(f"{options.many} trials: {wall:.1f} s, {options.many / wall:.0f}/s, peak resident {peak / 1e6:.0f} MB (goal 60)")
    resumes = []
    for run in range(options.runs):
        wall, peak = tune(options.bin, directory, "resume", "runs/many", "--quiet", "--max-trials", str(options.many + 1 + run))
        resumes.append(wall)
    print(f"resume of them, with one more trial, median: {statistics.median(resumes):.2f} s (goal 1), peak resident {peak / 1e6:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="where tune and bench_trial lie")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--many", type=int, default=10000)
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    trial = os.path.join(options.bin, "bench_trial")
    directory = os.path.abspath(tempfile.mkdtemp(prefix="tune-bench-", dir="."))
    try:
        throughput(options, directory, trial)
        startup(options, directory, trial)
        line_to_sigterm(options, directory, trial)
        many(options, directory, trial)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
