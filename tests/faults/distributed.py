#!/usr/bin/env python3
"""Trials of several processes: they meet, fail, break and are resumed together.   distributed.py --tune PROGRAM CASE"""

import os
import shutil
import signal
import subprocess
import sys

from fault_support import HANG_S, Skip, alive, check, config, equal, main, wait_until

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Seconds that the first start of PyTorch may take on a busy machine.
TORCH_S = 300.0

# Every process tells process 0 its rank; its score is the sum.
MEETING = """\
import os, socket, time
rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
where = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if rank == 0:
    server = socket.create_server(where)
    total = 0
    for _ in range(world - 1):
        connection, _ = server.accept()
        total += int(connection.recv(16))
    print(f'@tune {{"step": 1, "score": {total}}}', flush=True)
else:
    while True:
        try:
            socket.create_connection(where).sendall(str(rank).encode())
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
"""

# Process 0 reports and waits; what the others do is put in.
WAITING = """\
echo "$TUNE_TRIAL_ID $TUNE_ATTEMPT $RANK" >> starts
[ "$RANK" = 0 ] && echo '@tune {"step": 1, "score": 1}'
OTHER
while [ ! -e go ] && [ $TUNE_ATTEMPT -eq 1 ]; do sleep 0.02; done
[ "$RANK" = 0 ] && echo '@tune {"step": 2, "score": 2}'
exit 0
"""


def prepare(study, other=":", count=3, **options):
    study.write("trial.sh", WAITING.replace("OTHER", other))
    study.write("c.yaml", config("[sh, trial.sh]", more=f"resources: {{processes_per_trial: {count}}}\n", **options))


def starts(study):
    return sorted(study.read("starts").split("\n")[:-1])


# What torchrun's processes print into one log: one fails, the other loses it, at length.
LOST = """\
[rank1]:[E1122 06:41:07.118 ProcessGroupNCCL.cpp:1834] [Rank 1] watchdog thread terminated with exception: NCCL error: remote process exited
ncclRemoteError: A call failed possibly due to a network error or a remote process exiting prematurely.
""" + "".join(f"[rank1]:[W1122 06:41:07.3{n:02} socket.cpp:460] [c10d] sendBytes failed on fd=17: Broken pipe\n" for n in range(17))
OWN = """\
[rank0]: Traceback (most recent call last):
[rank0]:   File "train.py", line 44, in <module>
[rank0]:     raise ValueError("mini_batch_size 33 is no multiple of 2")
[rank0]: ValueError: mini_batch_size 33 is no multiple of 2
"""


def first_cause(study):
    """A process that failed by itself is to blame, not that the others lost it; nobody is to blame for NCCL errors alone."""
    study.write("own.log", OWN + LOST)
    study.write("lost.log", LOST)
    study.write("c.yaml", config("[sh, -c, 'cat {x}.log; exit 1']", more="retry: {backoff: 0.01}\n")
                .replace("{type: int, min: 1, max: 1000}", "{type: categorical, values: [own, lost]}")
                .replace("strategy: {name: random, seed: 7}", "strategy: grid"))
    code, _, err = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 3, f"exit code ({err})")
    outcomes = {trial["parameters"]["x"]: (trial["failure_class"], len(trial["attempts"])) for trial in study.trials()}
    equal(outcomes, {"own": ("user_error", 1), "lost": ("lost", 3)}, "outcomes")


def ranks_meet(study):
    study.write("trial.py", MEETING)
    study.write("c.yaml", config("[python3, trial.py]", trials=8, parallel=4, more="resources: {processes_per_trial: 3}\n"))
    code, _, err = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 0, f"exit code ({err})")
    equal([trial["value"] for trial in study.trials()], [3.0] * 8, "sums of ranks")
    study.check_nothing_left()


def rank_fails(study):
    prepare(study, '[ "$RANK" = 2 ] && { echo "Traceback: it is my fault" >&2; exit 3; }', trials=1)
    code, _, _ = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 3, "exit code: no trial gave a value")
    trial = study.trials()[0]
    equal((trial["status"], trial["failure_class"]), ("Failed", "user_error"), "outcome")
    ended = study.events("ended")[0]
    equal(ended["detail"], "process 2: exit code 3", "detail")
    equal(ended["last_lines"], ["Traceback: it is my fault"], "last lines")
    study.check_nothing_left()


def rank_breaks(study):
    prepare(study, '[ "$RANK" = 1 ] && [ $TUNE_ATTEMPT -eq 1 ] && { echo "ncclSystemError: System call failed"; exit 1; }', trials=1)
    code, _, err = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 0, f"exit code ({err})")
    trial = study.trials()[0]
    equal((trial["status"], trial["value"]), ("Completed", 2.0), "outcome")
    equal([one["end_reason"] for one in trial["attempts"]], ["lost", "completed"], "ends of the attempts")
    check("process 1" in study.events("interrupted")[0]["why"], "the journal says which process broke")
    study.check_nothing_left()


