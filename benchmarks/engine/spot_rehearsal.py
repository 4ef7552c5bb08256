#!/usr/bin/env python3
"""What interruptions cost: trials of a minute that save every five seconds, on slots that are taken away every half minute.

spot_rehearsal.py --tune PROGRAM [--every 30] [--trials 8] [--parallel 4] [--seed 1]

The trials sleep instead of computing, so that a busy machine changes little. They die of SIGTERM at once, so that what they did since their last checkpoint is lost. Prints how often they were
interrupted, the seconds that were done again as a share of the useful ones, the bound on it (half a checkpoint interval for each interruption), and whether every final value is the one
of an uninterrupted trial. Exit code: 0 the values are right and the share is at most 15 %.
"""

import argparse
import os
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{SOURCE}/tests/faults")
import fault_support  # noqa: E402
from spot import final, prepare  # noqa: E402

STEPS = 60
PACE_S = 1.0
STEPS_PER_CHECKPOINT = 5
MOST_WASTED = 0.15


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tune", required=True)
    parser.add_argument("--every", type=float, default=30.0)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    fault_support.HANG_S = 3600.0
    study = fault_support.Study(os.path.abspath(options.tune))
    try:
        prepare(study, f"executor: {{name: local, interrupt: {{every: {options.every}s, notice: 5s, away: 2s, seed: {options.seed}}}}}\n",
                steps=STEPS, pace=PACE_S, trials=options.trials, parallel=options.parallel)
        code, _, err = study.run("run", "c.yaml", "--dir", "study", "-q")
        fault_support.equal(code, 0, f"exit code ({err})")
        report = study.report()
    finally:
        study.close()
    trials = report["trials"]
    right = sum(trial["status"] == "Completed" and trial["value"] == final(trial["parameters"]["x"], STEPS) for trial in trials)
    interruptions = sum(attempt["end_reason"] == "interrupted" for trial in trials for attempt in trial["attempts"])
    wasted = report["ledger"]["redone"]["seconds"]
    useful = report["seconds"]["training"] - wasted
    bound = interruptions * STEPS_PER_CHECKPOINT * PACE_S / 2
    print(f"{len(trials)} trials of {STEPS * PACE_S:.0f} s, a checkpoint every {STEPS_PER_CHECKPOINT * PACE_S:.0f} s, slots taken away every {options.every:.0f} s")
    print(f"interruptions {interruptions}; useful {useful:.0f} s, done again {wasted:.0f} s = {100 * wasted / useful:.1f} % of useful "
          f"(half an interval each: {100 * bound / useful:.1f} %); idle {report['ledger']['idle']['seconds']:.0f} s; right values {right} of {len(trials)}")
    return 0 if right == len(trials) and wasted <= MOST_WASTED * useful else 1


if __name__ == "__main__":
    sys.exit(main())
