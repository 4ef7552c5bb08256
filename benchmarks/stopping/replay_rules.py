#!/usr/bin/env python3
"""Every stopping rule at its system's defaults on the recorded curves of ../shared/data/curves, by `tune replay`.

    benchmarks/stopping/replay_rules.py [--repeats 1000] [--rules RULE --rules RULE ...]

The sets were split before `auto` was made: its constants were chosen on the first list (and on LCBench tasks that the search was
tuned on), what is claimed is the mean over the second. Prints a table a list. TUNE_BIN names another program than
build/release/bin/tune, TUNE_SHARED_DIR another folder than ../shared.
"""

import argparse
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TUNED_ON = {"resnet_cifar10": "maximize", "metaqnn_cifar10": "maximize", "taskset_imdb_patch128_LSTM128_avg_bs64": "minimize",
            "taskset_imdb_patch32_IRNN64_relu_last_bs128": "minimize", "taskset_imdb_patch32_LSTM128_bs128": "minimize"}
REPORTED = {"alexnet_imagenet": "maximize", "lstm_ptb": "minimize", "resnet_tinyimagenet": "maximize",
            "taskset_imdb_patch128_LSTM128_embed128_bs64": "minimize", "taskset_imdb_patch32_GRU64_avg_bs128": "minimize",
            "taskset_imdb_patch32_VRNN64_relu_avg_bs128": "minimize"}
# At the defaults of their systems, but where a default means seconds: the step there. Required options as the systems' examples have them.
RULES = ["off", "auto", "predicted", "median", "percentile", "asha", "hyperband", "median:variant=vizier", "median:variant=sagemaker",
         "median:variant=azure", "median:variant=azure,delay_evaluation=5", "median:variant=optuna", "median:variant=optuna,n_warmup_steps=10",
         "median:variant=ray,time_attr=training_iteration,grace_period=1", "median:variant=nni", "median:variant=synetune", "median:variant=katib",
         "percentile:variant=optuna,percentile=25", "successive_halving:variant=optuna", "asha:variant=ray", "asha:variant=synetune"]


def replay(program, path, goal, rules, options):
    command = [program, "replay", path, "--goal", goal, "--format", "json", "--repeats", str(options.repeats), "--seed", str(options.seed),
               "--trials", str(options.trials), "--workers", str(options.workers)]
    for rule in rules:
        command += ["--early-stopping", rule]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stderr}")
    return {row["rule"]: row for row in json.loads(result.stdout)["rows"]}


def table(title, names, found, rules):
    print(f"\n{title}: {', '.join(names)}\n\n| rule | epochs run | best trial lost | most on one set | regret |\n|---|---|---|---|---|")
    for rule in rules:
        rows = [found[name][rule] for name in names]
        mean = lambda key: sum(row[key] for row in rows) / len(rows)  # noqa: E731, B023
        print(f"| `{rule}` | {100 * mean('epochs_share'):.1f} % | {100 * mean('winner_lost'):.1f} % "
              f"| {100 * max(row['winner_lost'] for row in rows):.1f} % | {mean('regret_mean'):.4f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", action="append")
    parser.add_argument("--sets", action="store_true", help="also a line a set and rule")
    options = parser.parse_args()
    program = os.environ.get("TUNE_BIN") or os.path.join(ROOT, "build/release/bin/tune")
    folder = os.path.join(os.environ.get("TUNE_SHARED_DIR") or os.path.join(os.path.dirname(ROOT), "shared"), "data", "curves")
    if not os.path.isdir(folder):
        sys.exit(f"{folder} is not there (TUNE_SHARED_DIR)")
    rules = options.rules or RULES
    found, begun = {}, time.monotonic()
    for name, goal in {**TUNED_ON, **REPORTED}.items():
        found[name] = replay(program, os.path.join(folder, name + ".csv.gz"), goal, rules, options)
        if options.sets:
            for rule, row in found[name].items():
                print(f"{name} {rule}: epochs {100 * row['epochs_share']:.1f} %, lost {100 * row['winner_lost']:.1f} %, regret {row['regret_mean']:.4f}")
    print(f"{options.repeats} orders of {options.trials}, {options.workers} at once, {time.monotonic() - begun:.0f} s")
    table("Only reported", list(REPORTED), found, rules)
    table("Tuned on", list(TUNED_ON), found, rules)


if __name__ == "__main__":
    main()
