#!/usr/bin/env python3
"""Trials that pause and go on from their checkpoints.   pausing.py --tune PROGRAM CASE"""

import json
import signal
import sys

from fault_support import HANG_S, check, config, equal, main, wait_until

STEPS = 9
TRIALS = 9
RULE = "early_stopping: {name: asha, mode: promote}\nmax_step: 9\n"

# Trains step by step, saves, then reports. CAREFUL: after a report it waits until tune has noted it, and when that was a pause,
# until it is told to stop: so it is always exactly where tune believes it to be.
TRIAL = """\
import json, os, signal, sys, time
CAREFUL = %s
x, trial = int(sys.argv[1]), os.environ["TUNE_TRIAL_ID"]
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(1))
step = 0
if "TUNE_RESUME_FROM" in os.environ:
    with open(os.environ["TUNE_RESUME_FROM"] + "/last") as file:
        step = json.load(file)["step"]

def noted(*parts):
    with open("study/journal.jsonl") as file:
        return any(all(part in line for part in parts) for line in file)

while step < 9 and not told:
    step += 1
    with open("trained", "a") as file:
        file.write(f"{trial} {step}\\n")
    saved = os.environ["TUNE_CHECKPOINT_DIR"] + "/last"
    with open(saved + ".new", "w") as file:
        json.dump({"step": step}, file)
    os.rename(saved + ".new", saved)
    print("@tune", json.dumps({"step": step, "score": x * step}), flush=True)
    at = (f'"trial":{trial},', f'"step":{step},')
    while CAREFUL and not told and not noted('"op":"observed"', *at):
        time.sleep(0.005)
    while CAREFUL and not told and noted('"op":"decision"', '"kind":"pause"', *at):
        time.sleep(0.005)
"""


def prepare(study, careful, more="", parallel=2, trials=TRIALS):
    study.write("trial.py", TRIAL % careful)
    study.write("c.yaml", config("[python3, trial.py, '{x}']", trials=trials, parallel=parallel, more=RULE + more))


def trained(study):
    return study.read("trained").split("\n")[:-1]


def check_trained_once(study):
    lines = trained(study)
    equal(len(lines), len(set(lines)), f"steps trained, each once: {sorted(lines)}")


def check_ended(study, trials=TRIALS):
    """The best trial ran to its end, nobody is left waiting, and what was trained is what is known."""
    report = study.report()
    equal(report["study"]["stop_reason"], "max_trials", "why it ended")
    best = max(report["trials"], key=lambda trial: trial["parameters"]["x"])
    equal(best["status"], "Completed", "the best trial")
    equal(report["best"]["trial"], best["trial"], "the best of the study")
    for trial in report["trials"]:
        steps = [one["step"] for one in trial["observations"]]
        equal(steps, list(range(1, len(steps) + 1)), f"steps of trial {trial['trial']}")
        if trial["status"] == "Completed":
            equal(len(steps), STEPS, f"steps of the completed trial {trial['trial']}")
            continue
        equal((trial["status"], trial["stop_reason"]), ("Stopped", "asha"), f"the end of trial {trial['trial']}")
        # A kill may have come between the decision to start an attempt and its start: that one is lost. Ctrl-C interrupts.
        reasons = [one["end_reason"] for one in trial["attempts"]]
        check(set(reasons) <= {"paused", "lost", "interrupted"} and reasons[-1] == "paused", f"how its attempts ended: {reasons}")
    equal(len(report["trials"]), trials, "trials")
    study.check_nothing_left()
    return report


def promoted(study):
    """Paused trials go on where they were; meanwhile others have their slots."""
    prepare(study, True)
    equal(study.run("run", "c.yaml", "--dir", "study")[0], 0, "exit code")
    report = check_ended(study)
    check_trained_once(study)
    known = sum(len(trial["observations"]) for trial in report["trials"])
    equal(len(trained(study)), known, "what was trained and what is known")
    check(known < STEPS * TRIALS / 2, f"successive halving spends less than half of the steps: {known}")
    running, paused, others_meanwhile, resumed = set(), set(), 0, 0
    for event in study.events():
        trial = event.get("trial")
        if event["op"] == "launched":
            resumed += trial in paused
            equal(event.get("resumed_from_step") is not None, trial in paused, "whether it goes on from a step")
            paused.discard(trial)
            others_meanwhile += bool(paused)
            running.add(trial)
            check(len(running) <= 2, f"two slots: {running}")
        elif event["op"] in ("paused", "ended"):
            running.discard(trial)
            paused = paused | {trial} if event["op"] == "paused" else paused - {trial}
    check(resumed >= 4, f"paused trials went on: {resumed}")
    check(others_meanwhile >= TRIALS - 2, f"others ran while trials were paused: {others_meanwhile}")
    why = study.run("why", "study", str(report["best"]["trial"]))[1]
    check("the rule asha paused it: score" in why and "the rule asha let it go on: score" in why, f"tune why: {why}")


