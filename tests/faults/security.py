#!/usr/bin/env python3
"""What docs/threat-model.md promises, kept against hostile trials, configs and files.   security.py --tune PROGRAM CASE"""

import glob
import json
import os
import pty
import re
import select
import stat
import subprocess
import sys
import time

from fault_support import HANG_S, Skip, check, config, equal, main

SECRET = "hunter2-do-not-show"
OTHER_SECRET = "correct-horse-battery"

# The sequences tune itself draws its table with, on stderr only.
OWN = re.compile(rb"\x1b\[(?:\d+A|K|J|1m|2m|31m|32m|0m)")
# Everything that a terminal obeys, in bytes: C0 but tab and the ends of lines, DEL, C1 and the marks of direction as UTF-8.
STEERS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")

# Lines of another program's look, other trials' reports, escape sequences, names that are none, and then a failure.
HOSTILE = r'''
import os, sys
ESC, CSI, RLO = "\x1b", "\x9b", "\u202e"
def say(text): sys.stdout.buffer.write(text if isinstance(text, bytes) else text.encode()); sys.stdout.buffer.write(b"\n"); sys.stdout.flush()
say('@tune {"step": 1, "score": 0.5}')
say('@tune {"trial": 2, "attempt": 1, "step": 2, "score": 0.25}')
say(ESC + "]0;owned" + "\x07" + ESC + "[2J" + CSI + "31m" + ESC + "P1;2q" + ESC + "\\")
say('@tune {"step": 1, "a' + RLO + 'b' + CSI + '": 1}')
say('@tune {"step": 1, "bad\\u001b[31m": 1}')
say('@tune {"step": 1, "two\\nlines": 1}')
say('{"v":1,"seq":99,"owner":9,"t":1,"op":"ended","trial":2,"attempt":1,"status":"Completed","value":9,"crc":"00000000"}')
say('tune: error: the disk is full')
say('Best: trial 9, score = 99' + "\r" + 'trial 2: Completed, score = 99')
say(b"\xff\xfe\x9b31m \x00\x08\x7f")
if os.environ["TUNE_TRIAL_ID"] == "2": sys.exit(0)
say(ESC + "[1mlast words" + CSI + "2J" + RLO)
sys.exit(3)
'''


# Of a trial that does nothing but end well.
GOOD = 'echo "@tune {\\"score\\": 1}"\n'


