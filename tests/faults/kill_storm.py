#!/usr/bin/env python3
"""Kills `tune` with SIGKILL at random moments of a study, again and again, and checks that nothing was lost and nothing done twice.

    tests/faults/kill_storm.py --tune build/release/bin/tune --kills 200
    tests/faults/kill_storm.py --tune build/release/bin/tune --kills 200 --strategy bayesian --seed 3

A study of 60 quick trials (deterministic, median rule, a health rule that warns, four at a time) runs once undisturbed. Then the same study runs with `kill -9` of
`tune` at moments drawn from --seed, gone on with by `tune resume DIR` or `tune run CONFIG --dir DIR --resume`, until it has ended; more
rounds follow until --kills kills have been made. Checked after each round:

  * the JSON report equals the undisturbed one but for times, hosts, process ids and attempts;
  * the journal launches each attempt once, ends each trial once, and has no gap;
  * no attempt's command was started twice, and none that the journal had not launched before (a line the trial itself appends);
  * a trial has a second attempt only where the journal says that the one before was lost;
  * no process of the study is left, and no temporary file.

Exit code: 0 all held, 1 something did not (said on stderr, the directory is kept), 2 usage. Needs Python 3.8, Linux, nothing else.
"""

import argparse
import collections
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from fault_support import processes_of

# Longest wait for the last supervisor to be gone after the study has ended, seconds.
PATIENCE_S = 20.0
# A command of tune that takes longer than this hangs, seconds.
HANG_S = 120.0

TRIAL = """\
echo "$TUNE_TRIAL_ID $TUNE_ATTEMPT" >> "$STARTS"
steps=$((3 + $1 % 3)); step=1
while [ $step -le $steps ]; do
  sleep {sleep}
  echo "@tune {{\\"step\\": $step, \\"score\\": $(($1 * 37 % 101 + step * ($1 % 7)))}}"
  step=$((step + 1))
done
[ $(($1 % 9)) -ne 0 ] || {{ echo "unlucky $1"; exit 3; }}
"""

CONFIG = """\
name: storm
objective: {{metric: score, goal: maximize}}
parameters:
  x: {{type: int, min: 1, max: 1000}}
  y: {{type: float, min: 0.001, max: 1.0, scale: log}}
strategy: {{name: {strategy}, seed: 7, lookahead: {lookahead}}}
early_stopping: {{name: median, min_trials: 4}}
rules: [{{name: LossNotDecreasing, metrics: score, num_steps: 2}}]
limits: {{max_trials: {trials}, max_parallel: 4}}
deterministic: true
max_step: 5
command: [sh, trial.sh, "{{x}}"]
"""

# What may differ between two runs of a deterministic study.
FREE = {"start", "end", "time", "seconds", "away_seconds", "elapsed_seconds", "training_seconds", "gpu_seconds", "billable_seconds", "gpu_use", "attempt", "attempts"}


class Broken(Exception):
    """Something that must hold did not."""


def check(holds, message):
    if not holds:
        raise Broken(message)


def comparable(report):
    if isinstance(report, dict):
        return {key: comparable(value) for key, value in report.items() if key not in FREE}
    if isinstance(report, list):
        return [comparable(value) for value in report]
    return report


