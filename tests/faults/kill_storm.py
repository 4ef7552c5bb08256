#!/usr/bin/env python3
"""Kills `tune` with SIGKILL at random moments of a study, again and again, and checks that nothing was lost and nothing done twice.

    tests/faults/kill_storm.py --tune build/release/bin/tune --kills 5000 --jobs 4
    tests/faults/kill_storm.py --tune build/release/bin/tune --kills 200 --strategy bayesian --seed 3

A study of 60 quick trials (deterministic, median rule, a health rule that warns, four at a time) runs once undisturbed. Then the same study runs with `kill -9` of
`tune` at moments drawn from --seed, gone on with by `tune resume DIR` or `tune run CONFIG --dir DIR --resume`, until it has ended; more
studies follow until --kills kills have been made. Checked after each:

  * the JSON report equals the undisturbed one but for times, hosts, process ids and attempts;
  * the journal launches each attempt once, ends each trial once, and has no gap;
  * no attempt's command was started twice, and none that the journal had not launched before (a line the trial itself appends);
  * a trial has a second attempt only where the journal says that the one before was lost;
  * no process of the study is left, and no temporary file.

Exit code: 0 all held, 1 something did not (said on stderr, the directory is kept), 2 usage. Needs Python 3.8, Linux, nothing else.
"""

import argparse
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from fault_support import HANG_S, Broken, check, check_nothing_left
from oracle import check_journal, comparable, differences, has_record, read_journal, read_starts

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

class Storm:
    """Studies one after the other, killed on their way. Several storms may run beside each other."""

    def __init__(self, options, base, number, kills):
        self.options = options
        self.base = f"{base}/{number}"
        self.random = random.Random(f"{options.seed}, {number}")
        self.most_kills = kills
        self.kills = 0
        self.studies = 0
        self.resumes = 0
        self.lost = 0
        self.early = 0
        self.different = 0
        self.process = None
        os.mkdir(self.base)
        with open(f"{self.base}/trial.sh", "w", encoding="utf-8") as file:
            file.write(TRIAL.format(sleep=options.step_seconds))
        with open(f"{self.base}/config.yaml", "w", encoding="utf-8") as file:
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
        check_nothing_left(f"{self.base}/{name}")
        return check_journal(read_journal(f"{self.base}/{name}"), read_starts(f"{self.base}/{name}.starts"), self.options.trials)

    def undisturbed(self):
        code = self.start(["run", "config.yaml", "--dir", f"{self.base}/calm"], "calm").wait(HANG_S)
        check(code == 0, f"the undisturbed run: exit code {code}")
        self.check_study("calm")
        return self.report("calm")

    def next_command(self, directory):
        """`tune resume` wants a study; before its first record is there, `run --resume` is the way."""
        if has_record(directory) and self.random.random() < 0.7:
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
            if self.kills == self.most_kills:
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

    def run(self, expected):
        try:
            while self.kills < self.most_kills:
                self.studies += 1
                before = self.kills
                name = f"storm{self.studies}"
                self.round(name)
                found = list(differences(expected, self.report(name)))
                self.different += len(found)
                for line in found[:20]:
                    print(f"{self.base}/{name}: {line}", file=sys.stderr)
                if not found:
                    shutil.rmtree(f"{self.base}/{name}")
                print(f"study {os.path.basename(self.base)}.{self.studies}: {self.kills - before} kills, {len(found)} differences", flush=True)
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()


def storm(options, base):
    begun = time.monotonic()
    expected = Storm(options, base, 0, 0).undisturbed()
    calm_s = time.monotonic() - begun
    shares = [options.kills // options.jobs + (job < options.kills % options.jobs) for job in range(options.jobs)]
    storms = [Storm(options, base, number, kills) for number, kills in enumerate(shares, 1) if kills > 0]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done in [pool.submit(one.run, expected) for one in storms]:
            done.result()

    def total(what):
        return sum(getattr(one, what) for one in storms)

    print(f"{total('kills')} kills ({total('early')} before there was a journal) and {total('resumes')} resumes in {total('studies')} studies of "
          f"{options.trials} trials; {total('lost')} attempts lost with tune, {total('different')} differences; "
          f"{time.monotonic() - begun:.1f} s, undisturbed {calm_s:.1f} s; counts {expected['counts']}")
    check(total("different") == 0, f"{total('different')} differences")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tune", required=True, help="the program")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1, help="storms beside each other, each with its share of the kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strategy", default="random")
    parser.add_argument("--lookahead", type=int, default=0, help="1: trials are proposed ahead")
    parser.add_argument("--step-seconds", type=float, default=0.02, help="how long one step of a trial takes")
    parser.add_argument("--longest-seconds", type=float, default=0.3, help="longest time between start and kill")
    options = parser.parse_args()
    options.tune = os.path.abspath(options.tune)
    base = os.path.realpath(tempfile.mkdtemp(prefix="tune-storm-"))
    try:
        storm(options, base)
    except (Broken, subprocess.TimeoutExpired) as error:
        print(f"kill_storm: {error}\nkept for a look: {base}", file=sys.stderr)
        return 1
    shutil.rmtree(base)
    return 0


if __name__ == "__main__":
    sys.exit(main())
