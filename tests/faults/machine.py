#!/usr/bin/env python3
"""Faults of the machine around tune: its clock, its limits, its terminal.   machine.py --tune PROGRAM CASE"""

import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time

from fault_support import HANG_S, Skip, alive, check, config, equal, limit_processes, main, wait_until

HOUR_US = 3_600_000_000
FAULT_CODES = (5, 6)

WAITING = """\
echo "$TUNE_TRIAL_ID $TUNE_ATTEMPT" >> starts
trap '[ ! -e stubborn ] || echo told >> told; [ -e stubborn ] || exit 0' TERM
echo '@tune {"step": 1, "score": 1}'
while [ $TUNE_ATTEMPT -eq 1 ] && [ ! -e go ]; do sleep 0.02; done
echo '@tune {"step": 2, "score": 2}'
"""


def prepare(study, more="", limits="grace: 1h", **options):
    study.write("trial.sh", WAITING)
    study.write("c.yaml", config("[sh, trial.sh]", more=more, **options).replace("grace: 1h", limits))


def check_finished(study, attempts, trials=2):
    found = study.trials()
    equal([trial["status"] for trial in found], ["Completed"] * trials, "statuses")
    equal([trial["value"] for trial in found], [2.0] * trials, "values")
    equal([len(trial["attempts"]) for trial in found], attempts, "attempts")
    study.check_nothing_left()
    return found


class JumpingClock:
    """A wall clock that tune sees and we set (fake_clock.cpp)."""

    def __init__(self, study):
        library = os.path.join(os.path.dirname(study.tune), "libfake_clock.so")
        if not os.path.exists(library) or "TUNE_SANITIZED" in os.environ:
            raise Skip("libfake_clock.so cannot be used here")
        self.path = f"{study.base}/clock"
        self.environment = dict(os.environ, LD_PRELOAD=library, TUNE_FAKE_CLOCK=self.path)
        self.ahead(0)
        shown = subprocess.run(["date", "+%Y"], env=dict(self.environment, TZ="UTC"), stdout=subprocess.PIPE, check=False).stdout
        self.ahead(-100 * 366 * 24 * HOUR_US)
        if subprocess.run(["date", "+%Y"], env=dict(self.environment, TZ="UTC"), stdout=subprocess.PIPE, check=False).stdout == shown:
            raise Skip("the clock of programs cannot be changed here")
        self.ahead(0)

    def ahead(self, microseconds):
        with open(self.path, "wb") as file:
            file.write(struct.pack("q", microseconds))