def differences(expected, got, where=""):
    """Paths at which two JSON values differ."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in sorted(expected.keys() | got.keys()):
            yield from differences(expected.get(key), got.get(key), f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (left, right) in enumerate(zip(expected, got)):
            yield from differences(left, right, f"{where}[{index}]")
    elif expected != got:
        yield f"{where}: {expected!r} undisturbed, {got!r} after kills"


def read_journal(directory):
    with open(os.path.join(directory, "journal.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def check_journal(events, starts, trials):
    check([event["seq"] for event in events] == list(range(1, len(events) + 1)), "the sequence numbers have a gap")
    launched = [(event["trial"], event["attempt"]) for event in events if event["op"] == "launched"]
    twice = [one for one, count in collections.Counter(launched).items() if count != 1]
    check(not twice, f"launched more than once (trial, attempt): {twice}")
    for op in ("proposed", "ended"):
        count = collections.Counter(event["trial"] for event in events if event["op"] == op)
        check(all(count[trial] == 1 for trial in range(1, trials + 1)) and len(count) == trials, f"not one '{op}' for each trial: {count}")
    over = set()
    lost = {(event["trial"], event["attempt"]) for event in events if event["op"] == "interrupted"}
    for event in events:
        if event["op"] == "ended":
            over.add(event["trial"])
        elif event["op"] in ("launched", "started", "observed", "decision", "interrupted"):
            check(event["trial"] not in over, f"{event['op']} after the end of trial {event['trial']}, seq {event['seq']}")
        if event["op"] == "launched" and event["attempt"] > 1:
            before = (event["trial"], event["attempt"] - 1)
            check(before in lost, f"a new attempt although the one before was not lost: {event}")
    check(events[-1]["op"] == "study_ended", f"the last event is {events[-1]['op']}")
    count = collections.Counter(starts)
    twice = [one for one, number in count.items() if number != 1]
    check(not twice, f"the command was started more than once (trial, attempt): {twice}")
    check(set(starts) <= set(launched), f"started, but not in the journal: {set(starts) - set(launched)}")
    check({trial for trial, _ in starts} == set(range(1, trials + 1)), "not every trial was started")
    return len(lost)


def check_nothing_left(directory):
    until = time.monotonic() + PATIENCE_S
    left = processes_of(directory)
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = processes_of(directory)
    check(not left, f"processes are left: {left}")
    temporary = [path for pattern in ("*.new", "*.tmp") for path in glob.glob(f"{directory}/**/{pattern}", recursive=True)]
    check(not temporary, f"temporary files are left: {temporary}")


class Storm:
    def __init__(self, options, base):
        self.options = options
        self.base = base
        self.random = random.Random(options.seed)
        self.kills = 0
        self.resumes = 0
        self.lost = 0
        self.early = 0
        self.process = None
        with open(f"{base}/trial.sh", "w", encoding="utf-8") as file:
            file.write(TRIAL.format(sleep=options.step_seconds))
        with open(f"{base}/config.yaml", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(strategy=options.strategy, lookahead=options.lookahead, trials=options.trials))

    def start(self, words, name):
        environment = dict(os.environ, STARTS=f"{self.base}/{name}.starts")
        with open(f"{self.base}/{name}.err", "ab") as errors:
            self.process = subprocess.Popen([self.options.tune, *words, "--quiet"], cwd=self.base, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        return self.process

    def report(self, name):
        done = subprocess.run([self.options.tune, "report", f"{self.base}/{name}", "--format", "json"], stdout=subprocess.PIPE,
                              check=False, timeout=HANG_S)
        check(done.returncode == 0, f"tune report {name}: exit code {done.returncode}")
        return comparable(json.loads(done.stdout))

    def check_study(self, name):
        with open(f"{self.base}/{name}.starts", encoding="utf-8") as file:
            starts = [tuple(int(word) for word in line.split()) for line in file]
        check_nothing_left(f"{self.base}/{name}")
        return check_journal(read_journal(f"{self.base}/{name}"), starts, self.options.trials)

    def undisturbed(self):
        code = self.start(["run", "config.yaml", "--dir", f"{self.base}/calm"], "calm").wait(HANG_S)
        check(code == 0, f"the undisturbed run: exit code {code}")
        self.check_study("calm")
        return self.report("calm")

    def next_command(self, directory):
        """`tune resume` wants a study; before its first record is there, `run --resume` is the way."""
        try:
            with open(f"{directory}/journal.jsonl", "rb") as file:
                created = b"\n" in file.read(1 << 20)
        except OSError:
            created = False
        if created and self.random.random() < 0.7:
            return ["resume", directory]
        return ["run", "config.yaml", "--dir", directory, "--resume"]

    def round(self, name):
        """One study to its end, killed on its way."""
        directory = f"{self.base}/{name}"
        first = True
        while True:
            command = self.next_command(directory)
            self.resumes += not first
            self.early += not first and command[0] == "run" and not os.path.exists(f"{directory}/journal.jsonl")
            first = False
            process = self.start(command, name)
            if self.kills == self.options.kills:
                code = process.wait(HANG_S)
            else:
                # Half of the moments while it starts or takes over, half while it works.
                longest = self.options.longest_seconds if self.random.random() < 0.5 else 0.04
                try:
                    code = process.wait(self.random.uniform(0, longest))
                except subprocess.TimeoutExpired:
                    process.kill()
                    code = process.wait()
            if code == 0:
                break
            check(code == -9, f"tune ended by itself with exit code {code}; see {self.base}/{name}.err")
            self.kills += 1
        self.lost += self.check_study(name)

    def run(self):
        begun = time.monotonic()
        expected = self.undisturbed()
        calm_s = time.monotonic() - begun
        rounds = different = 0
        while self.kills < self.options.kills:
            rounds += 1
            before = self.kills
            self.round(f"storm{rounds}")
            found = list(differences(expected, self.report(f"storm{rounds}")))
            different += len(found)
            for line in found[:20]:
                print(f"storm{rounds}: {line}", file=sys.stderr)
            print(f"study {rounds}: {self.kills - before} kills, {len(found)} differences", flush=True)
        print(f"{self.kills} kills ({self.early} before there was a journal) and {self.resumes} resumes in {rounds} studies of {self.options.trials} trials; "
              f"{self.lost} attempts lost with tune, {different} differences; "
              f"{time.monotonic() - begun:.1f} s, undisturbed {calm_s:.1f} s; counts {expected['counts']}")
        check(different == 0, f"{different} differences")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tune", required=True, help="the program")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strategy", default="random")
    parser.add_argument("--lookahead", type=int, default=0, help="1: trials are proposed ahead")
    parser.add_argument("--step-seconds", type=float, default=0.02, help="how long one step of a trial takes")
    parser.add_argument("--longest-seconds", type=float, default=0.3, help="longest time between start and kill")
    options = parser.parse_args()
    options.tune = os.path.abspath(options.tune)
    base = os.path.realpath(tempfile.mkdtemp(prefix="tune-storm-"))
    storm = Storm(options, base)
    try:
        storm.run()
    except (Broken, subprocess.TimeoutExpired) as error:
        print(f"kill_storm: {error}\nkept for a look: {base}", file=sys.stderr)
        storm.process.kill()
        return 1
    shutil.rmtree(base)
    return 0


if __name__ == "__main__":
    sys.exit(main())
