#!/usr/bin/env python3
"""What the report says was saved, beside what the other arm of `tune compare` shows: the error of the estimate.

saved_hours.py --tune PROGRAM [--rules auto median] [--strategies random bayesian] [--seeds 8] [--trials 16] [--pace 0.25]

The trials sleep for every step, for a time that depends on their configuration (a large batch is quick), and print a curve that rises to a value that does so too, with noise. So a busy machine
changes little, and the wall time of both arms is known to be that of their steps. Prints for each pair of rule and strategy the seconds estimated and measured over all seeds, and the median over the
seeds of the error of one study.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

TRIAL = """\
import json, math, os, random, sys, time
p = json.loads(os.environ["TUNE_PARAMS"])
x, y, batch = p["x"], p["y"], p["batch"]
noise = random.Random(int(os.environ["TUNE_SEED"]))
best = 1 - (math.log10(x) + 2) ** 2 / 8 - (y - 0.3) ** 2
for step in range(1, 21):
    time.sleep(PACE * (0.5 + 16 / batch))
    score = best * (1 - math.exp(-step * (0.1 + 0.4 * y))) + noise.gauss(0, 0.01)
    print("@tune", json.dumps({"step": step, "score": score}), flush=True)
"""
CONFIG = """\
name: saved
objective: {{metric: score, goal: maximize}}
parameters:
  x: {{type: float, min: 1e-4, max: 1, scale: log}}
  y: {{type: float, min: 0, max: 1}}
  batch: {{type: categorical, values: [16, 32, 64, 128]}}
strategy: {{name: {strategy}, seed: 1}}
limits: {{max_trials: {trials}, max_parallel: 4}}
max_step: 20
command: [python3, trial.py]
"""


def compare(options, directory, strategy, rule):
    with open(f"{directory}/trial.py", "w", encoding="utf-8") as file:
        file.write(TRIAL.replace("PACE", str(options.pace)))
    name = f"{strategy}-{rule}"
    with open(f"{directory}/{name}.yaml", "w", encoding="utf-8") as file:
        file.write(CONFIG.format(strategy=strategy, trials=options.trials))
    done = subprocess.run([os.path.abspath(options.tune), "compare", f"{name}.yaml", "--a", "early_stopping=off", "--b",
                           f"early_stopping={{name: {rule}, audit: 0.0}}", "--seeds", str(options.seeds), "--dir", name, "--json", "-q"], cwd=directory,
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["paired"]["saved"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tune", required=True)
    parser.add_argument("--rules", nargs="+", default=["auto", "median"])
    parser.add_argument("--strategies", nargs="+", default=["random", "bayesian"])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--pace", type=float, default=0.25)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for strategy in options.strategies:
            for rule in options.rules:
                saved = compare(options, directory, strategy, rule)
                print(f"{strategy}, {rule}: estimated {saved['estimated_seconds']:.0f} s, measured {saved['measured_seconds']:.0f} s over {options.seeds} seeds; "
                      f"median error of one study {100 * saved['median_error']:.0f} %", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
