#!/usr/bin/env python3
"""The kernel kills a trial because memory has run out.   memory.py --tune PROGRAM CASE"""

import os
import sys
import time

from fault_support import Skip, config, equal, main

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


if __name__ == "__main__":
    sys.exit(main([oom_killed]))
