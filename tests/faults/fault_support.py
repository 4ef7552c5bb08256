"""What the fault tests share: a study in a directory of its own, driven through the program. Python 3.8 and nothing else."""

import argparse
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
# Longest wait for something that must happen, seconds; whoever waits that long fails. Longer than the minute for which a supervisor
# goes on trying to start a command (kLaunchTries).
HANG_S = 120.0


class Broken(Exception):
    """Something that must hold did not."""


class Skip(Exception):
    """What the case needs is not there."""


def check(holds, message):
    if not holds:
        raise Broken(message)


def equal(got, expected, what):
    check(got == expected, f"{what}: expected {expected!r}, got {got!r}")


def wait_until(condition, what):
    until = time.monotonic() + HANG_S
    while not condition():
        check(time.monotonic() < until, f"it never came to this: {what}")
        time.sleep(0.01)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def resident_peak_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def limit_processes(study, most):
    """A control group with at most so many processes. What a process does to join it, and what raises the limit."""
    for root in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        group = f"{root}/{os.path.basename(study.base)}"
        try:
            os.mkdir(group)
        except OSError:
            continue
        if os.path.exists(f"{group}/pids.max"):
            break
        os.rmdir(group)
    else:
        raise Skip("no control group for processes can be made here")

    def write(name, text):
        with open(f"{group}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def remove():
        wait_until(lambda: not open(f"{group}/cgroup.procs", encoding="utf-8").read(), "the group is empty")  # pylint: disable=consider-using-with
        os.rmdir(group)

    write("pids.max", str(most))
    study.cleanup.append(remove)
    return (lambda: write("cgroup.procs", str(os.getpid()))), (lambda: write("pids.max", "max"))


def processes_of(marker):
    """Command lines of all processes whose command line or environment holds `marker`, but this one and the one above it."""
    found = {}
    for entry in glob.glob("/proc/[0-9]*"):
        pid = int(os.path.basename(entry))
        if pid in (os.getpid(), os.getppid()):
            continue
        try:
            with open(entry + "/cmdline", "rb") as file:
                words = file.read()
            with open(entry + "/environ", "rb") as file:
                environment = file.read()
        except OSError:
            continue
        if marker.encode() in words or marker.encode() in environment:
            found[pid] = words.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def kill_all_of(marker):
    for pid in processes_of(marker):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def check_nothing_left(directory, kept=()):
    """Neither processes of the study nor files that were to be renamed, but those `kept`."""
    wait_until(lambda: not processes_of(directory), f"no process is left: {processes_of(directory)}")
    temporary = [path for pattern in ("*.new", "*.tmp") for path in glob.glob(f"{directory}/**/{pattern}", recursive=True) if path not in kept]
    check(not temporary, f"temporary files are left: {temporary}")


class Study:
    """A directory of its own with a config, the trials' program and the study's directory `study` in it."""

    def __init__(self, tune):
        self.tune = tune
        self.base = os.path.realpath(tempfile.mkdtemp(prefix="tune-fault-"))
        self.directory = f"{self.base}/study"
        self.running = []
        self.cleanup = []

    def write(self, name, text):
        with open(f"{self.base}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        try:
            with open(f"{self.base}/{name}", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def start(self, *words, before=(), name="tune", **options):
        """tune in the background; its stderr goes to NAME.err."""
        options.setdefault("cwd", self.base)
        with open(f"{self.base}/{name}.out", "wb") as out, open(f"{self.base}/{name}.err", "wb") as err:
            process = subprocess.Popen([*before, self.tune, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=err, **options)
        self.running.append(process)
        return process

    def run(self, *words, **options):
        """Exit code, stdout, stderr."""
        name = options.setdefault("name", "run")
        code = self.start(*words, **options).wait(HANG_S)
        return code, self.read(f"{name}.out"), self.read(f"{name}.err")

    def report(self):
        code, out, err = self.run("report", self.directory, "--format", "json", name="report")
        equal(code, 0, f"exit code of tune report ({err})")
        return json.loads(out)

    def trials(self):
        return self.report()["trials"]

    def events(self, op=None):
        found = []
        for line in self.read("study/journal.jsonl").split("\n")[:-1]:
            event = json.loads(line)
            if op is None or event["op"] == op:
                found.append(event)
        return found

    def wait_for(self, op, count=1):
        wait_until(lambda: len(self.events(op)) >= count, f"{count} x {op} in the journal")

    def pids_in(self, folder):
        """Of a supervisor that works there, and of its command."""
        record = json.loads(self.read(f"{folder}/pid"))
        return record["shim"], record["child"]

    def pids(self, trial, attempt):
        return self.pids_in(f"study/trials/{trial:04}/{attempt}")

    def forget(self):
        """Makes room for another run of the same config; what the trials wrote is gone too."""
        for name in os.listdir(self.base):
            if name not in ("c.yaml", "trial.py", "trial.sh"):
                path = f"{self.base}/{name}"
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def check_nothing_left(self):
        check_nothing_left(self.directory)

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
        kill_all_of(self.base)
        for undo in reversed(self.cleanup):
            undo()
        shutil.rmtree(self.base, ignore_errors=True)


def config(command, trials=2, parallel=1, more=""):
    return (f"name: faults\nobjective: {{metric: score, goal: maximize}}\nparameters:\n  x: {{type: int, min: 1, max: 1000}}\n"
            f"strategy: {{name: random, seed: 7}}\nlimits: {{max_trials: {trials}, max_parallel: {parallel}, grace: 1h}}\n"
            f"command: {command}\n{more}")


def main(cases):
    """Runs one case by name. Exit code: 0 held, 1 not, 77 skipped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tune", required=True)
    parser.add_argument("case", choices=sorted(case.__name__ for case in cases))
    options = parser.parse_args()
    study = Study(os.path.abspath(options.tune))
    try:
        next(case for case in cases if case.__name__ == options.case)(study)
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except (Broken, subprocess.TimeoutExpired) as error:
        print(f"{options.case}: {error}", file=sys.stderr)
        for name in sorted(glob.glob(f"{study.base}/*.err")):
            print(f"{os.path.basename(name)}: {study.read(os.path.basename(name))[-2000:]}", file=sys.stderr)
        return 1
    finally:
        study.close()
    return 0