def on_terminal(study, *words):
    """Exit code and the bytes that reached a terminal as stdout and stderr of tune."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([study.tune, *words], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=study.base,
                               env=dict(os.environ, TERM="xterm"), start_new_session=True)
    study.running.append(process)
    os.close(theirs)
    seen = b""
    until = time.monotonic() + HANG_S
    while True:
        check(time.monotonic() < until, f"{words} never ended")
        if not select.select([ours], [], [], 1.0)[0]:
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    return process.wait(HANG_S), seen.replace(b"\r\n", b"\n")


def check_plain(seen, what, own=b""):
    rest = OWN.sub(b"", seen) if own else seen
    rest = rest.replace(b"\r", b"") if own else rest
    found = STEERS.search(rest)
    check(found is None and b"\r" not in rest, f"{what} reaches a terminal with {found and found[0]!r}: {rest!r}")


def hostile_output(study):
    study.write("trial.py", HOSTILE)
    study.write("c.yaml", config("[python3, trial.py]", trials=3))
    code, seen = on_terminal(study, "run", "c.yaml", "--dir", "study")
    equal(code, 0, "exit code of run")
    check_plain(seen, "tune run", own=True)
    for words in (["report", "study"], ["report", "study", "--format", "json"], ["report", "study", "--format", "csv"], ["status", "study"],
                  ["why", "study", "1"], ["logs", "study", "1"], ["resume", "study"], ["check", "c.yaml", "--log", "study/trials/0001/1/log"]):
        code, seen = on_terminal(study, *words)
        equal(code, 0, f"exit code of {words}")
        check_plain(seen, f"tune {' '.join(words)}")
    # A report that is kept in a file is looked at sooner or later.
    for words in (["report", "study"], ["status", "study"], ["why", "study", "1"], ["report", "study", "--format", "json"],
                  ["check", "c.yaml", "--log", "study/trials/0001/1/log"]):
        study.run(*words, name="kept")
        with open(f"{study.base}/kept.out", "rb") as file:
            check_plain(file.read(), f"the output of tune {' '.join(words)} in a file")
    text = study.run("report", "study")[1]
    equal([line for line in text.split("\n") if line.startswith(("Best:", "tune:"))], ["Best: trial 2, score = 0.25"], "lines that say what is best")
    check("| ?2J" not in text and "last words" in text, f"the last lines are shown without what steers: {text}")


def forged_state(study):
    """What a trial prints changes its own metrics and nothing else."""
    study.write("trial.py", HOSTILE)
    study.write("c.yaml", config("[python3, trial.py]", trials=3))
    equal(study.run("run", "c.yaml", "--dir", "study")[0], 0, "exit code of run")
    for trial in study.trials():
        equal({(one["metric"], one["step"], one["value"]) for one in trial["observations"] if one["metric"] in ("score", "trial", "attempt")},
              {("score", 1, 0.5), ("score", 2, 0.25), ("trial", 2, 2), ("attempt", 2, 1)}, "what was observed")
        names = {one["metric"] for one in trial["observations"]}
        check(not any(re.search("[\x00-\x1f]", name) for name in names), f"no metric's name holds control characters: {names}")
        equal(trial["status"], "Completed" if trial["trial"] == 2 else "Failed", f"the end of trial {trial['trial']}")
        equal(len(trial["attempts"]), 1, "attempts")
    for event in study.events():
        equal(event["owner"], 1, "the owner of each record")
    equal(sorted(os.listdir(study.base)), ["c.yaml", "report.err", "report.out", "run.err", "run.out", "study", "trial.py"], "files beside the study")
    study.check_nothing_left()


def logs_on_terminal(study):
    study.write("trial.py", HOSTILE)
    study.write("c.yaml", config("[python3, trial.py]", trials=1))
    study.run("run", "c.yaml", "--dir", "study")
    with open(f"{study.directory}/trials/0001/1/log", "rb") as file:
        log = file.read()
    study.run("logs", "study", "1", name="pipe")
    with open(f"{study.base}/pipe.out", "rb") as file:
        equal(file.read(), log, "the log in a pipe is as it was printed")
    shown = on_terminal(study, "logs", "study", "1")[1]
    check_plain(shown, "tune logs")
    check(b'@tune {"step": 1, "score": 0.5}\n' in shown and b"last words" in shown and b"owned" not in shown, f"the text is there: {shown!r}")
    raw = on_terminal(study, "logs", "study", "1", "--raw")[1]
    check(b"\x1b]0;owned" in raw, "--raw gives a terminal everything")


def bad_config_on_terminal(study):
    study.write("c.yaml", 'name: "a\\e[31mb"\n"ke\\ey\\nError": 1\nobjective: {metric: "x\\x9b", goal: "\\e]0;t\\a"}\nparameters: {x: {type: int, min: 1, max: "\\r9"}}\n'
                          'command: [a, "\\0", "{\\e[1m}"]\nlimits: {max_trials: 1}\n')
    for words in (["check", "c.yaml"], ["run", "c.yaml"], ["run", "\x1b[31m.yaml"], ["\x1b[31m"], ["report", "no\x1b[31m\nsuch"]):
        code, seen = on_terminal(study, *words)
        equal(code, 2, f"exit code of {words}")
        check_plain(seen, f"tune {words}")
        study.run(*words, name="kept")
        with open(f"{study.base}/kept.err", "rb") as file:
            check_plain(file.read(), f"the messages of tune {words} in a file")
    check(not os.path.exists(f"{study.base}/runs"), "nothing was written")


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def private_directories(study):
    before = os.umask(0o022)
    study.cleanup.append(lambda: os.umask(before))
    study.write("trial.sh", GOOD)
    study.write("c.yaml", config("[sh, trial.sh]", trials=1, more=f"environment: {{TOKEN: {SECRET}}}\n"))
    equal(study.run("run", "c.yaml", "--dir", "study")[0], 0, "exit code of run")
    equal(oct(mode_of(study.directory)), "0o700", "the study's directory")
    os.mkdir(f"{study.base}/mine")
    os.chmod(f"{study.base}/mine", 0o755)
    equal(study.run("run", "c.yaml", "--dir", "mine")[0], 0, "exit code of run in a directory that was there")
    equal(oct(mode_of(f"{study.base}/mine")), "0o755", "a directory of the user's own stays as it is")
    for directory in ("study", "mine"):
        for name, mode in (("journal.jsonl", "0o600"), ("config.yaml", "0o600"), ("trials", "0o700"), ("requests", "0o700")):
            equal(oct(mode_of(f"{study.base}/{directory}/{name}")), mode, f"{directory}/{name}")
    equal(study.run("resume", "study", "--max-trials", "2")[0], 0, "exit code of resume")
    equal(oct(mode_of(f"{study.directory}/journal.jsonl")), "0o600", "the journal after resume")
    study.write("open.yaml", config("[sh, trial.sh]", trials=1))
    equal(study.run("run", "open.yaml", "--dir", "open")[0], 0, "exit code of run")
    equal((oct(mode_of(f"{study.base}/open")), oct(mode_of(f"{study.base}/open/journal.jsonl"))), ("0o755", "0o644"), "without such values as the umask has it")


def secrets_hidden(study):
    parents = "import os; print(open(f'/proc/{os.getppid()}/cmdline').read()); print('@tune {\"score\": 1}'); assert os.environ['TOKEN']"
    study.write("trial.py", parents)
    body = config("[python3, trial.py]", trials=2)
    study.write("c.yaml", body + f"environment: {{TOKEN: {SECRET}}}\n")
    study.write("changed.yaml", body + f"environment: {{TOKEN: {OTHER_SECRET}}}\n")
    study.write("less.yaml", body)
    study.write("text.yaml", body + f"environment: {SECRET}\n")
    study.write("list.yaml", body + f"environment: {{TOKEN: [{SECRET}], '{SECRET[:3]} ': x}}\n")
    study.write("command.yaml", body.replace("[python3, trial.py]", f"{{TOKEN: {SECRET}}}"))
    expected = [(0, ["check", "c.yaml"]), (0, ["run", "c.yaml", "--dry-run"]), (0, ["run", "c.yaml", "--dry-run", "--json"]),
                (0, ["run", "c.yaml", "--dir", "study", "-v", "-v"]), (0, ["report", "study"]), (0, ["report", "study", "--format", "json"]),
                (0, ["report", "study", "--format", "csv"]), (0, ["status", "study"]), (0, ["why", "study", "1"]), (0, ["logs", "study", "1"]),
                (0, ["resume", "study", "--max-trials", "3"]), (2, ["run", "changed.yaml", "--dir", "study", "--resume"]),
                (2, ["run", "less.yaml", "--dir", "study", "--resume"]), (2, ["check", "text.yaml"]), (2, ["check", "list.yaml"]),
                (2, ["run", "command.yaml"]), (0, ["replay", "study"]), (0, ["compare", "study", "study"])]
    for code, words in expected:
        got, out, err = study.run(*words)
        if words[0] not in ("replay", "compare"):  # these may find too few curves
            equal(got, code, f"exit code of {words} ({err})")
        check(SECRET not in out + err and OTHER_SECRET not in out + err, f"tune {' '.join(words)} shows the value: {out}{err}")
    err = study.run("run", "changed.yaml", "--dir", "study", "--resume")[2]
    check("environment" in err and "TOKEN" in err, f"what differs is named: {err}")
    holders = [path for path in glob.glob(f"{study.directory}/**", recursive=True)
               if os.path.isfile(path) and SECRET.encode() in open(path, "rb").read()]
    equal(sorted(holders), [f"{study.directory}/config.yaml", f"{study.directory}/journal.jsonl"], "files that hold the value")


def refused_names(study):
    study.write("trial.sh", GOOD)
    good = config("[sh, trial.sh]", trials=1)
    bad = {
        "name: given '../outside'": good.replace("name: faults", "name: ../outside"),
        "name: given 'a/b'": good.replace("name: faults", "name: a/b"),
        "name: given '..'": good.replace("name: faults", "name: '..'"),
        "trainer: given '../sh'": good.replace("command: [sh, trial.sh]", "trainer: ../sh"),
        "channels.../data": good + "channels: {../data: .}\n",
        "channels...:": good + "channels: {'..': .}\n",
        "channels..hidden": good + "channels: {.hidden: .}\n",
        "environment.A=B": good + "environment: {'A=B': c}\n",
        "command[2]: a zero byte": good.replace("trial.sh]", 'trial.sh, "a\\0b"]'),
        "environment.A: a zero byte": good + 'environment: {A: "b\\0C=d"}\n',
        "a control character in a key": good.replace("  x:", '  "x\\e":'),
    }
    for where, text in bad.items():
        study.write("c.yaml", text)
        code, _, err = study.run("run", "c.yaml")
        equal(code, 2, f"exit code where {where} ({err})")
        check(where in err, f"the message says {where!r}: {err}")
        equal(sorted(os.listdir(study.base)), ["c.yaml", "run.err", "run.out", "trial.sh"], f"files where {where}")
    study.write("c.yaml", good + "channels: {data-1.x: .}\nenvironment: {A_1: c}\n")
    equal(study.run("run", "c.yaml")[0], 0, "exit code of run with good names")


# Puts links and pipes where its supervisor and tune will write and read; the victim must not change and nobody must wait.
PLANTING = r'''
import os
mine = os.environ["TUNE_TRIAL_DIR"]
if os.environ["TUNE_TRIAL_ID"] == "1":
    os.symlink(os.environ["VICTIM"], mine + "/exit.json.tmp")
    os.symlink(os.environ["VICTIM"], mine + "/exit.json")
else:
    os.mkfifo(mine + "/exit.json.tmp")
    os.mkfifo(mine + "/exit.json")
    os.remove(mine + "/pid"); os.mkfifo(mine + "/pid")
print('@tune {"step": 1, "score": 1}')
'''


def planted_files(study):
    study.write("trial.py", PLANTING)
    study.write("victim", "precious")
    study.write("c.yaml", config("[python3, trial.py]", trials=2, more=f"environment: {{VICTIM: {study.base}/victim}}\n"))
    code, _, err = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 0, f"exit code of run ({err})")
    equal(study.read("victim"), "precious", "the file a link pointed to")
    for trial in study.trials():
        equal((trial["status"], trial["value"]), ("Completed", 1), f"trial {trial['trial']}")
    for number in (1, 2):
        path = f"{study.directory}/trials/{number:04}/1/exit.json"
        check(stat.S_ISREG(os.lstat(path).st_mode), f"{path} is a file")
    os.remove(f"{study.directory}/trials/0002/1/pid")  # close() looks for processes by it
    study.check_nothing_left()


def requests_of_others(study):
    if os.geteuid() != 0:
        raise Skip("needs root, to give a file to another user")
    study.write("trial.sh", 'while [ ! -e "$1" ]; do sleep 0.02; done; echo "@tune {\\"score\\": 1}"\n')
    study.write("c.yaml", config(f"[sh, trial.sh, {study.base}/go]", trials=1))
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("started")
    study.write("kept.json", '{"stop": "study"}')
    requests = f"{study.directory}/requests"
    for name, text in (("other.json", '{"stop": "study"}'), ("trial.json", '{"stop": 1}')):
        study.write("made", text)
        os.chown(f"{study.base}/made", 65534, 65534)
        os.rename(f"{study.base}/made", f"{requests}/{name}")
    os.symlink(f"{study.base}/kept.json", f"{requests}/link.json")
    os.mkfifo(f"{requests}/pipe.json")
    left = ("other.json", "trial.json", "link.json", "pipe.json")
    deadline = time.monotonic() + HANG_S
    while not all(f"requests/{name}" in study.read("tune.err") for name in left):
        check(time.monotonic() < deadline, f"each is said to be left aside: {study.read('tune.err')}")
        time.sleep(0.02)
    check("another user's" in study.read("tune.err"), study.read("tune.err"))
    study.write("go", "")
    equal(tune.wait(HANG_S), 0, "exit code")
    equal([trial["status"] for trial in study.trials()], ["Completed"], "the trial")
    equal(json.loads(study.read("kept.json")), {"stop": "study"}, "the file a link pointed to")
    study.check_nothing_left()


if __name__ == "__main__":
    sys.exit(main([hostile_output, forged_state, logs_on_terminal, bad_config_on_terminal, private_directories, secrets_hidden, refused_names,
                   planted_files, requests_of_others]))
