"""What a problem is: a space, a true value, perhaps noise or a table's rows, and how a result is judged."""

import functools
import math
import os
import zlib
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from . import space

# Regret below this counts as this: nobody tunes to the sixth digit, and a lucky hit must not outweigh ten runs.
REGRET_FLOOR = 1e-5
# Random configurations behind the median of a problem that does not bring its own.
MEDIAN_SAMPLES = 4001


def shared_data(below):
    """The folder of real data beside the checkout: TUNE_SHARED_DIR, else ../shared; None where it is absent."""
    root = os.path.abspath(__file__)
    for _ in range(4):
        root = os.path.dirname(root)
    base = os.environ.get("TUNE_SHARED_DIR") or os.path.join(os.path.dirname(root), "shared")
    path = os.path.join(base, "data", below)
    return path if os.path.exists(path) else None


@dataclass
class Problem:
    """`value` is the true value of a configuration (active parameters only). Inactive, `median` is found by random draws."""

    name: str
    group: str  # synthetic, lcbench, tables, mixed, noisy, many_dimensions
    suite: str  # tuned: looked at while defaults are chosen; reported: only reported
    parameters: dict  # as in a config
    goal: str
    evaluations: int
    best: float
    value: Optional[Callable[[dict], float]] = None
    simple: bool = False  # judged by |value - best|; else that divided by |median - best|
    noise: float = 0.0  # standard deviation of an observation, as a share of |median - best|
    table: Optional[object] = None  # tables.Table: proposals are snapped to its rows
    given_median: Optional[float] = None
    at: Optional[dict] = None  # where the best lies, if that is known

    @functools.cached_property
    def median(self):
        """The middle result of random search."""
        if self.given_median is not None:
            return self.given_median
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        return float(np.median([self.value(space.draw(self.parameters, rng)) for _ in range(MEDIAN_SAMPLES)]))

    def regret(self, value):
        """Of a true value: 0 at the best, and 1 at the median unless `simple`; not below REGRET_FLOOR."""
        gap = value - self.best if self.goal == "minimize" else self.best - value
        return max(gap if self.simple else gap / abs(self.median - self.best), REGRET_FLOOR)

    def log_regret(self, value):
        return math.log10(self.regret(value))

    def start(self, seed):
        """A run: evaluate(configuration, number) -> (observed, true) for number = 1, 2, ... in the order of the proposals."""
        snapped = self.table.start() if self.table else None
        spread = self.noise * abs(self.median - self.best) if self.noise > 0 else 0.0

        def evaluate(configuration, number):
            space.checked(self.parameters, configuration)
            true = snapped(configuration) if snapped else float(self.value(configuration))
            if spread == 0.0:
                return true, true
            noise = np.random.default_rng([zlib.crc32(self.name.encode()), seed, number]).standard_normal()
            return true + spread * float(noise), true

        return evaluate
