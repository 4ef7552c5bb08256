#!/usr/bin/env python3
"""Faults of processes: supervisors, trials and tune itself are killed or interrupted.   processes.py --tune PROGRAM CASE"""

import os
import shutil
import signal
import subprocess
import sys

from fault_support import HANG_S, Skip, alive, check, config, equal, main, wait_until

# One step, then it waits until it may go on; later attempts do not wait. It notices when an earlier attempt still runs.
WAITING = """\
echo "$TUNE_TRIAL_ID $TUNE_ATTEMPT" >> starts
echo $$ > pid.$TUNE_TRIAL_ID.$TUNE_ATTEMPT
earlier=$((TUNE_ATTEMPT - 1))
[ $earlier -eq 0 ] || ! grep -q '^State:.[^ZX]' "/proc/$(cat pid.$TUNE_TRIAL_ID.$earlier)/status" 2>/dev/null || echo "$TUNE_TRIAL_ID" >> overlaps
echo '@tune {"step": 1, "score": 1}'
while [ $TUNE_ATTEMPT -eq 1 ] && [ ! -e go ]; do sleep 0.02; done
echo '@tune {"step": 2, "score": 2}'
"""


def prepare(study, script, **options):
    study.write("trial.sh", script)
    study.write("c.yaml", config("[sh, trial.sh]", **options))


def starts(study):
    return sorted(study.read("starts").split("\n")[:-1])


def check_finished(study, attempts, end_reason):
    """Both trials have completed; the first `attempts` of them in a second attempt."""
    trials = study.trials()
    equal([trial["status"] for trial in trials], ["Completed"] * 2, "statuses")
    equal([trial["value"] for trial in trials], [2.0] * 2, "values")
    equal([len(trial["attempts"]) for trial in trials], [2] * attempts + [1] * (2 - attempts), "attempts")
    for trial in trials[:attempts]:
        equal(trial["attempts"][0]["end_reason"], end_reason, "end of the first attempt")
    equal(study.read("overlaps"), "", "trials of which two attempts ran at once")
    study.check_nothing_left()


def shim_killed(study):
    prepare(study, WAITING)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    shim, child = study.pids(1, 1)
    os.kill(shim, signal.SIGKILL)
    wait_until(lambda: not alive(child), "the trial of a killed supervisor is killed")
    study.write("go", "")
    equal(tune.wait(HANG_S), 0, "exit code")
    check_finished(study, 1, "interrupted")
    equal(starts(study), ["1 1", "1 2", "2 1"], "starts")


def trial_killed(study):
    prepare(study, WAITING)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    os.kill(study.pids(1, 1)[1], signal.SIGKILL)
    study.write("go", "")
    equal(tune.wait(HANG_S), 0, "exit code")
    first, second = study.trials()
    equal((first["status"], first["failure_class"], len(first["attempts"])), ("Failed", "signal", 1), "the killed trial")
    equal(second["status"], "Completed", "the other trial")
    ended = study.events("ended")[0]
    equal((ended["exit_signal"], ended["last_lines"]), (9, ['@tune {"step": 1, "score": 1}']), "its exit")
    study.check_nothing_left()


# Of engine/executors/launch_protocol.hpp.
LAUNCHER_SOCKET = 3


def check_given_up(study, said):
    """Every attempt was lost: both trials are given up as lost after twenty of them, and the study ends."""
    code, _, err = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 3, f"exit code ({err[-500:]})")
    trials = study.trials()
    equal([(trial["status"], trial["failure_class"]) for trial in trials], [("Failed", "lost")] * 2, "the trials")
    equal([len(trial["attempts"]) for trial in trials], [20] * 2, "attempts")
    for ended in study.events("ended"):
        check(ended["detail"].startswith(said), f"why: {ended['detail']}")
    study.check_nothing_left()


# So short that twenty attempts, each after twice the time, take seconds.
SHORT_WAITS = "retry: {backoff: 0.00001}\n"


def supervisors_always_killed(study):
    """By the trials themselves, whose parents they are."""
    prepare(study, "kill -9 $PPID\nsleep 1000\n", parallel=2, more=SHORT_WAITS)
    check_given_up(study, "20 attempts in a row were ended from outside without getting further; the last one: its supervisor was ended from outside by signal 9")


