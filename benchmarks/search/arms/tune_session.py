"""`tune session`: our program itself, spoken to in JSON lines. Options are the strategy's; `strategy=sobol` takes another one."""

import contextlib
import functools
import hashlib
import json
import math
import os
import shutil
import subprocess
import tempfile

from .arm import Arm

# Where the program is, unless TUNE_BIN says otherwise; relative to the repository's root.
PROGRAM = "build/release/bin/tune"


def program():
    root = os.path.abspath(__file__)
    for _ in range(4):
        root = os.path.dirname(root)
    path = os.path.abspath(os.environ.get("TUNE_BIN") or os.path.join(root, PROGRAM))
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path}: no program there; build it, or set TUNE_BIN")
    return path


@functools.lru_cache(maxsize=1)
def program_version(path, changed):
    said = subprocess.run([path, "version"], capture_output=True, text=True, check=True).stdout.strip().splitlines()[0]
    with open(path, "rb") as file:
        return f"{said} sha256:{hashlib.sha256(file.read()).hexdigest()[:12]}"


def scratch():
    """A folder in memory where there is one: a sync to disk is no part of the comparison."""
    return tempfile.mkdtemp(prefix="tune-search-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)


class Session:
    """One `tune session` process. `more` goes into the config, `options` onto the command line."""

    def __init__(self, parameters, goal, strategy, max_trials, max_parallel, more=None, options=()):
        self.folder = scratch()
        path = os.path.join(self.folder, "config.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"name": "benchmark", "objective": {"metric": "value", "goal": goal}, "parameters": parameters,
                       "strategy": strategy, "limits": {"max_trials": max_trials, "max_parallel": max_parallel,
                                                        "max_failures": 1000000}, **(more or {})}, file)
        with open(os.path.join(self.folder, "stderr"), "w", encoding="utf-8") as errors:
            self.process = subprocess.Popen([program(), "session", path, "--dir", os.path.join(self.folder, "study"), *options],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                                            env={**os.environ, "OMP_NUM_THREADS": "1"})

    def call(self, **request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"error": "the session has ended"}
        if "error" in answer:
            with open(os.path.join(self.folder, "stderr"), encoding="utf-8") as errors:
                raise RuntimeError(f"tune session: {json.dumps(request)[:200]}: {answer['error']}\n{errors.read()[-2000:]}")
        return answer

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class TuneSession(Arm):
    """Its processor time is that of the whole process, start included."""

    takes_options = True

    @staticmethod
    def version():
        path = program()
        return program_version(path, os.stat(path).st_mtime_ns)

    def begin(self):
        options = dict(self.options)
        strategy = {"name": options.pop("strategy", "bayesian"), "seed": self.seed, **options}
        self.session = Session(self.problem.parameters, self.problem.goal, strategy, self.problem.evaluations, max(1, self.pending))

    def propose(self):
        answer = self.session.call(ask=1)
        if "trial" in answer:
            return answer["trial"], answer["parameters"]
        if answer.get("exhausted"):
            return None, None
        raise RuntimeError(f"tune session: asked for a trial, answered {answer}")

    def learn(self, handle, value):
        self.session.call(tell=handle, value="NaN" if math.isnan(value) else value)

    def cpu_seconds(self):
        return self.session.cpu_seconds()

    def close(self):
        self.session.close()