class PassingTime:
    """A time that passes as we say, for tune (fake_clock.cpp), on a machine whose GPUs are the lines of a file (fake_nvml.cpp)."""

    def __init__(self, study, gpus):
        folder = os.path.dirname(study.tune)
        clock, nvml = (os.path.join(folder, name) for name in ("libfake_clock.so", "libfake_nvml.so"))
        if not os.path.exists(clock) or not os.path.exists(nvml) or "TUNE_SANITIZED" in os.environ:
            raise Skip("libfake_clock.so and libfake_nvml.so cannot be used here")
        self.study = study
        self.environment = dict(os.environ, LD_PRELOAD=clock, TUNE_FAKE_MONOTONIC=f"{study.base}/clock", TUNE_NVML_LIBRARY=nvml,
                                TUNE_FAKE_NVML=f"{study.base}/gpus")
        self.gpus(gpus)
        self.ahead(0)

    def replace(self, name, content):
        with open(f"{self.study.base}/{name}.next", "wb") as file:
            file.write(content)
        os.rename(f"{self.study.base}/{name}.next", f"{self.study.base}/{name}")

    def gpus(self, lines):
        self.replace("gpus", lines.encode())

    def ahead(self, minutes):
        self.replace("clock", struct.pack("q", minutes * HOUR_US // 60))


def all_gpus_lost(study):
    """One that comes back in time is used again; when none does for ten minutes the run ends, and resume goes on."""
    machine = PassingTime(study, "GPU-a 0\nGPU-b 0\n")
    study.write("trial.sh", "echo \"$TUNE_TRIAL_ID $CUDA_VISIBLE_DEVICES\" >> starts\n"
                            "while [ -e hold ] && ! [ -e \"over.$TUNE_TRIAL_ID\" ]; do sleep 0.02; done\n"
                            "echo '@tune {\"step\": 1, \"score\": 1}'\n")
    study.write("hold", "")
    study.write("c.yaml", config("[sh, trial.sh]", trials=4, more="resources: {gpus_per_trial: 1}\n"))
    tune = study.start("run", "c.yaml", "--dir", "study", env=machine.environment)
    wait_until(lambda: study.read("starts") == "1 0\n", "the first trial runs")
    machine.gpus("GPU-a -15\nGPU-b -15\n")
    study.write("over.1", "")
    wait_until(lambda: study.read("tune.err").count("no GPU is free; GPU 0 is out of order") == 1, "the next trial says what it waits for")
    machine.ahead(9)
    machine.gpus("GPU-a -15\nGPU-b 0\n")
    wait_until(lambda: "2 " in study.read("starts"), "the second trial runs")
    machine.gpus("GPU-a -15\nGPU-b -15\n")
    study.write("over.2", "")
    wait_until(lambda: study.read("tune.err").count("no GPU is free; GPU 0 is out of order") == 2, "the third trial waits")
    machine.ahead(9 + 11)
    equal(tune.wait(HANG_S), 6, "exit code")
    said = study.read("tune.err")
    check("fewer GPUs than a trial needs, 1, have been in order for 10 minutes: GPU 0 is out of order: it has fallen off the bus (NVML error 15); "
          "GPU 1 is out of order" in said, f"what it says: {said[-500:]}")
    study.check_nothing_left()
    os.remove(f"{study.base}/hold")
    machine.gpus("GPU-a 0\nGPU-b 0\n")
    equal(study.run("resume", "study", env=machine.environment)[0], 0, "exit code of resume")
    equal([trial["status"] for trial in study.trials()], ["Completed"] * 4, "statuses")
    equal([line.split()[0] for line in study.read("starts").splitlines()], ["1", "2", "3", "4"], "starts")


def no_process_for_long(study):
    """When for ten minutes nothing runs and no process can be started, the run ends, and resume goes on."""
    machine = PassingTime(study, "")
    join, raise_limit = limit_processes(study, 2)
    study.write("trial.sh", "echo $TUNE_TRIAL_ID $TUNE_ATTEMPT >> starts\necho '@tune {\"step\": 1, \"score\": 1}'\n")
    study.write("c.yaml", config("[sh, trial.sh]"))
    tune = study.start("run", "c.yaml", "--dir", "study", env=machine.environment, preexec_fn=join)
    wait_until(lambda: "no process can be started now" in study.read("tune.err"), "tune waits")
    machine.ahead(9)
    time.sleep(1)  # it has looked again
    check(tune.poll() is None, "tune waits for nine minutes")
    machine.ahead(11)
    equal(tune.wait(HANG_S), 6, "exit code")
    said = study.read("tune.err")
    check("no process could be started for 10 minutes: Resource temporarily unavailable" in said, f"what it says: {said[-500:]}")
    study.check_nothing_left()
    raise_limit()
    equal(study.run("resume", "study")[0], 0, "exit code of resume")
    equal([trial["status"] for trial in study.trials()], ["Completed"] * 2, "statuses")
    equal([line.split()[0] for line in study.read("starts").splitlines()], ["1", "2"], "starts")


def check_times(study, longest_s):
    report = study.report()
    for trial in report["trials"]:
        check(0 <= trial["training_seconds"] <= longest_s, f"seconds of trial {trial['trial']}: {trial['training_seconds']}")
    ledger = report["ledger"]
    for name, part in ledger.items():
        if isinstance(part, dict) and "seconds" in part:
            check(part["seconds"] is None or -1e-6 <= part["seconds"], f"{name}: {part}")
    check(ledger["away_seconds"] >= 0, f"away: {ledger['away_seconds']}")


def clock_jumps_while_running(study):
    """An hour ahead, an hour back, to 1970: no limit is reached by that, and no time is negative."""
    clock = JumpingClock(study)
    prepare(study, limits="grace: 1h, trial_runtime: 10m, stalled: 10m, max_runtime: 30m", trials=4)
    tune = study.start("run", "c.yaml", "--dir", "study", env=clock.environment)
    study.wait_for("observed")
    for jump in (HOUR_US, -HOUR_US, -500_000 * HOUR_US, 24 * HOUR_US, 0):
        clock.ahead(jump)
        before = len(study.events("observed"))
        study.write("go", "")
        wait_until(lambda: len(study.events("observed")) > before or tune.poll() is not None, "tune goes on")  # pylint: disable=cell-var-from-loop
    equal(tune.wait(HANG_S), 0, "exit code")
    check_finished(study, [1] * 4, 4)
    check_times(study, HANG_S)


def clock_jumps_between(study):
    """The clock is set while tune is dead: trials that run on are neither stopped for it nor forgotten."""
    clock = JumpingClock(study)
    for index, jump in enumerate((HOUR_US, -HOUR_US)):
        prepare(study, limits="grace: 1h, trial_runtime: 10m, stalled: 10m, max_runtime: 30m")
        clock.ahead(0)
        tune = study.start("run", "c.yaml", "--dir", "study", env=clock.environment)
        study.wait_for("observed")
        tune.kill()
        tune.wait()
        clock.ahead(jump)
        tune = study.start("resume", "study", env=clock.environment, name="resume")
        study.wait_for("owner_changed")
        wait_until(lambda: len(study.events("started")) >= 1, "the trial is adopted")
        study.write("go", "")
        equal(tune.wait(HANG_S), 0, f"exit code of resume ({study.read('resume.err')})")
        check_finished(study, [1, 1])
        check_times(study, HANG_S + 3600)
        os.rename(study.directory, f"{study.base}/done{index}")
        for name in ("go", "starts"):
            os.remove(f"{study.base}/{name}")


def few_descriptors(study):
    """With fewer and fewer file descriptors: tune does its work, or says what is wrong; then it goes on."""
    prepare(study)
    study.write("go", "")
    ended = {}
    for limit in range(4, 24):
        code, _, err = study.run("run", "c.yaml", "--dir", "study", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))  # pylint: disable=cell-var-from-loop
        ended[limit] = code
        if code == 127:
            continue  # its libraries could not be loaded
        check(code in (0, 2, 3, *FAULT_CODES), f"exit code with {limit} descriptors: {code} ({err})")
        check(code == 0 or "Too many open files" in err, f"a message with {limit} descriptors: {err}")
        if code == 3:  # enough for tune, and not for the supervisors: three attempts of each trial are lost
            equal({trial["failure_class"] for trial in study.trials()}, {"lost"}, f"failures with {limit} descriptors")
            shutil.rmtree(study.directory)
        code, _, err = study.run("run", "c.yaml", "--dir", "study", "--resume")
        equal(code, 0, f"exit code afterwards ({err})")
        check_finished(study, [len(trial["attempts"]) for trial in study.trials()])
        os.rename(study.directory, f"{study.base}/done{limit}")
    equal(ended[23], 0, f"with 23 descriptors it works: {ended}")


def hangup(study):
    """The terminal is closed: tune ends, its trials go on, `tune resume` takes them over."""
    prepare(study)
    tune = study.start("run", "c.yaml", "--dir", "study", start_new_session=True)
    study.wait_for("observed")
    child = study.pids(1, 1)[1]
    os.killpg(tune.pid, signal.SIGHUP)
    equal(tune.wait(HANG_S), -signal.SIGHUP, "how tune ended")
    check(alive(child), "the trial goes on")
    study.write("go", "")
    equal(study.run("resume", "study")[0], 0, "exit code of resume")
    check_finished(study, [1, 1])


def nobody_reads(study):
    """Standard output and error are pipes whose reader is gone: the study comes to its end all the same."""
    prepare(study)
    reader, writer = os.pipe()
    with subprocess.Popen([study.tune, "run", "c.yaml", "--dir", "study", "-v"], cwd=study.base, stdin=subprocess.DEVNULL, stdout=writer,
                          stderr=writer) as tune:
        study.running.append(tune)
        os.close(writer)
        study.wait_for("observed")
        os.close(reader)
        study.write("go", "")
        code = tune.wait(HANG_S)
    check(code in (0, 5), f"exit code {code}")
    check_finished(study, [1, 1])


def interrupted_thrice(study):
    """A trial that will not end, and somebody in a hurry."""
    prepare(study)
    study.write("stubborn", "")
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    shim, child = study.pids(1, 1)
    os.kill(shim, signal.SIGSTOP)  # so that not even the second signal can end the trial
    tune.send_signal(signal.SIGINT)
    wait_until(lambda: "once more kills them at once" in study.read("tune.err"), "the first interrupt is noticed")
    tune.send_signal(signal.SIGINT)
    for _ in range(100):
        if tune.poll() is not None:
            break
        tune.send_signal(signal.SIGINT)
        signal.sigtimedwait([], 0.05)
    equal(tune.wait(HANG_S), 130, "exit code")
    check(alive(child), "the trial was not reached")
    os.kill(shim, signal.SIGCONT)
    study.write("go", "")
    equal(study.run("resume", "study")[0], 0, "exit code of resume")
    check_finished(study, [len(study.trials()[0]["attempts"]), 1])


if __name__ == "__main__":
    sys.exit(main([clock_jumps_while_running, clock_jumps_between, all_gpus_lost, no_process_for_long, few_descriptors, hangup, nobody_reads, interrupted_thrice]))
