#!/usr/bin/env python3
"""A short Python script is tuned, with trials of every bad kind; the median rule recomputed.   script_trials.py --tune PROGRAM CASE"""

import os
import subprocess
import sys

from fault_support import HANG_S, check, equal, main

FLOOD_BYTES = 200 << 20
MEMORY_LIMIT_KB = 100 << 10

SCRIPT = """\
import subprocess, sys, time
kind = sys.argv[1]
for epoch in range(1, 4):
    if kind == "crash" and epoch == 2: raise RuntimeError("boom")
    if kind == "hang" and epoch == 2: time.sleep(3600)
    if kind == "family": subprocess.Popen(["setsid", "sleep", "3600"])
    if kind == "flood" and epoch == 2:
        for _ in range(FLOOD >> 20): print("noise " * 174763)
    if kind == "lines" and epoch == 2: print("epoch without a number\\n" * 500000)
    if kind != "silent": print(f"epoch {epoch} accuracy={epoch / 10}")
"""

CONFIG = """\
name: kinds
objective: {metric: accuracy, goal: maximize}
parameters:
  kind: {type: categorical, values: [fine, crash, hang, silent, flood, family, lines]}
strategy: {name: grid}
limits: {max_parallel: 2, trial_runtime: 8s, max_failures: 100, grace: 1s}
max_step: 3
command: [python3, train.py, "{kind}"]
metrics: [{name: accuracy, regex: 'accuracy=(\\S+)', step: 'epoch (\\d+)'}]
"""

# A curve that rises to x: weak trials are far below the median.
CURVE = """\
for step in 1 2 3 4 5 6; do
  sleep 0.01
  echo "@tune {\\"step\\": $step, \\"score\\": $(($1 * step))}"
done
"""

CURVE_CONFIG = """\
name: curves
objective: {metric: score, goal: maximize}
parameters: {x: {type: int, min: 1, max: 1000}}
strategy: {name: random, seed: 3}
early_stopping: {name: median, min_trials: 4}
limits: {max_trials: 40, max_parallel: 3}
max_step: 6
command: [sh, curve.sh, "{x}"]
"""


def bad_trials(study):
    study.write("train.py", SCRIPT.replace("FLOOD", str(FLOOD_BYTES)))
    study.write("c.yaml", CONFIG)
    tune = study.start("run", "c.yaml", "--dir", "study")
    _, state, usage = os.wait4(tune.pid, 0)  # a trial that hangs is stopped by its limit, or ctest's own ends this
    tune.returncode = os.WEXITSTATUS(state)
    equal(tune.returncode, 0, "exit code")
    check(usage.ru_maxrss < MEMORY_LIMIT_KB or "TUNE_SANITIZED" in os.environ, f"tune used {usage.ru_maxrss} KB, allowed are {MEMORY_LIMIT_KB}")
    trials = {trial["parameters"]["kind"]: trial for trial in study.trials()}
    ended = {event["trial"]: event for event in study.events("ended")}
    for kind, expected in {
            "fine": ("Completed", None, None, 0.3), "crash": ("Failed", None, "user_error", 0.1), "hang": ("Stopped", "time_limit", None, 0.1),
            "silent": ("Failed", None, "no_objective", None), "flood": ("Completed", None, None, 0.3),
            "family": ("Completed", None, None, 0.3), "lines": ("Completed", None, None, 0.3)
    }.items():
        trial = trials[kind]
        equal((trial["status"], trial["stop_reason"], trial["failure_class"]), expected[:3], kind)
        steps = {observation["step"]: observation["value"] for observation in trial["observations"]}
        value = steps[max(steps)] if steps else None
        equal(value, expected[3], f"the last value of {kind}")
    equal(ended[trials["crash"]["trial"]]["last_lines"][-1], "RuntimeError: boom", "the crash's last line")
    check(os.path.getsize(f"{study.directory}/trials/{trials['flood']['trial']:04}/1/log") >= FLOOD_BYTES, "the whole log is kept")
    text = study.run("report", "study")[1]
    for words in ("user_error", "| RuntimeError: boom", "no_objective"):
        check(words in text, f"'{words}' is in the report: {text}")
    study.check_nothing_left()


def median_recomputed(study):
    study.write("curve.sh", CURVE)
    study.write("c.yaml", CURVE_CONFIG)
    equal(study.run("run", "c.yaml", "--dir", "study")[0], 0, "exit code of run")
    report = study.run("report", "study", "--format", "json", name="json")[1]
    stopped = sum(trial["stop_reason"] == "median" for trial in study.trials())
    check(stopped >= 3, f"stopped by the median rule: {stopped}")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/check_median.py")

    def recompute(*options):
        return subprocess.run([sys.executable, script, "--min-trials", "4", "--max-step", "6", *options], input=report, text=True,
                              stdout=subprocess.PIPE, check=False, timeout=HANG_S)

    same = recompute()
    equal(same.returncode, 0, f"exit code of check_median.py ({same.stdout})")
    check(f", {stopped} stops recomputed" in same.stdout, f"as many stops as {stopped}: {same.stdout}")
    equal(recompute("--percentile", "5").returncode, 1, "exit code of check_median.py for another rule")
    study.check_nothing_left()


if __name__ == "__main__":
    sys.exit(main([bad_trials, median_recomputed]))