def resumed_after_kills(study):
    """tune is killed again and again while trials pause: what it left is gone on with, and nothing is trained twice."""
    prepare(study, True)
    tune = study.start("run", "c.yaml", "--dir", "study")
    kills = 0
    while True:
        before = len(study.read("study/journal.jsonl"))
        wait_until(lambda: tune.poll() is not None or len(study.read("study/journal.jsonl")) > before + 900 + 171 * kills,
                   "the journal grows")
        if tune.poll() is not None:
            break
        tune.kill()
        tune.wait()
        kills += 1
        tune = study.start("resume", "study", name=f"resume{kills}")
    equal(tune.returncode, 0, "exit code")
    check(kills >= 5, f"kills: {kills}")
    check_ended(study)
    check_trained_once(study)


def essence(study):
    """The journal without times, hosts, processes, attempts and places in logs."""
    found = []
    for event in study.events():
        if event["op"] in ("started", "owner_changed", "interrupted", "launched", "stop_requested", "study_created"):
            continue
        for key in ("v", "seq", "owner", "t", "crc", "attempt", "log", "as_of", "from", "to", "exit_code", "exit_signal"):
            event.pop(key, None)
        found.append(json.dumps(event, sort_keys=True))
    return found


def deterministic(study):
    """However far trials run on before they hear of their pause, and however often tune is killed, it is the same study."""
    prepare(study, False, "deterministic: true\n", parallel=3)
    journals = []
    for kills in (0, 0, 6):
        tune = study.start("run", "c.yaml", "--dir", "study")
        for kill in range(kills):
            lines = len(study.events())
            wait_until(lambda: tune.poll() is not None or len(study.events()) > lines + 3 + kill, "the journal grows")
            tune.kill()
            tune.wait()
            tune = study.start("resume", "study", name=f"resume{kill}")
        equal(tune.wait(HANG_S), 0, "exit code")
        check_ended(study)
        journals.append(essence(study))
        study.forget()
    equal(journals[1], journals[0], "the second run")
    # A kill may leave an observation that is written again.
    equal(sorted(set(journals[2])), sorted(set(journals[0])), "the run that was killed")


def stopped_while_paused(study):
    """`tune stop DIR TRIAL` of a paused trial ends it; so does the end of the study."""
    prepare(study, True, trials=30)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("paused", 2)
    first = study.events("paused")[0]["trial"]
    equal(study.run("stop", "study", str(first))[0], 0, "exit code of stop TRIAL")
    wait_until(lambda: any(one["trial"] == first for one in study.events("ended")), "the paused trial ends")
    equal(study.run("stop", "study")[0], 0, "exit code of stop")
    equal(tune.wait(HANG_S), 0, "exit code")
    report = study.report()
    trials = report["trials"]
    equal((trials[first - 1]["status"], trials[first - 1]["stop_reason"]), ("Stopped", "user"), "the stopped trial")
    check(all(trial["status"] in ("Stopped", "Completed") for trial in trials), "nobody is left")
    check(all(trial["stop_reason"] in ("user", None) for trial in trials), "the study was stopped, not the rule's doing")
    study.check_nothing_left()


def interrupted_while_pausing(study):
    """Ctrl-C: paused trials stay paused, running ones are interrupted, and the study goes on."""
    prepare(study, True)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("paused", 3)
    tune.send_signal(signal.SIGINT)
    equal(tune.wait(HANG_S), 130, "exit code")
    report = study.report()
    paused = sum(trial["secondary_status"] == "Paused" for trial in report["trials"])
    check(paused >= 1, f"paused trials: {paused}")
    out = study.run("status", "study")[1]
    check(f"({paused} Paused)" in out, f"tune status: {out}")
    equal(study.run("resume", "study")[0], 0, "exit code of resume")
    check_ended(study)
    check_trained_once(study)


if __name__ == "__main__":
    sys.exit(main([promoted, resumed_after_kills, deterministic, stopped_while_paused, interrupted_while_pausing]))
