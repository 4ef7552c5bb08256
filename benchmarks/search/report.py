#!/usr/bin/env python3
"""Tables of what run.py has kept: how close each method came to the best.

    benchmarks/search/report.py [FILE...] [--suite reported] [--pending 0] [--against tune] [--markdown]

Default files: results/peers.jsonl.gz and results/ours.jsonl. For every group of problems: mean log10 regret (normalised by the median of
random search, simple for the synthetic functions; README.md), its standard error, the mean rank, the processor time of a suggestion, and
the difference to the arm of --against, over the pairs (problem, seed) that both have. A difference has two standard errors:
`seeds` takes the problems as given, `problems` takes them as drawn from many.
"""

import argparse
import collections
import math
import os
import statistics
import sys

import problems
import results_file

Line = collections.namedtuple("Line", "arm runs mean error rank cpu pairs difference error_seeds error_problems")


def deviation(values):
    return statistics.stdev(values) if len(values) > 1 else math.nan


def by_problem(values):
    found = collections.defaultdict(list)
    for (problem, _), value in values.items():
        found[problem].append(value)
    return found


def mean_and_errors(values):
    """Of {(problem, seed): value}: the mean over problems of their means over seeds, and both standard errors."""
    groups = by_problem(values)
    means = [statistics.fmean(group) for group in groups.values()]
    variances = [deviation(group) ** 2 / len(group) for group in groups.values()]
    over_seeds = math.sqrt(sum(variances)) / len(groups) if all(v == v for v in variances) else math.nan
    return statistics.fmean(means), over_seeds, deviation(means) / math.sqrt(len(means))


def log_regrets(runs, known, options):
    """{arm: {(problem, seed): log10 regret}} and {arm: {(problem, seed): milliseconds a suggestion}}."""
    regrets, times = collections.defaultdict(dict), collections.defaultdict(dict)
    for run in runs.values():
        problem = known.get(run["problem"])
        if problem is None or run["pending"] != options.pending or run["evaluations"] != (options.evaluations or problem.evaluations):
            continue
        value = results_file.value_after(run, options.at or run["evaluations"])
        place = (run["problem"], run["seed"])
        # A run in which everything failed is worth what random search's middle result is.
        regrets[run["arm"]][place] = problem.log_regret(problem.median if value is None else value)
        times[run["arm"]][place] = run["cpu_ms"]
    return regrets, times


def ranks(regrets, arms):
    """Mean rank of each arm over the places that all of them have; equal ones share."""
    common = set.intersection(*(set(regrets[arm]) for arm in arms)) if arms else set()
    sums = collections.defaultdict(float)
    for place in common:
        for arm in arms:
            mine = regrets[arm][place]
            others = [regrets[other][place] for other in arms if other != arm]
            sums[arm] += 1.0 + sum(other < mine for other in others) + 0.5 * sum(other == mine for other in others)
    return {arm: sums[arm] / len(common) for arm in arms} if common else {}, len(common)


def lines_of(regrets, times, against):
    arms = sorted(regrets, key=lambda arm: mean_and_errors(regrets[arm])[0])
    rank, common = ranks(regrets, arms)
    for arm in arms:
        mean, error, _ = mean_and_errors(regrets[arm])
        pairs = {place: value - regrets[against][place] for place, value in regrets[arm].items()
                 if against in regrets and place in regrets[against] and arm != against}
        difference = mean_and_errors(pairs) if pairs else (math.nan,) * 3
        yield Line(arm, len(regrets[arm]), mean, error, rank.get(arm, math.nan), statistics.median(times[arm].values()), len(pairs),
                   *difference), common


def shown(value, digits=2):
    return "-" if value != value else f"{value:.{digits}f}"


def table(rows, markdown):
    if markdown:
        rows = [rows[0], ["---"] * len(rows[0])] + rows[1:]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))) for row in rows)


def group_table(regrets, times, options):
    rows = [["arm", "runs", "log10 regret", "se", "rank", f"minus {options.against}", "se seeds", "se problems", "pairs", "cpu ms"]]
    common = 0
    for line, common in lines_of(regrets, times, options.against):
        rows.append([line.arm, str(line.runs), shown(line.mean), shown(line.error), shown(line.rank, 1), shown(line.difference),
                     shown(line.error_seeds), shown(line.error_problems), str(line.pairs or "-"), f"{line.cpu:.3g}"])
    return table(rows, options.markdown) + f"\n{'' if not options.markdown else chr(10)}ranks over {common} runs that all have"


def problem_table(regrets, known, options):
    arms = sorted(regrets)
    names = [name for name in known if any(place[0] == name for arm in arms for place in regrets[arm])]
    rows = [["problem", *arms]]
    for name in names:
        row = [name]
        for arm in arms:
            values = [value for (problem, _), value in regrets[arm].items() if problem == name]
            error = deviation(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
            row.append(f"{statistics.fmean(values):.2f} ({shown(error)})" if values else "-")
        rows.append(row)
    return table(rows, options.markdown)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", default=[results_file.PEERS, os.path.join(results_file.FOLDER, "ours.jsonl")])
    parser.add_argument("--suite", choices=("tuned", "reported", "all"), default="tuned", help="default tuned")
    parser.add_argument("--pending", type=int, default=0)
    parser.add_argument("--evaluations", type=int, help="runs of that many instead of each problem's own number")
    parser.add_argument("--at", type=int, help="regret after so many values, default all")
    parser.add_argument("--against", default="tune", help="the arm that the others are compared with; default tune")
    parser.add_argument("--arms", help="only these, separated by blanks")
    parser.add_argument("--groups", help="only these, separated by commas")
    parser.add_argument("--problems", action="store_true", help="one line a problem, too")
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


def main():
    options = parse_arguments()
    if problems.missing():
        print(problems.missing(), file=sys.stderr)
    known = {name: p for name, p in problems.all_problems().items() if options.suite in ("all", p.suite)}
    runs = results_file.read(options.files)
    if options.arms:
        runs = {key: run for key, run in runs.items() if run["arm"] in options.arms.split()}
    for group in options.groups.split(",") if options.groups else problems.GROUPS:
        members = {name: p for name, p in known.items() if p.group == group}
        regrets, times = log_regrets(runs, members, options)
        if not regrets:
            continue
        title = f"{group}, {options.suite}, {options.pending} pending"
        print(f"\n### {title}\n" if options.markdown else f"\n{title}")
        print(group_table(regrets, times, options))
        if options.problems:
            print("\n" + problem_table(regrets, members, options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
