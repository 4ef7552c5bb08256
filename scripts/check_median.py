#!/usr/bin/env python3
"""Recomputes from a study's observations alone whom the median rule should have stopped, and compares that with what happened.

    tune report DIR --format json | scripts/check_median.py
    scripts/check_median.py REPORT.json --min-trials 4 --max-step 8

It shares no code with tune: it is written from the sentence in docs/early-stopping.md. Options of the rule that are not given here are
taken from the report (study.early_stopping_options, study.max_step) where it holds them, else they are the rule's defaults.

What happened before what: the sequence numbers `order` of observations and `ended_order` of trials when the report holds them, else
their times (a trial is Completed at time t when its end is <= t). The value judged at a step is the one in the report; where a later
attempt replaced it, the first one is not known, and the script says for which trials that may be so.

Exit code: 0 no difference, 1 differences, 2 the report cannot be used. Needs Python 3.8 and nothing else.
"""

import argparse
import json
import math
import re
import sys
from datetime import datetime, timezone

# Values this close to a threshold (relative) may be judged either way: the rule adds doubles, and so does this script.
ROUNDING = 1e-12


def parse_time(text):
    """ISO 8601 in UTC to seconds since 1970."""
    match = re.fullmatch(r"(\d+-\d+-\d+)[T ](\d+:\d+:\d+)(?:\.(\d+))?(?:Z|\+00:00)?", text)
    if not match:
        raise ValueError(f"no time in UTC: {text!r}")
    whole = datetime.strptime(f"{match[1]} {match[2]}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    return whole.timestamp() + float("0." + (match[3] or "0"))


def parse_duration(text):
    """Seconds, or 90s, 15m, 4h, 2d."""
    match = re.fullmatch(r"([0-9.]+)([smhd]?)", str(text))
    if not match:
        raise ValueError(f"no duration: {text!r}")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


def parse_warmup(given):
    """An int is a step; `20%` or a number with a point is a share."""
    if given is None or (isinstance(given, int) and not isinstance(given, bool)):
        return given
    if isinstance(given, float):
        return given
    if given.endswith("%"):
        return float(given[:-1]) / 100
    return float(given) if "." in given else int(given)


class Trial:
    def __init__(self, raw, metric, ordered):
        self.number = raw["trial"]
        self.status = raw["status"]
        self.stop_reason = raw.get("stop_reason") or ""
        self.stop_step = raw.get("stop_step")
        self.attempts = {one["attempt"]: one for one in raw.get("attempts") or []}
        self.end = None
        if raw.get("end") is not None and self.status in ("Completed", "Stopped", "Failed"):
            self.end = raw["ended_order"] if ordered else parse_time(raw["end"])
        # (when, step, value, time in seconds, attempt), in the order in which they came
        self.points = []
        for one in raw.get("observations") or []:
            if one["metric"] == metric:
                time = parse_time(one["time"])
                when = one["order"] if ordered else time
                self.points.append((when, one["step"], float(one["value"]), time, one["attempt"]))
        self.points.sort(key=lambda point: point[:2])

    def completed_by(self, when):
        return self.status == "Completed" and self.end is not None and self.end <= when

    def values(self, when, up_to=None):
        """step -> value, of what was known at `when`."""
        return {p[1]: p[2] for p in self.points if p[0] <= when and (up_to is None or p[1] <= up_to)}


class Rule:
    def __init__(self, options, maximize, declared_max):
        self.references = options.get("references", "completed")
        self.value = options.get("value", "current")
        self.min_trials = int(options.get("min_trials", 5))
        self.percentile = float(options.get("percentile", 50))
        self.margin = float(options.get("margin", 0))
        self.warmup = parse_warmup(options.get("warmup"))
        self.protect_best = int(options.get("protect_best") or 0)
        self.min_runtime = parse_duration(options.get("min_runtime") or 0)
        self.on_nan = options.get("on_nan", "stop")
        self.maximize = maximize
        self.declared_max = declared_max

    def goodness(self, value):
        """Larger is better; what is no number is worst."""
        if math.isnan(value):
            return -math.inf
        return value if self.maximize else -value

    def max_step(self, trials, when):
        if self.declared_max is not None:
            return self.declared_max
        lengths = [max(t.values(when), default=0) for t in trials if t.completed_by(when)]
        return max(lengths, default=0) or None

    def first_judged(self, max_step):
        if self.warmup is None:
            return 2 if max_step is None else max(2, -(-max_step // 5))
        if isinstance(self.warmup, int):
            return max(1, self.warmup)
        return 2 if max_step is None else max(1, math.ceil(round(self.warmup * max_step, 9)))

    def averages(self, trials, judged, when, step):
        found = []
        for trial in trials:
            if trial is judged or not (self.references == "reached" or trial.completed_by(when)):
                continue
            values = trial.values(when)
            early = [values[s] for s in sorted(values) if s <= step]
            if not early or max(values) < step:
                continue
            total = 0.0
            for value in early:  # not sum(): newer Pythons compensate for rounding
                total += value
            found.append((self.goodness(total / len(early)), trial.number))
        return found

    def threshold(self, averages):
        ranked = sorted(average for average, _ in averages)
        position = self.percentile * (len(ranked) - 1) / 100
        low = math.floor(position)
        if position == low or ranked[low + 1] == ranked[low]:
            return ranked[low]
        if math.isinf(ranked[low]):
            return ranked[low]
        return ranked[low] + (position - low) * (ranked[low + 1] - ranked[low])

    def protected(self, trials, judged, when):
        def best(trial):
            return max((self.goodness(v) for v in trial.values(when).values()), default=-math.inf)

        own = best(judged)
        if own == -math.inf:
            return False
        return sum(best(other) > own for other in trials if other is not judged) < self.protect_best

    def ran_long_enough(self, trial, time):
        """Whether the trial's attempts had run `min_runtime` together by `time`."""
        if self.min_runtime == 0:
            return True
        ran = 0.0
        for attempt in trial.attempts.values():
            start = parse_time(attempt["start"]) if attempt.get("start") else time
            end = parse_time(attempt["end"]) if attempt.get("end") else time
            ran += max(0.0, min(end, time) - start)
        return ran >= self.min_runtime

    def judge(self, trials, trial, point):
        """None: goes on; else why it stops: (step, sentence, whether rounding decides)."""
        when, step = point[0], point[1]
        max_step = self.max_step(trials, when)
        if step < self.first_judged(max_step) or step == max_step or not self.ran_long_enough(trial, point[3]):
            return None
        averages = self.averages(trials, trial, when, step)
        if not averages or len(averages) < self.min_trials:
            return None
        own = self.goodness(point[2])
        if self.value == "best":
            own = max(self.goodness(v) for v in trial.values(when, step).values())
        threshold = self.threshold(averages)
        shortfall = threshold - own  # not a number for two equal infinities
        close = False
        if math.isfinite(shortfall) and shortfall != self.margin:  # an exact tie is one: it goes on
            close = abs(shortfall - self.margin) <= ROUNDING * max(abs(threshold), abs(own), self.margin)
        if not (shortfall > self.margin or close) or self.protected(trials, trial, when):
            return None
        sign = 1 if self.maximize else -1
        names = ", ".join(str(number) for _, number in sorted(averages, key=lambda pair: pair[1]))
        return step, f"{sign * own:g} against {sign * threshold:g} of trials {names}", close


def first_stop(rule, trials, trial):
    """The first sure stop, and the steps where rounding decides before it."""
    close_steps = []
    for point in trial.points:
        if trial.end is not None and point[0] > trial.end:
            break
        if rule.on_nan == "stop" and not math.isfinite(point[2]):
            break  # diverged: no rule is asked any more
        verdict = rule.judge(trials, trial, point)
        if verdict and verdict[2]:
            close_steps.append(verdict[0])
        elif verdict:
            return verdict, close_steps
    return None, close_steps


def difference(trial, verdict, close_steps):
    """A sentence, or None when what happened is what should have."""
    last = trial.points[-1][1] if trial.points else 0
    if trial.stop_reason == "median":
        allowed = close_steps + ([verdict[0]] if verdict else [])
        if not allowed:
            return "was stopped by the median rule; recomputed, it never is"
        if trial.stop_step is not None and trial.stop_step not in allowed:
            return f"was stopped at step {trial.stop_step}; recomputed: step {allowed[-1]} ({verdict[1] if verdict else 'a tie'})"
        return None
    if verdict is None:
        return None
    if trial.stop_reason and verdict[0] == last:
        return None  # it had been asked to end for another reason before its last observation was judged
    if trial.status == "Stopping":
        return None
    return f"is {trial.status} after step {last}; recomputed, it stops at step {verdict[0]} ({verdict[1]})"


def load(path):
    with (sys.stdin if path == "-" else open(path, encoding="utf-8")) as file:
        report = json.load(file)
    if report.get("schema") != 1:
        raise ValueError("no report of schema 1")
    return report


def options_of(args, study):
    options = dict(study.get("early_stopping_options") or {})
    options.setdefault("on_nan", study["objective"].get("on_nan", "stop"))
    for name in ("references", "value", "min_trials", "percentile", "margin", "warmup", "protect_best", "min_runtime", "on_nan"):
        if getattr(args, name) is not None:
            options[name] = getattr(args, name)
    return options


def check(report, args):
    study = report["study"]
    observations = [o for t in report["trials"] for o in t.get("observations") or []]
    ended = [t for t in report["trials"] if t["status"] in ("Completed", "Stopped", "Failed")]
    ordered = all(o.get("order") is not None for o in observations) and all(t.get("ended_order") is not None for t in ended)
    objective = study["objective"]
    trials = [Trial(raw, objective["metric"], ordered) for raw in report["trials"]]
    declared = args.max_step if args.max_step is not None else study.get("max_step")
    rule = Rule(options_of(args, study), objective["goal"] == "maximize", declared)

    differences = stops = 0
    for trial in trials:
        verdict, close_steps = first_stop(rule, trials, trial)
        wrong = difference(trial, verdict, close_steps)
        stops += verdict is not None
        if wrong:
            differences += 1
            print(f"trial {trial.number}: {wrong}")
        elif verdict and args.verbose:
            print(f"trial {trial.number}: stops at step {verdict[0]} ({verdict[1]}), as it did")
    again = [str(t.number) for t in trials if len(t.attempts) > 1]
    if again:
        print(f"note: trials {', '.join(again)} have several attempts; a value that was replaced is not in the report")
    by = "sequence numbers" if ordered else "times"
    print(f"{len(trials)} trials, {stops} stops recomputed by {by}, {differences} differences")
    return 1 if differences else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog="Exit code: 0 no difference, 1 differences, 2 unusable.")
    parser.add_argument("report", nargs="?", default="-", help="output of `tune report DIR --format json`; default: standard input")
    parser.add_argument("--references", choices=["completed", "reached"])
    parser.add_argument("--value", choices=["current", "best"])
    parser.add_argument("--min-trials", type=int)
    parser.add_argument("--percentile", type=float)
    parser.add_argument("--margin", type=float)
    parser.add_argument("--warmup", type=parse_warmup, help="a step, or a share as 20%% or 0.2")
    parser.add_argument("--protect-best", type=int)
    parser.add_argument("--min-runtime", help="seconds, or 90s, 15m, 4h, 2d")
    parser.add_argument("--on-nan", choices=["stop", "ignore"], help="objective.on_nan of the config; default stop")
    parser.add_argument("--max-step", type=int, help="the declared maximum step; default: the report's, else the longest completed trial")
    parser.add_argument("--verbose", action="store_true", help="print the stops that agree too")
    args = parser.parse_args()
    try:
        return check(load(args.report), args)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"check_median.py: {args.report}: {type(error).__name__}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
