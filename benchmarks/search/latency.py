#!/usr/bin/env python3
"""Milliseconds of a suggestion by number of finished trials: tell, and ask with whatever refit is due; ours beside Optuna's GP sampler.

    taskset -c 1 .deps/peers/bin/python benchmarks/search/latency.py [--arms tune,optuna-gp] [--cells 10:100,10:500,10:1000]

A cell is dimensions:trials. The history is n random points of a smooth bowl with ripples, put in at once (`add` of the session, `add_trials`
of Optuna). The first suggestion, which fits from nothing, is shown apart; then a number of ask-and-tell rounds follow, and their median
is what is compared. All arms run in turn on the same core, in one thread. Times are processor times of the process that does the work,
or with --wall what the clock says, pipes and the journal's sync included.
"""

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"

import argparse
import math
import statistics
import sys
import time

import numpy as np

import arms
from arms.tune_session import Session
from problems.synthetic import unit_parameters

# name: dimensions:trials that are measured unless --cells says otherwise
CELLS = {"tune": "10:100,10:500,10:1000,10:10000,50:1000", "optuna-gp": "10:100,10:500,10:1000"}


def objective(u):
    """The least lies off the middle; every coordinate matters, some more."""
    away = u - 0.3 - 0.4 * np.arange(len(u)) / len(u)
    return float(((1.0 + np.arange(len(u)) % 10) * away * away + 0.05 * np.cos(12.0 * u)).sum())


def peak_mebibytes(pid):
    """The most memory that the process has had."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


def processor_seconds(pid):
    """Of a process's threads, to the nanosecond (/proc/PID/stat counts in hundredths of a second)."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="utf-8") as file:
            total += int(file.read().split()[0])
    return 1e-9 * total


class Tune:
    def __init__(self, options, dimensions, history, rounds):
        strategy = {"name": options.pop("strategy", "bayesian"), "seed": 1, **options}
        self.session = Session(unit_parameters(dimensions), "minimize", strategy, len(history) + rounds + 1, 1)
        for u, value in history:
            self.session.call(add={"parameters": {f"x{i}": float(one) for i, one in enumerate(u)}, "value": value})

    def ask(self):
        answer = self.session.call(ask=1)
        return answer["trial"], np.array([answer["parameters"][f"x{i}"] for i in range(len(answer["parameters"]))])

    def tell(self, handle, value):
        self.session.call(tell=handle, value=value)

    def cpu_seconds(self):
        return processor_seconds(self.session.process.pid)

    def peak(self):
        return peak_mebibytes(self.session.process.pid)

    def close(self):
        self.session.close()


class OptunaGp:
    def __init__(self, options, dimensions, history, rounds):
        import optuna
        from arms.arm import one_thread

        one_thread()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.space = {f"x{i}": optuna.distributions.FloatDistribution(0.0, 1.0) for i in range(dimensions)}
        self.study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=1, **options))
        self.study.add_trials([optuna.trial.create_trial(params={f"x{i}": float(one) for i, one in enumerate(u)},
                                                         distributions=self.space, value=value) for u, value in history])

    def ask(self):
        trial = self.study.ask(self.space)
        return trial, np.array([trial.params[f"x{i}"] for i in range(len(self.space))])

    def tell(self, handle, value):
        self.study.tell(handle, value)

    def cpu_seconds(self):
        return time.process_time()

    def peak(self):
        return math.nan  # this process, whatever it measured before

    def close(self):
        pass


MEASURED = {"tune": Tune, "optuna-gp": OptunaGp}


def measure(arm, dimensions, trials, rounds, wall):
    """Milliseconds of the first suggestion and of those after it; the peak of the memory in MiB."""
    name, options = arms.parse(arm)
    rng = np.random.default_rng(5)
    history = [(u, objective(u)) for u in rng.random((trials, dimensions))]
    clock = (lambda one: time.monotonic()) if wall else (lambda one: one.cpu_seconds())
    one = MEASURED[name](options, dimensions, history, rounds)
    try:
        start = clock(one)
        handle, u = one.ask()
        first, times = 1e3 * (clock(one) - start), []
        for _ in range(rounds):
            value = objective(u)
            start = clock(one)
            one.tell(handle, value)
            handle, u = one.ask()
            times.append(1e3 * (clock(one) - start))
        return first, times, one.peak()
    finally:
        one.close()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", default="tune,optuna-gp", help="tune and optuna-gp, with options, separated by blanks or commas")
    parser.add_argument("--cells", help="dimensions:trials, separated by commas")
    parser.add_argument("--rounds", type=int, default=20, help="ask-and-tell rounds a cell (a quarter of them from 1000 trials on)")
    parser.add_argument("--wall", action="store_true", help="the clock's time instead of processor time")
    return parser.parse_args()


def main():
    options = parse_arguments()
    chosen = options.arms.split() if " " in options.arms else options.arms.split(",")
    for arm in chosen:
        if arms.parse(arm)[0] not in MEASURED:
            sys.exit(f"latency.py: {arm}: only {' and '.join(MEASURED)} are measured")
        print(f"{arm}: {arms.version(arm)}")
    cells = {arm: (options.cells or CELLS[arms.parse(arm)[0]]).split(",") for arm in chosen}
    print(f"core{'s' if len(os.sched_getaffinity(0)) > 1 else ''} {sorted(os.sched_getaffinity(0))}, load {os.getloadavg()[0]:.1f}; "
          f"{'clock' if options.wall else 'processor'} milliseconds; ratio to {chosen[0]}")
    print(f"{'arm':30} {'d':>4} {'n':>6} {'median':>9} {'mean':>9} {'first':>9} {'ratio':>7} {'peak MiB':>9}")
    for cell in dict.fromkeys(cell for of_arm in cells.values() for cell in of_arm):
        dimensions, trials = (int(word) for word in cell.split(":"))
        base = math.nan
        for arm in chosen:
            if cell not in cells[arm]:
                continue
            rounds = max(3, options.rounds // 4) if trials >= 1000 else options.rounds
            first, times, peak = measure(arm, dimensions, trials, rounds, options.wall)
            middle = statistics.median(times)
            base = middle if arm == chosen[0] else base
            print(f"{arm:30} {dimensions:4} {trials:6} {middle:9.2f} {statistics.fmean(times):9.2f} {first:9.1f} {middle / base:7.1f} {peak:9.0f}",
                  flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
