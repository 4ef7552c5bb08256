#!/usr/bin/env python3
"""The study's directory is taken away under tune, or wanted by two.   directory.py --tune PROGRAM CASE"""

import os
import shutil
import sys

from fault_support import HANG_S, alive, check, config, equal, main, wait_until

# How often two start at once; TUNE_ROUNDS says another number.
ROUNDS = 5

WAITING = """\
echo "$TUNE_TRIAL_ID $TUNE_ATTEMPT" >> starts
echo '@tune {"step": 1, "score": 1}'
while [ ! -e go ]; do sleep 0.02; done
echo '@tune {"step": 2, "score": 2}'
"""


def prepare(study, **options):
    study.write("trial.sh", WAITING)
    study.write("c.yaml", config("[sh, trial.sh]", **options))


def start(study):
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    return tune, study.pids(1, 1)


def removed(study):
    """Nobody could take over its trials: they are ended, and tune says why."""
    prepare(study)
    tune, (shim, child) = start(study)
    shutil.rmtree(study.directory)
    equal(tune.wait(HANG_S), 5, "exit code")
    check("journal.jsonl was removed while the study was running" in study.read("tune.err"), f"the message: {study.read('tune.err')}")
    wait_until(lambda: not alive(child) and not alive(shim), "its trial is ended")
    check(not os.path.exists(study.directory), "nothing was made in its place")


def moved(study):
    """tune ends; from the new place the study goes on with the very same attempt."""
    prepare(study)
    tune, (_, child) = start(study)
    os.rename(study.directory, f"{study.base}/elsewhere")
    equal(tune.wait(HANG_S), 5, "exit code")
    check("journal.jsonl is not there any more" in study.read("tune.err"), f"the message: {study.read('tune.err')}")
    check(alive(child), "the trial goes on")
    check(not os.path.exists(study.directory), "nothing was made in its place")
    study.directory = f"{study.base}/elsewhere"
    resumed = study.start("resume", "elsewhere", name="resume")
    study.write("go", "")
    equal(resumed.wait(HANG_S), 0, f"exit code of resume ({study.read('resume.err')})")
    trials = study.trials()
    equal([(trial["status"], len(trial["attempts"])) for trial in trials], [("Completed", 1)] * 2, "trials")
    equal(study.read("starts"), "1 1\n2 1\n", "starts")
    study.check_nothing_left()


def exchanged(study):
    """Another study lies in its place: it is not written to."""
    prepare(study)
    tune, _ = start(study)
    os.rename(study.directory, f"{study.base}/elsewhere")
    shutil.copytree(f"{study.base}/elsewhere", study.directory)
    before = study.read("study/journal.jsonl")
    equal(tune.wait(HANG_S), 5, "exit code")
    check("journal.jsonl is another file now" in study.read("tune.err"), f"the message: {study.read('tune.err')}")
    equal(study.read("study/journal.jsonl"), before, "the other study's journal")
    study.write("go", "")
    study.directory = f"{study.base}/elsewhere"
    equal(study.run("resume", "elsewhere")[0], 0, "exit code of resume")
    equal([trial["status"] for trial in study.trials()], ["Completed"] * 2, "statuses")
    study.check_nothing_left()


def two_at_once(study):
    """Two that begin a study, and two that resume one, in the same moment: one works on it, the other is refused and changes nothing."""
    for turn in range(int(os.environ.get("TUNE_ROUNDS", ROUNDS))):
        prepare(study)
        first = None
        for words, refusals in ((["run", "c.yaml", "--dir", "study"], (2, 4)), (["resume", "study"], (4,))):
            if first:
                first.kill()
                first.wait()
            both = [study.start(*words, name=f"{words[0]}{i}") for i in range(2)]
            wait_until(lambda: any(one.poll() is not None for one in both), "one is refused")  # pylint: disable=cell-var-from-loop
            codes = [one.poll() for one in both]
            first = both[codes.index(None)] if None in codes else None
            check(first and set(codes) - {None} <= set(refusals), f"turn {turn}: exit codes of {words[0]}: {codes}")
            study.wait_for("observed")
        study.write("go", "")
        equal(first.wait(HANG_S), 0, f"turn {turn}: exit code")
        owners = [event["owner"] for event in study.events()]
        equal((owners, max(owners)), (sorted(owners), 2), f"turn {turn}: owners, one after the other")
        equal([event["seq"] for event in study.events()], list(range(1, len(owners) + 1)), f"turn {turn}: sequence numbers")
        equal(study.read("starts"), "1 1\n2 1\n", f"turn {turn}: starts")
        study.check_nothing_left()
        study.forget()


if __name__ == "__main__":
    sys.exit(main([removed, moved, exchanged, two_at_once]))
