#!/usr/bin/env python3
"""A fault at every system call of a small study, one after the other: kill -9, or an error. Then `tune resume`, until it has ended.

    tests/faults/every_call.py --tune build/release/bin/tune                          kill -9 of whoever makes the call
    tests/faults/every_call.py --tune build/release/bin/tune --fault kill-all         of tune, its helpers and the trials at once
    tests/faults/every_call.py --tune build/release/bin/tune --fault power-loss       and what was not synced is torn, zeros, or gone
    tests/faults/every_call.py --tune build/release/bin/tune --nested                 and of each resume at its 1st, 2nd, 3rd ... call
    tests/faults/every_call.py --tune build/release/bin/tune --fault ENOSPC           EIO, EMFILE, EACCES, EAGAIN, ENOMEM, short
    tests/faults/every_call.py --tune build/release/bin/tune --fault ENOSPC --lasting from that call on
    ... --first 7 --stride 10                                                         calls 7, 17, 27 ... only

A deterministic study of three trials, two at a time, of which one completes, one fails and one is stopped by a rule. `fault_injector`, which
lies beside the program, counts the system calls of tune, its launcher and its supervisors (not those of trials) and makes the N-th one fail.
After kills the report must equal the undisturbed one; after errors tune must have ended by itself with 0, or with a documented
exit code and a message, and the resumed report must be equal too. Always: every trial proposed and ended once, no attempt started
twice, no process and no temporary file left, and nothing hangs.

Exit code: 0 all held, 1 something did not (said on stderr, the directory is kept), 2 usage, 77 nothing may be traced here.
"""

import argparse
import concurrent.futures
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from fault_support import HANG_S, SKIPPED, Broken, check, check_nothing_left, equal, kill_all_of, processes_of, wait_until
from oracle import check_journal, comparable, differences, has_record, read_journal, read_starts

TRIALS = 3
NOT_POSSIBLE = 125
KILLED = 137
# Storage and executor. A config that cannot be read is 2.
FAULT_CODES = (5, 6)
# Each round gets further by at least a call.
MOST_ROUNDS = 1000

TRIAL = """\
echo "$TUNE_TRIAL_ID $TUNE_ATTEMPT" >> starts
echo '@tune {"step": 1, "score": '$((10 - $TUNE_TRIAL_ID))'}'
[ $TUNE_TRIAL_ID -ne 3 ] || while :; do sleep 0.01; done
echo '@tune {"step": 2, "score": 20}'
[ $TUNE_TRIAL_ID -ne 2 ] || exit 3
"""

CONFIG = f"""\
name: calls
objective: {{metric: score, goal: maximize}}
parameters: {{x: {{type: int, min: 1, max: 1000}}}}
strategy: {{name: random, seed: 7}}
early_stopping: {{name: threshold, lower: 7.5}}
max_step: 3
limits: {{max_trials: {TRIALS}, max_parallel: 2, grace: 1h}}
deterministic: true
command: [sh, trial.sh]
"""

KILLS = ("kill", "kill-all", "power-loss")
BLOCK = 512
# Where an error can strike; what only waits, ends or forgets cannot fail in a way that means something.
CALLS_THAT_FAIL = {
    "ENOSPC": "create,mkdir,write,pwrite,rename,fsync,fdatasync,ftruncate",
    "EDQUOT": "create,mkdir,write,pwrite,rename,fsync,fdatasync,ftruncate",
    "EIO": "create,open,read,mkdir,write,pwrite,rename,fsync,fdatasync,ftruncate",
    "EROFS": "create,mkdir,rename,unlink,ftruncate",
    "EACCES": "create,open,mkdir,rename,unlink,execve",
    "EMFILE": "create,open,pipe,socketpair,pidfd_open",
    "ENFILE": "create,open,pipe,socketpair,pidfd_open",
    "EAGAIN": "clone",
    "ENOMEM": "clone,execve,create,open,pipe,socketpair,pidfd_open,epoll_ctl",
    "EINTR": "read,write,pwrite,send,flock",
    "short": "write,pwrite,send",
}
# What a machine is out of for a while.
PATIENT = ("EMFILE", "ENFILE", "ENOMEM", "EAGAIN")