def never_begun(study):
    """What starts the supervisors is killed each time before it has started one."""
    if "TUNE_SANITIZED" in os.environ:
        raise Skip("supervisors are started without a launcher here")
    prepare(study, "echo begun >> starts\n", parallel=2, more=SHORT_WAITS)
    os.mkdir(f"{study.base}/bin")
    shutil.copy(study.tune, f"{study.base}/bin/tune")
    # It has got a request when it dies: nobody knows whether it has carried it out.
    study.write("bin/tune-shim", f"#!/bin/sh\nhead -c 1 <&{LAUNCHER_SOCKET} >/dev/null\nkill -9 $$\n")
    os.chmod(f"{study.base}/bin/tune-shim", 0o755)
    study.tune = f"{study.base}/bin/tune"
    check_given_up(study, "20 attempts in a row were lost before they began; the last one: its supervisor is gone and left no record")
    equal(study.read("starts"), "", "starts")


def everything_killed(study):
    prepare(study, WAITING, parallel=2)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed", 2)
    children = [study.pids(trial, 1)[1] for trial in (1, 2)]
    tune.kill()
    tune.wait()
    for trial in (1, 2):
        os.kill(study.pids(trial, 1)[0], signal.SIGKILL)
    check(all(alive(child) for child in children), "the trials themselves run on")
    equal(study.run("resume", "study")[0], 0, "exit code of resume")
    check(not any(alive(child) for child in children), "the lost trials are killed")
    check_finished(study, 2, "lost")
    equal(starts(study), ["1 1", "1 2", "2 1", "2 2"], "starts")


def everything_killed_often(study):
    """More often than retry.max_attempts, and the trial has got a step further each time: that is no reason to give it up."""
    prepare(study, 'n=$(($(cat "$TUNE_CHECKPOINT_DIR/n" 2>/dev/null || echo 0) + 1))\necho $n > "$TUNE_CHECKPOINT_DIR/n"\n'
                   'echo "@tune {\\"step\\": $n, \\"score\\": $n}"\n[ $n -eq 6 ] || sleep 1000\n', trials=1, more=SHORT_WAITS)
    for attempt in range(1, 6):
        tune = study.start("run", "c.yaml", "--dir", "study", "--resume")
        study.wait_for("observed", attempt)
        tune.kill()
        tune.wait()
        os.kill(study.pids(1, attempt)[0], signal.SIGKILL)
    equal(study.run("resume", "study")[0], 0, "exit code of resume")
    trial, = study.trials()
    equal((trial["status"], trial["value"], trial["last_step"]), ("Completed", 6, 6), "the trial")
    equal([attempt["end_reason"] for attempt in trial["attempts"]], ["lost"] * 5 + ["completed"], "ends of its attempts")
    study.check_nothing_left()


def tune_killed(study):
    """Only tune: the trials go on and are adopted, even one that has ended meanwhile."""
    prepare(study, WAITING, parallel=2)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed", 2)
    tune.kill()
    tune.wait()
    study.write("go", "")
    wait_until(lambda: study.read("study/trials/0001/1/exit.json"), "a trial ends without tune")
    equal(study.run("resume", "study")[0], 0, "exit code of resume")
    check_finished(study, 0, "")
    equal(starts(study), ["1 1", "2 1"], "starts")


def interrupted_once(study):
    saving = 'trap \'echo saved > "$TUNE_CHECKPOINT_DIR/last"; exit 0\' TERM\n' + WAITING + 'echo "$TUNE_RESUME_FROM" >> resumed\n'
    prepare(study, saving)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    tune.send_signal(signal.SIGINT)
    equal(tune.wait(HANG_S), 130, "exit code")
    check("go on with: tune resume study" in study.read("tune.err"), "the message says how to go on")
    study.check_nothing_left()
    equal(study.trials()[0]["status"], "InProgress", "the interrupted trial")
    study.write("go", "")
    os.mkdir(f"{study.base}/elsewhere")
    equal(study.run("resume", "../study", cwd=f"{study.base}/elsewhere")[0], 0, "exit code of resume")
    check_finished(study, 1, "interrupted")
    equal(study.read("resumed"), f"{study.directory}/trials/0001/2/checkpoints\n\n", "where the attempts resumed from")


# Five values without steps, the third of the first attempt is the last until it is ended.
COUNTED = """\
n=0; file=FILE
[ ! -s "$file" ] || n=$(cat "$file")
trap 'exit 0' TERM
while [ $n -lt 5 ]; do
  n=$((n + 1)); echo "score=$n"; echo "extra=$((10 * n))"; echo $n > "$file"
  while [ $n -eq 3 ] && [ $TUNE_ATTEMPT -eq 1 ]; do sleep 0.02; done
  while [ $n -eq 4 ] && [ ! -e go ]; do sleep 0.02; done
done
exit 0
"""


