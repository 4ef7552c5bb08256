#!/usr/bin/env python3
"""Trials that take all they can get: processes, log, lines without end.   hostile_trials.py --tune PROGRAM CASE"""

import os
import sys

from fault_support import HANG_S, check, config, equal, limit_processes, main, resident_peak_kb, wait_until

MEMORY_LIMIT_KB = 100 << 10
FLOOD_BYTES = 300 << 20
CHILDREN = 1000

# Trial 1 writes as fast as it can, until the other one is done; trial 2 takes a step only when the one before is known.
FLOOD = """\
import os, sys, time
if os.environ["TUNE_TRIAL_ID"] == "1":
    print('@tune {"step": 1, "score": 1}', flush=True)
    chunk = CHUNK
    written = 0
    while not os.path.exists("done") and written < LIMIT:
        written += os.write(1, chunk)
    while not os.path.exists("done"):
        time.sleep(0.01)
    os.write(1, b'\\n@tune {"step": 2, "score": 5}\\n')
else:
    for step in range(1, 9):
        print('@tune {"step": %d, "score": %d}' % (step, step), flush=True)
        while not any('"trial":2,' in line and '"step":%d,' % step in line for line in open("study/journal.jsonl") if '"op":"observed"' in line):
            time.sleep(0.01)
    open("done", "w").close()
"""

FORKS = """\
import os, signal, sys, time
if os.environ["TUNE_TRIAL_ID"] == "1":
    print('@tune {"step": 1, "score": 1}', flush=True)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    made = 0
    while made < CHILDREN:
        try:
            if os.fork() == 0:
                FORKED
                time.sleep(3600)
            made += 1
        except OSError:
            break
    open("made", "w").write(str(made))
    time.sleep(3600)
while not os.path.exists("made"):
    time.sleep(0.02)
print('@tune {"step": 1, "score": 2}', flush=True)
"""


def flood(study, chunk):
    study.write("trial.py", FLOOD.replace("CHUNK", chunk).replace("LIMIT", str(FLOOD_BYTES)))
    study.write("c.yaml", config("[python3, trial.py]", parallel=2))
    tune = study.start("run", "c.yaml", "--dir", "study")
    wait_until(lambda: study.read("done") == "" and os.path.exists(f"{study.base}/done"), "the other trial's values are seen")
    peak = resident_peak_kb(tune.pid)
    check(peak < MEMORY_LIMIT_KB or "TUNE_SANITIZED" in os.environ, f"tune used {peak} KB, allowed are {MEMORY_LIMIT_KB}")
    equal(tune.wait(HANG_S), 0, "exit code")
    trials = study.trials()
    equal([(trial["status"], trial["value"]) for trial in trials], [("Completed", 5.0), ("Completed", 8.0)], "the two trials")
    report = study.run("report", "study", name="text")[1]
    check("\0" not in report and "\x1b" not in report, "the report holds no bytes of the log")
    study.check_nothing_left()


def garbage(study):
    """Bytes of every kind, as fast as they come: no UTF-8, NUL, escapes, carriage returns, almost-reports."""
    flood(study, r"""(bytes(range(256)) * 64 + b'\r\x1b[2J@tune {"step": 1e999, "score": \n@tune {"score": [1]}\n' + os.urandom(65536)).replace(b'@tune {"step"', b'@tune {"st"')""")


def endless_line(study):
    """Hundreds of megabytes without the end of a line."""
    flood(study, "b'x' * (1 << 20)")


def log_limited(study):
    """A trial that prints without end, in a shell that bounds its files, as docs/trial-contract.md says."""
    endless = 'import os\nif os.environ["TUNE_TRIAL_ID"] == "1":\n    while True:\n        print("all work and no play", flush=True)\n'
    study.write("trial.py", endless + "print('@tune {\"step\": 1, \"score\": 2}', flush=True)\n")
    study.write("c.yaml", config("""[sh, -c, 'ulimit -f 200; exec "$@"', sh, python3, trial.py]""", parallel=2))
    equal(study.run("run", "c.yaml", "--dir", "study")[0], 0, "exit code")
    equal([trial["status"] for trial in study.trials()], ["Failed", "Completed"], "statuses")
    size = os.path.getsize(os.path.join(study.directory, "trials/0001/1/log"))
    check(0 < size <= 200 * 1024, f"its log has {size} bytes")
    study.check_nothing_left()


def stop_first(study, tune):
    """tune answers, and ends the trial with everything it has started; the other one completes."""
    equal(study.run("status", "study", name="status")[0], 0, "exit code of tune status beside them")
    equal(study.run("stop", "study", "1", name="stop")[0], 0, "exit code of tune stop")
    equal(tune.wait(HANG_S), 0, "exit code")
    trials = study.trials()
    equal([(trial["status"], trial["stop_reason"]) for trial in trials], [("Stopped", "user"), ("Completed", None)], "the two trials")
    equal([len(trial["attempts"]) for trial in trials], [1, 1], "attempts")
    study.check_nothing_left()


def many_children(study):
    """A thousand children, each in a session of its own, that ignore SIGTERM."""
    study.write("trial.py", FORKS.replace("CHILDREN", str(CHILDREN)).replace("FORKED", "os.setsid()"))
    study.write("c.yaml", config("[python3, trial.py]", parallel=2).replace("grace: 1h", "grace: 1s"))
    tune = study.start("run", "c.yaml", "--dir", "study")
    wait_until(lambda: study.read("made"), "the children are there")
    stop_first(study, tune)


def fork_bomb(study):
    """Children that fork until there is no process left to have: tune ends the trial and starts the next one."""
    join, _ = limit_processes(study, 300)
    study.write("trial.py", FORKS.replace("CHILDREN", "100000").replace("FORKED", "pass"))
    study.write("c.yaml", config("[python3, trial.py]").replace("grace: 1h", "grace: 1s"))
    tune = study.start("run", "c.yaml", "--dir", "study", preexec_fn=join)
    wait_until(lambda: study.read("made"), "no process is left")
    check(int(study.read("made")) < 300, "the limit holds")
    stop_first(study, tune)


def process_table_full(study):
    """No process can be started: tune says so and waits; when there is room again, the trials run, each once."""
    join, raise_limit = limit_processes(study, 2)
    study.write("trial.sh", "echo $TUNE_TRIAL_ID $TUNE_ATTEMPT >> starts\necho '@tune {\"step\": 1, \"score\": 1}'\n")
    study.write("c.yaml", config("[sh, trial.sh]"))
    tune = study.start("run", "c.yaml", "--dir", "study", preexec_fn=join)
    wait_until(lambda: "no process can be started now" in study.read("tune.err") or study.events("started"), "tune notices")
    check(tune.poll() is None and not study.read("starts"), "nothing has run and nothing has ended")
    raise_limit()
    equal(tune.wait(HANG_S), 0, f"exit code ({study.read('tune.err')})")
    equal(study.read("starts"), "1 1\n2 1\n", "starts")
    equal([trial["status"] for trial in study.trials()], ["Completed"] * 2, "statuses")
    study.check_nothing_left()


if __name__ == "__main__":
    sys.exit(main([garbage, endless_line, log_limited, many_children, fork_bomb, process_table_full]))
