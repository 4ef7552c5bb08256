"""What must hold of a study however it was disturbed, and how its report is compared with that of an undisturbed one."""

import collections
import json
import os

from fault_support import check

# What may differ between two runs of a deterministic study.
FREE = {"start", "end", "time", "seconds", "away_seconds", "elapsed_seconds", "training_seconds", "gpu_seconds", "billable_seconds", "gpu_use", "saved",
        "attempt", "attempts"}


def comparable(report):
    if isinstance(report, dict):
        return {key: comparable(value) for key, value in report.items() if key not in FREE}
    if isinstance(report, list):
        return [comparable(value) for value in report]
    return report


def differences(expected, got, where=""):
    """Paths at which two JSON values differ."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in sorted(expected.keys() | got.keys()):
            yield from differences(expected.get(key), got.get(key), f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (left, right) in enumerate(zip(expected, got)):
            yield from differences(left, right, f"{where}[{index}]")
    elif expected != got:
        yield f"{where}: {expected!r} undisturbed, {got!r} here"


def read_journal(directory):
    with open(os.path.join(directory, "journal.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def has_record(directory):
    """Whether there is a study to resume: a journal with a record."""
    try:
        with open(f"{directory}/journal.jsonl", "rb") as file:
            return b"\n" in file.read(1 << 20)
    except OSError:
        return False


def read_starts(path):
    """(trial, attempt) of each start that the trials themselves noted."""
    try:
        with open(path, encoding="utf-8") as file:
            return [tuple(int(word) for word in line.split()) for line in file]
    except FileNotFoundError:
        return []


def check_journal(events, starts, trials):
    """Returns how many attempts were lost or interrupted."""
    check([event["seq"] for event in events] == list(range(1, len(events) + 1)), "the sequence numbers have a gap")
    launched = [(event["trial"], event["attempt"]) for event in events if event["op"] == "launched"]
    twice = [one for one, count in collections.Counter(launched).items() if count != 1]
    check(not twice, f"launched more than once (trial, attempt): {twice}")
    for op in ("proposed", "ended"):
        count = collections.Counter(event["trial"] for event in events if event["op"] == op)
        check(all(count[trial] == 1 for trial in range(1, trials + 1)) and len(count) == trials, f"not one '{op}' for each trial: {count}")
    over = set()
    lost = {(event["trial"], event["attempt"]) for event in events if event["op"] == "interrupted"}
    for event in events:
        if event["op"] == "ended":
            over.add(event["trial"])
        elif event["op"] in ("launched", "started", "observed", "decision", "interrupted"):
            check(event["trial"] not in over, f"{event['op']} after the end of trial {event['trial']}, seq {event['seq']}")
        if event["op"] == "launched" and event["attempt"] > 1:
            before = (event["trial"], event["attempt"] - 1)
            check(before in lost, f"a new attempt although the one before was not lost: {event}")
    check(events[-1]["op"] == "study_ended", f"the last event is {events[-1]['op']}")
    count = collections.Counter(starts)
    twice = [one for one, number in count.items() if number != 1]
    check(not twice, f"the command was started more than once (trial, attempt): {twice}")
    check(set(starts) <= set(launched), f"started, but not in the journal: {set(starts) - set(launched)}")
    check({trial for trial, _ in starts} == set(range(1, trials + 1)), "not every trial was started")
    return len(lost)