def counted_steps(study):
    """Interrupted by Ctrl-C: what goes on from a checkpoint counts on, also when tune is killed and adopts it; what begins anew
    counts anew."""
    metrics = "metrics: [{name: score, regex: 'score=(\\S+)'}, {name: extra, regex: 'extra=(\\S+)'}]\n"
    for file in ("$TUNE_CHECKPOINT_DIR/n", "/dev/null"):
        study.write("trial.sh", COUNTED.replace("FILE", file))
        study.write("c.yaml", config("[sh, trial.sh]", trials=1, more=metrics))
        tune = study.start("run", "c.yaml", "--dir", "study")
        study.wait_for("observed", 6)
        tune.send_signal(signal.SIGINT)
        equal(tune.wait(HANG_S), 130, "exit code")
        tune = study.start("resume", "study")
        wait_until(lambda study=study: study.events("observed")[-1]["value"] == 40, "the second attempt gets further")
        tune.kill()
        tune.wait()
        study.write("go", "")
        equal(study.run("resume", "study")[0], 0, "exit code of resume")
        trial, = study.trials()
        seen = {(one["metric"], one["step"]): (one["value"], one["attempt"]) for one in trial["observations"]}
        second_from = 4 if file != "/dev/null" else 1
        equal(seen, {("score", n): (n, 2 if n >= second_from else 1) for n in range(1, 6)}
              | {("extra", n): (10 * n, 2 if n >= second_from else 1) for n in range(1, 6)}, f"observations with {file}")
        equal((trial["status"], trial["value"], trial["last_step"]), ("Completed", 5, 5), "the trial")
        study.check_nothing_left()
        study.forget()


def interrupted_twice(study):
    prepare(study, "trap '' TERM\n" + WAITING)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    shim, child = study.pids(1, 1)
    tune.send_signal(signal.SIGINT)
    wait_until(lambda: "once more kills them at once" in study.read("tune.err"), "the first interrupt is noticed")
    check(alive(child), "the trial has an hour of grace")
    tune.send_signal(signal.SIGINT)
    equal(tune.wait(HANG_S), 130, "exit code")
    check(not alive(child) and not alive(shim), "the trial was killed at once")
    study.write("go", "")
    equal(study.run("resume", "study")[0], 0, "exit code of resume")
    check_finished(study, 1, "interrupted")


def resumed_by_many(study):
    prepare(study, WAITING)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    tune.kill()
    tune.wait()
    many = [study.start("resume", "study", name=f"resume{i}") for i in range(4)]
    wait_until(lambda: sum(one.poll() is not None for one in many) == 3, "three of four are refused")
    study.write("go", "")
    equal(sorted(one.wait(HANG_S) for one in many), [0, 4, 4, 4], "exit codes")
    equal(sum("another tune works on this study" in study.read(f"resume{i}.err") for i in range(4)), 3, "messages")
    equal(len(study.events("owner_changed")), 1, "owners after the first")
    check_finished(study, 0, "")


def killed_while_starting(study):
    """tune dies at system calls around the start of a process: no trial is started twice or forgotten."""
    if shutil.which("strace") is None:
        raise Skip("strace is not there")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip("strace may not trace here")
    for index, (call, launched, first_attempts, go_on) in enumerate([
            ("clone3,vfork,clone", 1, 2, ["resume", "study"]),  # launched is durable, no process yet: the attempt is lost
            ("pidfd_open", 1, 1, ["resume", "study"]),  # the supervisor is just starting: it is adopted
            ("fdatasync", 0, 1, ["run", "c.yaml", "--dir", "study"]),  # the beginning is not durable: there is no study yet
    ]):
        prepare(study, WAITING.replace("[ $TUNE_ATTEMPT -eq 1 ] &&", "false &&"))
        inject = ["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when=1"]
        study.start("run", "c.yaml", "--dir", "study", before=inject).wait(HANG_S)
        equal(len(study.events("launched")), launched, f"launches before the kill at {call}")
        equal(study.run(*go_on)[0], 0, f"exit code of {go_on[0]} after the kill at {call}")
        check_finished(study, first_attempts - 1, "lost")
        expected = ["1 2" if first_attempts == 2 else "1 1", "2 1"]
        equal(starts(study), expected, f"starts after the kill at {call}")
        for name in os.listdir(study.base):
            if name == "starts" or name.startswith("pid."):
                os.remove(f"{study.base}/{name}")
        os.rename(study.directory, f"{study.base}/done{index}")


if __name__ == "__main__":
    sys.exit(main([shim_killed, trial_killed, supervisors_always_killed, never_begun, everything_killed,
                   everything_killed_often, tune_killed, interrupted_once,
                   counted_steps, interrupted_twice, resumed_by_many, killed_while_starting]))
