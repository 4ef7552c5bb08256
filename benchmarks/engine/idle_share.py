#!/usr/bin/env python3
"""How long slots are empty: trials of ten seconds, Bayesian search.     idle_share.py --tune PROGRAM [--trials 24] [--parallel 4] [--seconds 10]

The trials sleep, so that a busy machine changes little. Prints the idle share of the slots' time from the report's ledger. Exit code: 0 the share is at most 2 %.
"""

import argparse
import os
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{SOURCE}/tests/faults")
import fault_support  # noqa: E402

MOST_IDLE = 0.02


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tune", required=True)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    fault_support.HANG_S = 3600.0
    study = fault_support.Study(os.path.abspath(options.tune))
    try:
        study.write("c.yaml", "name: idle\nobjective: {metric: score, goal: maximize}\nparameters: {x: {type: float, min: 0, max: 1}}\n"
                    f"strategy: {{name: bayesian, seed: 1}}\nlimits: {{max_trials: {options.trials}, max_parallel: {options.parallel}}}\n"
                    f"command: [sh, -c, \"sleep {options.seconds}; echo score={{x}}\"]\nmetrics: [{{name: score, regex: 'score=(\\S+)'}}]\n")
        code, _, err = study.run("run", "c.yaml", "--dir", "study", "-q")
        fault_support.equal(code, 0, f"exit code ({err})")
        ledger = study.report()["ledger"]
    finally:
        study.close()
    share = ledger["idle"]["seconds"] / ledger["open"]["seconds"]
    print(f"{options.trials} trials of {options.seconds:.0f} s in {options.parallel} slots: open {ledger['open']['seconds']:.1f} s, idle {ledger['idle']['seconds']:.1f} s = {100 * share:.2f} %")
    return 0 if share <= MOST_IDLE else 1


if __name__ == "__main__":
    sys.exit(main())
