"""Results of runs: one JSON object a line, plain or gzip-compressed. The last line of a run counts."""

import gzip
import json
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "results")
PEERS = os.path.join(FOLDER, "peers.jsonl.gz")
# Digits of values and times that are kept.
DIGITS = 9


def rounded(value, digits=DIGITS):
    return float(f"{value:.{digits}g}")


def key_of(run):
    return run["arm"], run["problem"], run["seed"], run["pending"], run["evaluations"]


def read(paths):
    """Runs by key, of all files that are there, later ones before earlier ones. A line cut off by a crash is passed over."""
    runs = {}
    for path in paths:
        if not os.path.exists(path):
            continue
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
            for line in file:
                try:
                    run = json.loads(line)
                except ValueError:
                    continue
                runs[key_of(run)] = run
    return runs


def append(path, run):
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(run, separators=(",", ":")) + "\n")


def value_after(run, told):
    """The true value of what would have been recommended after `told` values; None when there was nothing yet."""
    found = None
    for number, value in run["trajectory"]:
        if number > told:
            break
        found = value
    return found
