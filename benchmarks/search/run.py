#!/usr/bin/env python3
"""Runs search methods on the problems of this folder and keeps what came of it; report.py makes tables of that.

    benchmarks/search/run.py --arms tune,random                          # everything tuned on, 10 seeds, one after the other
    benchmarks/search/run.py --arms tune --suite reported --pending 4 lcbench synthetic
    benchmarks/search/run.py --arms tune,tune:acquisition=ucb,input_warp=true --seeds 4 branin 'lcbench_*'

Words are problems, patterns or groups. A run that is in the results file already, or in results/peers.jsonl.gz, is not made again unless
--fresh is given; a run of `tune` counts only for the very program it was made with. Options of an arm may hold commas: an item that has `=`
and is no arm belongs to the arm before it. Peers need the environment of requirements.txt (README.md).
"""

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"

import argparse
import collections
import concurrent.futures
import copy
import datetime
import math
import multiprocessing
import sys
import time
import traceback

import arms
import problems
import results_file


def trajectory_of(arm, problem, seed, pending):
    """Tells the oldest first, keeps `pending` configurations out (one for 0): [[told, true value of the best observed]], and counts."""
    evaluate = problem.start(seed)
    out, changes, failures, asked, told, best = collections.deque(), [], 0, 0, 0, None
    sign = 1.0 if problem.goal == "minimize" else -1.0
    exhausted = False
    while True:
        while asked < problem.evaluations and len(out) < max(1, pending) and not exhausted:
            handle, configuration = arm.ask()
            exhausted = configuration is None
            if not exhausted:
                asked += 1
                out.append((handle, *evaluate(configuration, asked)))
        if not out:
            return changes, told, failures
        handle, observed, true = out.popleft()
        arm.tell(handle, observed)
        told += 1
        failures += math.isnan(observed)
        if not math.isnan(observed) and (best is None or sign * observed < best):
            best = sign * observed
            changes.append([told, results_file.rounded(true)])


def run_one(arm_name, problem_name, evaluations, seed, pending):
    problem = copy.copy(problems.all_problems()[problem_name])
    problem.evaluations = evaluations
    start = time.monotonic()
    arm = arms.make(arm_name, problem, seed, pending)
    try:
        changes, told, failures = trajectory_of(arm, problem, seed, pending)
        cpu = arm.cpu_seconds()
    finally:
        arm.close()
    return {"arm": arm_name, "problem": problem_name, "seed": seed, "pending": pending, "evaluations": evaluations, "told": told,
            "failures": failures, "trajectory": changes, "cpu_ms": results_file.rounded(1e3 * cpu / max(told, 1), 4),
            "wall_ms": results_file.rounded(1e3 * (time.monotonic() - start) / max(told, 1), 4), "version": arms.version(arm_name)}


def guarded(job):
    try:
        return job, run_one(*job), None
    except Exception:  # a peer that breaks on one problem must not end the others
        return job, None, traceback.format_exc(limit=6)


def split_arms(text):
    """`a,b:x=1,y=2,c` -> a, b:x=1,y=2, c."""
    found = []
    for item in text.split(","):
        name = item.partition(":")[0].partition("#")[0]
        if found and "=" in item and name not in arms.ARMS:
            found[-1] += "," + item
        else:
            found.append(item)
    try:
        for item in found:
            arms.parse(item)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return found


def wanted(options, chosen, done):
    """Jobs that are to be run: seeds outermost, so that what is there when one gives up is balanced."""
    versions = {}
    for arm in options.arms:
        if arms.parse(arm)[0] == "tune":
            versions[arm] = arms.version(arm)
    jobs = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for arm in options.arms:
            for problem in chosen:
                job = (arm, problem.name, options.evaluations or problem.evaluations, seed, options.pending)
                known = done.get((arm, problem.name, seed, options.pending, job[2]))
                if options.fresh or known is None or versions.get(arm, known["version"]) != known["version"]:
                    jobs.append(job)
    return jobs


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="*", help="names, patterns or groups; default: all of the suite")
    parser.add_argument("--arms", type=split_arms, default="tune", help=f"of {', '.join(arms.ARMS)}; default tune")
    parser.add_argument("--suite", choices=("tuned", "reported", "all"), default="tuned", help="default tuned")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--pending", type=int, default=0, help="configurations out at a time; 0: one after the other")
    parser.add_argument("--evaluations", type=int, help="instead of each problem's own number")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--results", default=os.path.join(results_file.FOLDER, "ours.jsonl"), help="default results/ours.jsonl")
    parser.add_argument("--fresh", action="store_true", help="make every run again")
    parser.add_argument("--list", action="store_true", help="only list the problems")
    return parser.parse_args()


def main():
    options = parse_arguments()
    if problems.missing():
        print(problems.missing(), file=sys.stderr)
    try:
        chosen = problems.select(options.problems, options.suite)
    except ValueError as error:
        sys.exit(f"run.py: {error}")
    if options.list:
        for problem in chosen:
            print(f"{problem.name:45} {problem.group:16} {problem.suite:9} {len(problem.parameters):3} parameters, "
                  f"{problem.evaluations} evaluations, best {problem.best:.9g}, median {problem.median:.6g}")
        return 0
    os.makedirs(os.path.dirname(os.path.abspath(options.results)), exist_ok=True)
    jobs = wanted(options, chosen, results_file.read([results_file.PEERS, options.results]))
    print(f"{len(jobs)} runs to make", file=sys.stderr)
    broken = 0
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(max_workers=max(1, options.jobs), mp_context=context) as pool:
        futures = [pool.submit(guarded, job) for job in jobs]
        for number, future in enumerate(concurrent.futures.as_completed(futures), 1):
            job, run, error = future.result()
            now = datetime.datetime.now().strftime("%H:%M:%S")
            if error:
                broken += 1
                print(f"{now} {number}/{len(jobs)} {job} broke:\n{error}", file=sys.stderr)
                continue
            results_file.append(options.results, run)
            last = run["trajectory"][-1][1] if run["trajectory"] else math.nan
            print(f"{now} {number}/{len(jobs)} {run['arm']} {run['problem']} seed {run['seed']}: {last:.6g}, "
                  f"{run['cpu_ms']:.3g} ms cpu a suggestion", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
