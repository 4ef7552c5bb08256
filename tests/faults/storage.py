#!/usr/bin/env python3
"""Faults of storage: a damaged journal, a full disk, places that cannot be written.   storage.py --tune PROGRAM CASE"""

import os
import resource
import shutil
import subprocess
import sys

from fault_support import HANG_S, Skip, check, config, equal, main, wait_until

QUICK = """\
echo '@tune {"step": 1, "score": 1}'
echo '@tune {"step": 2, "score": 2}'
"""
NOBODY = 65534


def prepare(study, script=QUICK, **options):
    study.write("trial.sh", script)
    study.write("c.yaml", config("[sh, trial.sh]", **options))


def content(study):
    with open(f"{study.directory}/journal.jsonl", "rb") as file:
        return file.read()


def finished(study, trials=2):
    prepare(study, trials=trials)
    equal(study.run("run", "c.yaml", "--dir", "study")[0], 0, "exit code of run")
    return content(study)


def torn_line(study):
    """A journal cut anywhere in a line is repaired, said, and gone on with."""
    whole = finished(study)
    journal = f"{study.directory}/journal.jsonl"
    lines = whole.split(b"\n")
    kept = b"\n".join(lines[:-3]) + b"\n"  # all but the last two records: trial 2 was running
    for torn in (lines[-3][:1], lines[-3][:-1], lines[-3], b"\0" * 100):
        with open(journal, "wb") as file:
            file.write(kept + torn)
        code, out, err = study.run("report", "study")
        equal(code, 0, f"exit code of report ({err})")
        equal(content(study), kept + torn, "the journal after report")
        code, out, err = study.run("resume", "study", "--json")
        equal(code, 0, f"exit code of resume ({err})")
        check(f"torn ({len(torn)} bytes after byte {len(kept)}); it was cut off" in err, f"the repair is said: {err}")
        check(content(study).startswith(kept + b'{"v":1,'), "what was good is kept")
        check('"Completed": 2' in out or '"Completed":2' in out, f"both trials are there: {out[:300]}")
    study.check_nothing_left()


def damaged_middle(study):
    whole = finished(study)
    journal = f"{study.directory}/journal.jsonl"
    lines = whole.split(b"\n")
    offset = len(b"\n".join(lines[:4])) + 1
    spot = offset + len(lines[4]) // 2
    missing = b"\n".join(lines[:4] + lines[5:])
    for damaged in (whole[:spot] + bytes([whole[spot] ^ 1]) + whole[spot + 1:], missing, whole[:offset] + b"\0" * 64 + whole[offset + 64:]):
        with open(journal, "wb") as file:
            file.write(damaged)
        for words in (["resume", "study"], ["run", "c.yaml", "--dir", "study", "--resume"], ["report", "study"], ["status", "study"]):
            code, _, err = study.run(*words)
            equal(code, 5, f"exit code of {words[0]}")
            check(f"byte {offset} " in err, f"{words[0]} names byte {offset}: {err}")
            equal(content(study), damaged, f"the journal after {words[0]}")
    study.check_nothing_left()


def check_goes_on(study, before, trials):
    """What was recorded is kept, and the study comes to its end."""
    code, _, err = study.run("resume", "study")
    equal(code, 0, f"exit code of resume ({err})")
    check(content(study).startswith(before), "the records from before are kept")
    report = study.report()
    equal(report["counts"]["InProgress"], 0, "running trials")
    equal([trial["trial"] for trial in report["trials"]], list(range(1, trials + 1)), "trials")
    study.check_nothing_left()
    return report


