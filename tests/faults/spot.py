#!/usr/bin/env python3
"""Capacity that comes and goes: slots are taken away, trials are killed from outside, and all of it is made good.   spot.py --tune PROGRAM CASE"""

import os
import re
import signal
import sys

from fault_support import HANG_S, check, equal, main, wait_until

# What a trial computes depends on every step that came before; it saves every fifth and dies of SIGTERM at once.
TRAINER = """\
import json, os, sys, time
x, step, state = int(sys.argv[1]), 0, 1
saved = os.environ.get("TUNE_RESUME_FROM", "") + "/last"
if os.path.exists(saved):
    step, state = json.load(open(saved))
while step < STEPS:
    step, state = step + 1, (state * 6364136223846793005 + x) % 2**61
    time.sleep(PACE)
    print("@tune", json.dumps({"step": step, "score": state / 2**61}), flush=True)
    if step % 5 == 0:
        directory = os.environ["TUNE_CHECKPOINT_DIR"]
        with open(directory + "/next", "w") as file:
            json.dump([step, state], file)
        os.replace(directory + "/next", directory + "/last")
"""


def final(x, steps):
    state = 1
    for _ in range(steps):
        state = (state * 6364136223846793005 + x) % 2**61
    return state / 2**61


def config(trials, parallel, more):
    return ("name: spot\nobjective: {metric: score, goal: maximize}\nparameters:\n  x: {type: int, min: 1, max: 1000}\n"
            f"strategy: {{name: random, seed: 7}}\nlimits: {{max_trials: {trials}, max_parallel: {parallel}}}\n"
            f"command: [python3, trial.py, '{{x}}']\n{more}")


def prepare(study, more, steps=20, pace=0.03, trials=4, parallel=2):
    study.write("trial.py", TRAINER.replace("STEPS", str(steps)).replace("PACE", str(pace)))
    study.write("c.yaml", config(trials, parallel, more))


def check_values(study, steps):
    for trial in study.trials():
        equal(trial["status"], "Completed", f"status of trial {trial['trial']}")
        equal(trial["value"], final(trial["parameters"]["x"], steps), f"value of trial {trial['trial']}")


def ends(study):
    return [attempt["end_reason"] for trial in study.trials() for attempt in trial["attempts"]]


def slots_taken_away(study):
    prepare(study, "executor: {name: local, interrupt: {every: 0.5s, notice: 1s, away: 0.1s, seed: 2}}\n"
                   "spot: {price: {on_demand: 2, interruptible: 0.5}}\n")
    code, _, err = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 0, f"exit code ({err})")
    check_values(study, 20)
    check(ends(study).count("interrupted") > 0, "something was interrupted")
    for line in (r"trial \d+: Training seconds: \d+", r"trial \d+: Billable seconds: \d+ \(by spot.price\)",
                 r"trial \d+: Managed Spot Training savings: 75.0%", r"\nManaged Spot Training savings: 75.0%"):
        check(re.search(line, err), f"'{line}' is said in:\n{err}")
    check("Managed Spot Training savings: 75.0%" in study.run("report", "study", name="text")[1], "the report says it")
    report = study.report()
    check(abs(report["seconds"]["billable"] - report["seconds"]["training"] / 4) < 1e-3, "billable seconds")
    check(report["ledger"]["redone"]["seconds"] > 0, "the ledger knows what was done again")
    study.check_nothing_left()


def killed_from_outside(study):
    """Without a market: somebody kills trials, and the machine's shutdown ends a supervisor."""
    prepare(study, "spot: {}\n", trials=1, parallel=1)
    tune = study.start("run", "c.yaml", "--dir", "study")
    for attempt, (who, number) in enumerate([(1, signal.SIGKILL), (1, signal.SIGTERM), (0, signal.SIGTERM)], 1):
        wait_until(lambda a=attempt: any(event["attempt"] == a for event in study.events("observed")), f"attempt {attempt} reports")
        os.kill(study.pids(1, attempt)[who], number)
    equal(tune.wait(HANG_S), 0, "exit code")
    check_values(study, 20)
    equal(ends(study), ["interrupted"] * 3 + ["completed"], "ends of the attempts")
    study.check_nothing_left()


def waited_too_long(study):
    prepare(study, "executor: {name: local, interrupt: {every: 0.1s, notice: 1s, away: 1h, seed: 2}}\nspot: {max_wait: 1s}\n", trials=1,
            parallel=1)
    code, _, _ = study.run("run", "c.yaml", "--dir", "study")
    trial = study.trials()[0]
    equal((trial["status"], trial["stop_reason"], trial["secondary_status"]), ("Stopped", "max_wait", "MaxWaitTimeExceeded"), "outcome")
    equal(code, 0 if trial["value"] is not None else 3, "exit code")
    study.check_nothing_left()


def tune_killed_in_a_market(study):
    """kill -9 of tune again and again while slots come and go: the same values, and no step that nobody lost is done twice."""
    prepare(study, "executor: {name: local, interrupt: {every: 1s, notice: 1s, away: 0.1s, seed: 3}}\ndeterministic: true\nmax_step: 20\n")
    words = ["run", "c.yaml", "--dir", "study", "--resume"]
    for round_ in range(6):
        tune = study.start(*words, name=f"round{round_}")
        seen = len(study.events("observed")) if os.path.exists(f"{study.directory}/journal.jsonl") else 0
        wait_until(lambda: tune.poll() is not None or os.path.exists(f"{study.directory}/journal.jsonl")
                   and len(study.events("observed")) >= seen + 8, "it goes on")
        tune.send_signal(signal.SIGKILL)
        tune.wait()
    code, _, err = study.run(*words, name="last")
    equal(code, 0, f"exit code ({err})")
    check_values(study, 20)
    study.check_nothing_left()


if __name__ == "__main__":
    sys.exit(main([slots_taken_away, killed_from_outside, waited_too_long, tune_killed_in_a_market]))
