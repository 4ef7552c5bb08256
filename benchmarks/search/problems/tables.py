"""Lookup tables: configurations that somebody has really trained, with their learning curves; the last value counts.

A proposal is snapped to the nearest row not used before in the same run (Euclidean in the unit cube, ties to the first row) and the
method is told that row's value for the configuration it proposed, every method alike. A row whose training diverged has the value NaN,
and is told as a failure. TaskSet: Metz et al., "Using a thousand optimization tasks to learn hyperparameter search strategies", 2020;
the other tables: Baker et al., "Accelerating neural architecture search using performance prediction", 2017.
"""

import csv
import functools
import gzip
import math
import os

import numpy as np

from . import space
from .problem import Problem, shared_data

EVALUATIONS = 50


def _taskset():
    """Adam with two kinds of regularisation and of decay. The betas are searched as their distance from 1, on a logarithmic scale."""
    return {"learning_rate": "log", "one_minus_beta1": "log", "one_minus_beta2": "log", "epsilon": "log", "l1": "log", "l2": "log",
            "linear_decay": "log", "exponential_decay": "log"}


# file (without ending): suite, goal, column -> how it is searched (log, linear, int, int log)
TABLES = {
    "taskset_imdb_patch128_LSTM128_avg_bs64": ("tuned", "minimize", _taskset()),
    "taskset_imdb_patch128_LSTM128_embed128_bs64": ("tuned", "minimize", _taskset()),
    "taskset_imdb_patch32_GRU64_avg_bs128": ("tuned", "minimize", _taskset()),
    "taskset_imdb_patch32_IRNN64_relu_last_bs128": ("reported", "minimize", _taskset()),
    "taskset_imdb_patch32_LSTM128_bs128": ("reported", "minimize", _taskset()),
    "taskset_imdb_patch32_VRNN64_relu_avg_bs128": ("reported", "minimize", _taskset()),
    "metaqnn_cifar10": ("reported", "maximize", {"num_params": "int log", "depth": "int", "lr": "log"}),
    "lstm_ptb": ("reported", "minimize", {"n_layer": "int", "n_inputs": "int"}),
}


def column(row, name):
    return 1.0 - float(row[name[len("one_minus_"):]]) if name.startswith("one_minus_") else float(row[name])


class Table:
    def __init__(self, path, how):
        with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        last = [key for key in rows[0] if key[0] == "y" and key[1:].isdigit()][-1]
        values = np.array([float(row[last]) for row in rows])
        self.values = np.where(np.isfinite(values), values, math.nan)
        self.parameters, columns = {}, []
        for name, kind in how.items():
            xs = [column(row, name) for row in rows]
            whole = kind.startswith("int")
            self.parameters[name] = {"type": "int" if whole else "float", "min": int(min(xs)) if whole else min(xs),
                                     "max": int(max(xs)) if whole else max(xs), "scale": "log" if "log" in kind else "linear"}
            columns.append([space.unit(self.parameters[name], x) for x in xs])
        self.rows = np.array(columns).T

    def nearest(self, configuration, used):
        at = np.array([space.unit(parameter, configuration[name]) for name, parameter in self.parameters.items()])
        distances = ((self.rows - at) ** 2).sum(axis=1)
        distances[used] = math.inf
        return int(np.argmin(distances))

    def start(self):
        used = []

        def value(configuration):
            used.append(self.nearest(configuration, used))
            return float(self.values[used[-1]])

        return value


@functools.lru_cache(maxsize=None)
def table(path, how):
    return Table(path, dict(how))


def all_problems():
    found = []
    for name, (suite, goal, how) in TABLES.items():
        path = shared_data(os.path.join("curves", name + ".csv.gz"))
        if path is None:
            continue
        rows = table(path, tuple(how.items()))
        best = np.nanmin(rows.values) if goal == "minimize" else np.nanmax(rows.values)
        worst = math.inf if goal == "minimize" else -math.inf
        median = float(np.median(np.where(np.isnan(rows.values), worst, rows.values)))
        found.append(Problem(name=name, group="tables", suite=suite, parameters=rows.parameters, goal=goal, evaluations=EVALUATIONS,
                             best=float(best), given_median=median, table=rows))
    return found