def file_limit(study):
    """The largest file size allowed (RLIMIT_FSIZE) is reached by the journal: as a full disk, without being root."""
    prepare(study, trials=20)
    limit = 8000
    code, _, err = study.run("run", "c.yaml", "--dir", "study", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    equal(code, 5, f"exit code of run ({err})")
    check("cannot write study/journal.jsonl" in err, f"the message names the file: {err}")
    before = content(study)
    check(before.endswith(b"\n") and len(before) <= limit, "the journal ends with a whole record")
    report = check_goes_on(study, before, 20)
    equal(report["counts"]["Completed"], 20, "completed trials")


def disk_full(study):
    """The study lies on a small disk that fills up while it runs."""
    os.mkdir(study.directory)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", study.directory], check=False, stderr=subprocess.DEVNULL)
    if mounted.returncode != 0:
        raise Skip("no file system may be mounted here")
    study.cleanup.append(lambda: subprocess.run(["umount", "-l", study.directory], check=False))
    # The page of the log that holds the first step has room for the others; the journal's last page has not.
    steps = 60
    more = f'step=2; while [ $step -le {steps} ]; do echo "@tune {{\\"step\\": $step, \\"score\\": $step}}"; step=$((step + 1)); done\n'
    prepare(study, "echo '@tune {\"step\": 1, \"score\": 1}'\nwhile [ ! -e full ]; do sleep 0.02; done\n" + more)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    with open(f"{study.directory}/filler", "ab", buffering=0) as filler:
        fill(filler)
    study.write("full", "")
    equal(tune.wait(HANG_S), 5, "exit code of run")
    check("No space left on device" in study.read("tune.err"), "the message says why")
    before = content(study)
    check(before.endswith(b"\n"), "the journal ends with a whole record")
    os.remove(f"{study.directory}/filler")
    report = check_goes_on(study, before, 2)
    equal(report["counts"]["Completed"], 2, "completed trials")
    first = report["trials"][0]
    equal((len(first["attempts"]), len(first["observations"])), (1, steps), "attempts and observations of the trial that ran then")


def fill(filler):
    for size in (1 << 16, 1 << 12, 1):
        try:
            while True:
                filler.write(b"\0" * size)
        except OSError:
            pass


def unwritable(study):
    """A directory that may not be written: exit code 5, and nothing is written."""
    finished(study)
    before = content(study)
    os.chmod(f"{study.base}/study", 0o555)
    os.chmod(f"{study.base}/study/journal.jsonl", 0o444)
    os.chmod(f"{study.base}/study/study.lock", 0o444)
    os.mkdir(f"{study.base}/closed", 0o555)
    as_nobody = []
    if os.getuid() == 0:
        if shutil.which("setpriv") is None:
            raise Skip("root may write everywhere, and setpriv is not there")
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        os.chmod(study.base, 0o755)
        if subprocess.run([*as_nobody, study.tune, "version"], check=False, stdout=subprocess.DEVNULL).returncode != 0:
            raise Skip("the program cannot be run by another user")
    for words in (["run", "c.yaml", "--dir", "closed/new"], ["run", "c.yaml", "--dir", "closed"], ["resume", "study", "--max-trials", "3"]):
        code, _, err = study.run(*words, before=as_nobody)
        equal(code, 5, f"exit code of {words} ({err})")
        check("Permission denied" in err, f"the message says why: {err}")
    equal(os.listdir(f"{study.base}/closed"), [], "the closed directory")
    equal(content(study), before, "the journal")
    equal(study.run("report", "study", before=as_nobody)[0], 0, "exit code of report, which only reads")


def requests_garbage(study):
    prepare(study, "while [ ! -e go ]; do sleep 0.02; done\n" + QUICK)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("started")
    garbage = {"a.json": "no JSON", "b.json": "[1]", "c.json": '{"stop": "everything"}', "d.json": '{"stop": 1e99}', "e.json": "{" * 10000,
               "f.json": '{"stop": 77}'}
    for name, text in garbage.items():
        study.write(f"study/requests/{name}", text)
    os.mkdir(f"{study.directory}/requests/g.json")
    study.write("study/requests/note.txt", "not for tune")
    wait_until(lambda: study.read("tune.err").count("left aside") >= 6 and "no running trial 77" in study.read("tune.err"), "notes")
    study.write("study/requests/z.json", '{"stop": 78}')  # a later look: nothing is said a second time
    wait_until(lambda: "no running trial 78" in study.read("tune.err"), "a note")
    study.write("go", "")
    equal(tune.wait(HANG_S), 0, "exit code")
    equal([trial["status"] for trial in study.trials()], ["Completed"] * 2, "statuses")
    notes = study.read("tune.err").count("left aside")
    check(notes == 6, f"each is said once, here {notes} times: {study.read('tune.err')[-1500:]}")
    study.check_nothing_left()


if __name__ == "__main__":
    sys.exit(main([torn_line, damaged_middle, file_limit, disk_full, unwritable, requests_garbage]))
