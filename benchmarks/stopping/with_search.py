#!/usr/bin/env python3
"""Early stopping under a search: what a rule saves and costs when the strategy's own proposals are judged.

    benchmarks/stopping/with_search.py --rules off,auto --seeds 20 --out results.jsonl     # runs, goes on where it was
    benchmarks/stopping/with_search.py --report results.jsonl                              # the table

Each run is a `tune session` of --trials trials on one task of the LCBench surrogate (validation accuracy over 52 epochs; the
tasks that the search was not tuned on), one at a time, reporting every epoch until the rule says stop. Runs of one task and seed
are paired with `off`. Regret: (best known - best final value of a trial that ran to its end) / (best known - median of random
configurations), its decimal logarithm not below -5. A rule is written as for `tune run --early-stopping`.
"""

import argparse
import concurrent.futures
import json
import math
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "search"))

import numpy as np  # noqa: E402
from arms import tune_session  # noqa: E402
from problems import lcbench, problem  # noqa: E402

WORST_LOG = -5.0
STEPS = lcbench.LAST_EPOCH


def curve(net, task, configuration):
    """Validation accuracy after each epoch, all epochs in one forward pass."""
    x = {name: np.full(STEPS, float(value)) for name, value in configuration.items()}
    x["epoch"] = np.arange(1.0, STEPS + 1.0)
    z = np.array([((np.log(x[i["name"]] + 1e-12) if i["ln"] else x[i["name"]]) - i["shift"]) / i["scale"] for i in net.inputs])
    first, *middle, head = net.layers
    h = first["task_bias"][net.model["tasks"].index(task)][:, None] + first["weight"] @ z
    for layer in middle:
        v = layer["weight0"] @ h + layer["bias0"][:, None]
        half = len(v) // 2
        h = h + layer["weight1"] @ (v[:half] * np.maximum(v[half:], 0.0)) + layer["bias1"][:, None]
    y = head["weight"] @ np.maximum(head["scale"][:, None] * h + head["shift"][:, None], 0.0) + head["bias"][:, None]
    at = [o["name"] for o in net.model["outputs"]].index("val_accuracy")
    output = net.model["outputs"][at]
    found = output["scale"] / (1.0 + np.exp(-y[at])) + output["shift"]
    return np.exp(found) - 1e-12 if output["exp"] else found


def run(job):
    task, seed, rule, strategy, trials = job
    folder = problem.shared_data(lcbench.FOLDER)
    net = lcbench.network(folder)
    row = lcbench.reference(folder)[(task, "val_accuracy")]
    best, median = float(row["best"]), float(row["median"])
    session = RuleSession(lcbench.search_space(net), {"name": strategy, "seed": seed}, trials, rule)
    steps, found, history = 0, -math.inf, []
    try:
        while True:
            answer = session.call(ask=1)
            if "trial" not in answer:
                break
            trial, stopped = answer["trial"], False
            for step, value in enumerate(curve(net, task, answer["parameters"]), 1):
                steps += 1
                if session.call(report=trial, step=step, value=float(value))["decision"] == "stop":
                    stopped = True
                    break
            session.call(tell=trial)
            if not stopped or step == STEPS:
                found = max(found, float(value))
            history.append([steps, found])
    finally:
        session.close()
    regret = max((best - found) / (best - median), 10.0 ** WORST_LOG)
    return {"task": task, "seed": seed, "rule": rule, "strategy": strategy, "trials": trials, "steps": steps,
            "share": steps / (STEPS * trials), "log_regret": math.log10(regret), "regret": regret, "history": history}


class RuleSession(tune_session.Session):
    """A session under a rule."""

    def __init__(self, parameters, strategy, trials, rule):
        self.rule = rule
        super().__init__(parameters, "maximize", strategy, trials, 1, more={"max_step": STEPS}, options=["--early-stopping", rule])


def mean_and_error(values):
    values = np.asarray(values)
    return values.mean(), values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else float("nan")


def report(rows):
    """Differences are paired by task and seed, and averaged over the seeds of a task first: tasks are what varies."""
    key = lambda row: (row["strategy"], row["trials"], row["task"], row["seed"])  # noqa: E731
    bases = {key(row): row for row in rows if row["rule"] == "off"}
    print("| strategy | rule | runs | epochs | log10 regret | minus off, decades | upper 95 % bound | regret minus off | at equal epochs, decades |")
    print("|---|---|---|---|---|---|---|---|---|")
    for strategy, rule in sorted({(row["strategy"], row["rule"]) for row in rows}, key=lambda pair: (pair[0], pair[1] != "off", pair[1])):
        mine = [row for row in rows if row["rule"] == rule and row["strategy"] == strategy and key(row) in bases]
        if not mine:
            continue
        share, share_error = mean_and_error([row["share"] for row in mine])
        log, _ = mean_and_error([row["log_regret"] for row in mine])
        difference, error = mean_and_error([row["log_regret"] - bases[key(row)]["log_regret"] for row in mine])
        plain, plain_error = mean_and_error([row["regret"] - bases[key(row)]["regret"] for row in mine])
        equal = [row["log_regret"] - log_regret_at(bases[key(row)], row["steps"]) for row in mine]
        print(f"| {strategy} | {rule} | {len(mine)} | {100 * share:.1f} ± {100 * share_error:.1f} % | {log:.3f} | {difference:+.3f} ± {error:.3f} "
              f"| {difference + 1.645 * error:+.3f} | {plain:+.4f} ± {plain_error:.4f} | {np.mean(equal):+.3f} |")


def log_regret_at(row, steps):
    """Of a run, after as many steps in all."""
    folder = problem.shared_data(lcbench.FOLDER)
    known = lcbench.reference(folder)[(row["task"], "val_accuracy")]
    best, median = float(known["best"]), float(known["median"])
    found = [value for used, value in row["history"] if used <= steps and math.isfinite(value)]
    regret = (best - found[-1]) / (best - median) if found else 1.0
    return math.log10(max(regret, 10.0 ** WORST_LOG))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", default="off,auto", help="separated by commas, or by semicolons where a rule has a comma")
    parser.add_argument("--strategy", default="bayesian")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=16, help="the first so many")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", default="results.jsonl")
    parser.add_argument("--report", metavar="FILE")
    options = parser.parse_args()
    if options.report:
        with open(options.report, encoding="utf-8") as file:
            report([json.loads(line) for line in file])
        return
    folder = problem.shared_data(lcbench.FOLDER)
    if folder is None:
        sys.exit("the LCBench surrogate is not there (TUNE_SHARED_DIR)")
    tasks = [task for task, short in lcbench.chosen(lcbench.network(folder)) if (task, short) not in lcbench.TUNED][:options.tasks]
    done = set()
    if os.path.exists(options.out):
        with open(options.out, encoding="utf-8") as file:
            done = {(r["task"], r["seed"], r["rule"], r["strategy"], r["trials"]) for r in map(json.loads, file)}
    rules = options.rules.split(";" if ";" in options.rules else ",")
    jobs = [(task, seed, rule, options.strategy, options.trials)
            for seed in range(1, options.seeds + 1) for task in tasks for rule in rules]
    jobs = [job for job in jobs if job not in done]
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool, open(options.out, "a", encoding="utf-8") as out:
        for count, row in enumerate(pool.map(run, jobs), 1):
            out.write(json.dumps(row) + "\n")
            out.flush()
            print(f"{count}/{len(jobs)} {row['task']} seed {row['seed']} {row['rule']}: {100 * row['share']:.0f} % of the epochs, "
                  f"log10 regret {row['log_regret']:.2f}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
