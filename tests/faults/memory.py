#!/usr/bin/env python3
"""The kernel kills a trial because memory has run out.   memory.py --tune PROGRAM CASE"""

import os
import signal
import subprocess
import sys
import time

from fault_support import HANG_S, Skip, config, equal, main, wait_until

LIMIT_BYTES = 64 << 20
# One trial fits, the other does not; each joins the limited group by itself.
TRIAL = """\
import os, sys
open(sys.argv[2], "w").write(str(os.getpid()))
held = bytearray(int(sys.argv[1]) << 20)
for at in range(0, len(held), 4096):
    held[at] = 1
print('@tune {"step": 1, "score": 1}', flush=True)
"""


def limited_group(study):
    """The file that puts a process into a control group with little memory."""
    name = f"tune-test-{os.getpid()}"
    for parent, limits in (("/sys/fs/cgroup/memory", ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]),
                           ("/sys/fs/cgroup", ["memory.max", "memory.swap.max"])):
        group = f"{parent}/{name}"
        try:
            os.mkdir(group)
        except OSError:
            continue
        study.cleanup.append(lambda group=group: remove(group))
        try:
            with open(f"{group}/{limits[0]}", "w", encoding="ascii") as file:
                file.write(str(LIMIT_BYTES))
        except OSError:
            continue
        try:
            with open(f"{group}/{limits[1]}", "w", encoding="ascii") as file:
                file.write(str(LIMIT_BYTES if "memsw" in limits[1] else 0))
        except OSError:
            pass  # a kernel that does not count swap
        return f"{group}/cgroup.procs"
    raise Skip("no control group for memory can be made here")


def remove(group):
    for _ in range(100):
        try:
            return os.rmdir(group)
        except OSError:
            time.sleep(0.05)
    return None


def oom_killed(study):
    procs = limited_group(study)
    study.write("trial.py", TRIAL)
    study.write("c.yaml", config(f"[python3, trial.py, '{{x}}', {procs}]", trials=2).replace("{type: int, min: 1, max: 1000}",
                                                                                        "{type: categorical, values: [8, 200]}")
                .replace("strategy: {name: random, seed: 7}", "strategy: grid"))
    code, _, err = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 0, f"exit code ({err})")
    outcomes = {trial["parameters"]["x"]: (trial["status"], trial["failure_class"], len(trial["attempts"])) for trial in study.trials()}
    equal(outcomes, {8: ("Completed", None, 1), 200: ("Failed", "oom", 1)}, "outcomes")
    study.check_nothing_left()


def in_group(procs):
    """What comes before a command that is to run in the group."""
    return ["sh", "-c", 'echo $$ > "$0"; exec "$@"', procs]


def someone_else_oom_killed(study):
    """The kernel kills another process of the same group, and later somebody the trial: that is no want of memory. Then a trial of
    that group takes too much."""
    if "TUNE_SANITIZED" in os.environ:
        raise Skip("tune fills most of the group by itself under a sanitizer")
    procs = limited_group(study)
    # The first trial waits to be killed; the second takes more than there is.
    study.write("trial.py", "import os, sys, time\n"
                            "sys.argv[2] = os.devnull\n"
                            "if sys.argv[1] == '8':\n"
                            "    print('@tune {\"step\": 1, \"score\": 1}', flush=True)\n"
                            "    time.sleep(1000)\n" + TRIAL)
    study.write("hog.py", "import os\nopen('/proc/self/oom_score_adj', 'w').write('1000')\nheld = bytearray(200 << 20)\n"
                          "for at in range(0, len(held), 4096): held[at] = 1\n")
    study.write("c.yaml", config("[python3, trial.py, '{x}', none]", trials=2).replace("{type: int, min: 1, max: 1000}",
                                                                                     "{type: categorical, values: [8, 200]}")
                .replace("strategy: {name: random, seed: 7}", "strategy: grid"))
    tune = study.start("run", "c.yaml", "--dir", "study", before=in_group(procs))
    study.wait_for("observed")
    hog = subprocess.run([*in_group(procs), sys.executable, f"{study.base}/hog.py"], check=False, timeout=HANG_S)
    equal(hog.returncode, -signal.SIGKILL, "how the other process ended")
    os.kill(study.pids(1, 1)[1], signal.SIGKILL)
    wait_until(lambda: tune.poll() is not None, "the study ends")
    outcomes = [(trial["status"], trial["failure_class"], len(trial["attempts"])) for trial in study.trials()]
    equal(outcomes, [("Failed", "signal", 1), ("Failed", "oom", 1)], "outcomes")
    study.check_nothing_left()


if __name__ == "__main__":
    sys.exit(main([oom_killed, someone_else_oom_killed]))