def tune_killed(study):
    prepare(study, trials=2, parallel=2)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed", 2)
    wait_until(lambda: len(starts(study)) == 6, "all six processes run")
    tune.send_signal(signal.SIGKILL)
    tune.wait()
    study.write("go", "")
    code, _, err = study.run("resume", "study", name="resume")
    equal(code, 0, f"exit code ({err})")
    equal([(trial["status"], len(trial["attempts"])) for trial in study.trials()], [("Completed", 1)] * 2, "outcomes")
    equal(len(starts(study)), 6, "starts")
    study.check_nothing_left()


def rank_pids(study, trial, attempt, count):
    pids = []
    for rank in range(count):
        folder = f"study/trials/{trial:04}/{attempt}" + ("" if rank == 0 else f"/ranks/{rank}")
        pids.append(study.pids_in(folder))
    return pids


def everything_killed(study):
    prepare(study, trials=1)
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    wait_until(lambda: len(starts(study)) == 3, "all processes run")
    pids = rank_pids(study, 1, 1, 3)
    for victim in [tune.pid, *[shim for shim, _ in pids], pids[1][1]]:
        os.kill(victim, signal.SIGKILL)
    tune.wait()
    code, _, err = study.run("resume", "study", name="resume")
    equal(code, 0, f"exit code ({err})")
    check(not any(alive(child) for _, child in pids), "no process of the lost attempt is left")
    equal([one["end_reason"] for one in study.trials()[0]["attempts"]], ["lost", "completed"], "ends of the attempts")
    equal(starts(study), ["1 1 0", "1 1 1", "1 1 2", "1 2 0", "1 2 1", "1 2 2"], "starts")
    study.check_nothing_left()


def rank_killed_with_spot(study):
    """Somebody kills one process of a trial on spot capacity: the whole trial goes on as a new attempt."""
    prepare(study, trials=1)
    study.write("c.yaml", study.read("c.yaml") + "spot: {}\n")
    tune = study.start("run", "c.yaml", "--dir", "study")
    study.wait_for("observed")
    wait_until(lambda: len(starts(study)) == 3, "all processes run")
    os.kill(rank_pids(study, 1, 1, 3)[2][1], signal.SIGKILL)
    equal(tune.wait(HANG_S), 0, "exit code")
    equal([one["end_reason"] for one in study.trials()[0]["attempts"]], ["interrupted", "completed"], "ends of the attempts")
    study.check_nothing_left()


def torch_python():
    for python in (os.environ.get("TUNE_TEST_PYTHON"), f"{SOURCE}/.deps/venv/bin/python3", shutil.which("python3")):
        if python and os.path.exists(python):
            try:
                if subprocess.run([python, "-c", "import torch.distributed as d; assert d.is_gloo_available()"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TORCH_S).returncode == 0:
                    return python
            except subprocess.TimeoutExpired:
                pass
    raise Skip("no Python with PyTorch here")


def torch_config(study, name, words, more):
    script = f"{SOURCE}/examples/distributed/train.py"
    study.write(name, "name: ddp\nobjective: {metric: accuracy, goal: maximize}\nparameters: {lr: {type: float, min: 1e-3, max: 0.1, scale: log}}\n"
                "limits: {max_trials: 1}\nstrategy: {name: random, seed: 3}\n"
                f"command: [{', '.join(words)}, {script}, --lr, '{{lr}}', --epochs, 2]\n"
                "metrics: [{name: accuracy, regex: 'accuracy=(\\S+)', step: 'epoch=(\\d+)'}]\n" + more)


def ddp(study):
    """PyTorch's DistributedDataParallel: two processes that tune starts, and two that torchrun starts, train the same."""
    python = torch_python()
    torch_config(study, "own.yaml", [python], "resources: {processes_per_trial: 2}\n")
    torch_config(study, "run.yaml", [python, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"], "")
    values = []
    for name in ("own", "run"):
        code = study.start("run", f"{name}.yaml", "--dir", name, name=name).wait(TORCH_S)
        equal(code, 0, f"exit code of {name}")
        check("processes=2" in study.read(f"{name}/trials/0001/1/log"), "two processes trained")
        with open(f"{study.base}/{name}/journal.jsonl", encoding="utf-8") as journal:
            values.append([line.split('"value":')[1].split(",")[0] for line in journal if '"op":"observed"' in line])
    equal(len(values[0]), 2, "epochs")
    equal(values[0], values[1], "accuracies")


def mpirun(study):
    if not shutil.which("mpirun"):
        raise Skip("no mpirun here")
    study.write("trial.sh", 'rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}\necho "$rank" >> ranks\n[ "$rank" = 0 ] && '
                            "echo '@tune {\"step\": 1, \"score\": 4}'\nsleep 0.2\n")
    root = ", --allow-run-as-root" if os.geteuid() == 0 else ""
    study.write("c.yaml", config(f"[mpirun, -np, 2, --oversubscribe{root}, sh, trial.sh]", trials=1))
    code, _, err = study.run("run", "c.yaml", "--dir", "study")
    equal(code, 0, f"exit code ({err})")
    equal(sorted(study.read("ranks").split()), ["0", "1"], "ranks")
    equal(study.trials()[0]["value"], 4.0, "value")
    study.check_nothing_left()


if __name__ == "__main__":
    sys.exit(main([first_cause, ranks_meet, rank_fails, rank_breaks, tune_killed, everything_killed, rank_killed_with_spot, ddp, mpirun]))