class Sweep:
    def __init__(self, options, base):
        self.options = options
        self.base = base
        self.injector = os.path.join(os.path.dirname(options.tune), "fault_injector")
        self.expected = None

    def prepare(self, name):
        place = f"{self.base}/{name}"
        os.mkdir(place)
        for file, text in (("trial.sh", TRIAL), ("c.yaml", CONFIG)):
            with open(f"{place}/{file}", "w", encoding="utf-8") as opened:
                opened.write(text)
        return place

    def run(self, place, words, fault=None, at=0, nested=False):
        """Exit code; the fault strikes at call `at`."""
        command = [self.options.tune, *words, "--quiet"]
        if fault:
            inject = [self.injector, "--fault", "kill-all" if fault == "power-loss" else fault, "--at", str(at), "--log", f"{place}/calls", "--from", "c.yaml" if words[0] == "run" else "journal"]
            if fault in CALLS_THAT_FAIL:
                calls = CALLS_THAT_FAIL[fault].split(",")
                # A disk that cannot even be read: tune would have no reason to stop waiting for what its trials say.
                inject += ["--calls", ",".join(call for call in calls if not self.options.lasting or call not in ("open", "read"))]
            if self.options.lasting:
                inject += ["--lasting"]
            if nested:
                inject += ["--roles", "tune"]
            command = [*inject, "--", *command]
        with open(f"{place}/err", "wb") as errors:
            process = subprocess.Popen(command, cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            try:
                return process.wait(HANG_S)
            except subprocess.TimeoutExpired as hung:
                raise Broken(f"{' '.join(words)} hangs; its processes: {processes_of(place)}") from hung
            finally:
                if process.poll() is None:
                    process.kill()
                    kill_all_of(place)

    def calls(self, place):
        with open(f"{place}/calls", encoding="utf-8") as file:
            return file.read().splitlines()

    def report(self, place):
        done = subprocess.run([self.options.tune, "report", f"{place}/study", "--format", "json"], stdout=subprocess.PIPE, check=False, timeout=HANG_S)
        equal(done.returncode, 0, "exit code of tune report")
        return comparable(json.loads(done.stdout))

    def check_study(self, place, kept=()):
        check_nothing_left(f"{place}/study", kept)
        check_journal(read_journal(f"{place}/study"), read_starts(f"{place}/starts"), TRIALS)
        return self.report(place)

    def undisturbed(self):
        """How many calls there are."""
        place = self.prepare("calm")
        code = self.run(place, ["run", "c.yaml", "--dir", "study"], self.options.fault, 0)
        if code == NOT_POSSIBLE:
            return 0
        equal(code, 0, "exit code of the undisturbed run")
        self.expected = self.check_study(place)
        return len(self.calls(place))

    def go_on(self, place, code):
        """To the study's end; with --nested through a kill at each of the calls of a resume. How many rounds that took."""
        for rounds in range(MOST_ROUNDS):
            if code == 0:
                return rounds
            words = ["resume", "study"] if has_record(f"{place}/study") else ["run", "c.yaml", "--dir", "study", "--resume"]
            if self.options.nested:
                code = self.run(place, words, "kill", rounds + 1, nested=True)
                check(code in (0, KILLED), f"resume {rounds + 1}: exit code {code}: {self.said(place)}")
            else:
                code = self.run(place, words)
                equal(code, 0, f"exit code of {words[0]} ({self.said(place)})")
        raise Broken("no end is reached")

    def lose_power(self, place, at):
        """What may be left of the study's files after a loss of power: as much as was synced, of the rest some."""
        chance = random.Random(at)
        study = f"{place}/study"
        wait_until(lambda: not processes_of(place), "everybody is dead")
        synced = {}
        syncs_of_directory = 0
        for line in self.calls(place):
            words = line.split(" ")
            if words[2] not in ("fsync", "fdatasync") or line.endswith(" *"):
                continue
            synced[words[3].replace("journal.jsonl.new", "journal.jsonl")] = int(words[4])
            syncs_of_directory += words[3] == study
        journal = f"{study}/journal.jsonl"
        new = not os.path.exists(journal)
        if os.path.exists(journal + ".new" * new):
            size = os.path.getsize(journal + ".new" * new)
            kept = chance.choice([size, min(size, max(synced.get(journal, 0), chance.randrange(size + 1) // BLOCK * BLOCK)), synced.get(journal, 0)])
            os.truncate(journal + ".new" * new, kept)
            if chance.random() < 0.5:
                os.truncate(journal + ".new" * new, size)  # blocks that never reached the disk
        if not new and syncs_of_directory < 2 and chance.random() < 0.5:
            os.rename(journal, journal + ".new")
        for attempt in sorted(glob.glob(f"{study}/trials/*/*")):
            if chance.random() < 0.2:
                shutil.rmtree(os.path.dirname(attempt), ignore_errors=True)
            for name in sorted(os.listdir(attempt)) if os.path.isdir(attempt) else ():
                path = f"{attempt}/{name}"
                if not os.path.isfile(path) or f"{path}.tmp" in synced:
                    continue
                what = chance.randrange(3)
                if what == 0:
                    os.truncate(path, chance.randrange(os.path.getsize(path) + 1))
                elif what == 1:
                    os.remove(path)

    def said(self, place):
        with open(f"{place}/err", encoding="utf-8", errors="replace") as file:
            return file.read()[-500:].strip()

    def one(self, at):
        """Faults at one call. Text for the log."""
        place = self.prepare(f"at{at}")
        code = hit = None
        try:
            code = self.run(place, ["run", "c.yaml", "--dir", "study"], self.options.fault, at)
            hit = next((line for line in self.calls(place) if line.endswith(" *")), f"{at} (not reached)")
            said = self.said(place)
            if self.options.fault == "power-loss" and code == KILLED:
                self.lose_power(place, at)
            if self.options.fault in KILLS:
                check(code in (0, KILLED), f"exit code {code}: {said}")
            elif code != 0:
                check(code in FAULT_CODES or (code == 2 and "cannot be read" in said), f"exit code {code}: {said}")
                check(said, f"exit code {code} without a message")
            rounds = self.go_on(place, code)
            # What tune was not allowed to remove to the study's end is nobody's fault.
            kept = [line.split(" ")[3] for line in self.calls(place) if " tune unlink " in line and line.endswith(" *")] if rounds == 0 else []
            found = list(differences(self.expected, self.check_study(place, kept)))
            check(not found, "differences: " + "; ".join(found[:5]))
        except (Broken, OSError, ValueError, subprocess.TimeoutExpired) as error:
            return hit or at, code, -1, f"{error}\n    kept: {place}"
        shutil.rmtree(place)
        return hit, code, rounds, said

    def sweep(self):
        begun = time.monotonic()
        last = self.undisturbed()
        if last == 0:
            return None
        # A fault makes later calls come in another number: the last ones may be more than the undisturbed run has.
        points = range(self.options.first, last + 1, self.options.stride)
        broken = rounds = 0
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            for hit, code, took, said in pool.map(self.one, points):
                broken += took < 0
                rounds += max(0, took)
                if took < 0:
                    print(f"{hit}: {said}", file=sys.stderr, flush=True)
                elif self.options.verbose:
                    print(f"{hit}: exit code {code}, {took} resumes; {said}", flush=True)
        print(f"{self.options.fault} at {len(points)} of {last} calls: {rounds} resumes, {broken} broken; {time.monotonic() - begun:.1f} s")
        return broken


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tune", required=True, help="the program")
    parser.add_argument("--fault", default="kill", choices=sorted([*KILLS, *CALLS_THAT_FAIL]))
    parser.add_argument("--lasting", action="store_true", help="errors: that call and all later ones")
    parser.add_argument("--nested", action="store_true", help="each resume is killed too, a call later every time")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="studies at a time")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if options.lasting and options.fault in PATIENT:
        parser.error(f"--lasting: with {options.fault} tune waits for ten minutes; allowed: a fault of the storage (machine.py no_process_for_long does the other)")
    options.tune = os.path.abspath(options.tune)
    base = os.path.realpath(tempfile.mkdtemp(prefix="tune-calls-"))
    try:
        broken = Sweep(options, base).sweep()
    except Broken as error:
        print(f"every_call: {error}\nkept for a look: {base}", file=sys.stderr)
        return 1
    if broken is None:
        print("skipped: nothing may be traced here")
    if not broken:
        shutil.rmtree(base)
    return SKIPPED if broken is None else int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
