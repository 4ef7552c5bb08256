"""All problems of the search benchmark, by name. README.md beside says which are tuned on and which only reported."""

import fnmatch
import functools

from . import lcbench, mixed, noisy, synthetic, tables
from .problem import shared_data

GROUPS = ("lcbench", "synthetic", "mixed", "tables", "noisy", "many_dimensions")


@functools.lru_cache(maxsize=1)
def all_problems():
    """By name, in the order of GROUPS; without those whose data is not there."""
    found = [p for module in (synthetic, lcbench, mixed, tables, noisy) for p in module.all_problems()]
    return {p.name: p for p in sorted(found, key=lambda p: GROUPS.index(p.group))}


def missing():
    """A sentence about the problems that are left out because their data is not there, or None."""
    absent = [below for below in (lcbench.FOLDER, "curves") if shared_data(below) is None]
    return f"no {' and no '.join(absent)} in TUNE_SHARED_DIR or ../shared: the problems made from it are left out" if absent else None


def select(words, suite="all"):
    """Problems by name, pattern or group; no words: all. ValueError for a word that fits none."""
    known = {name: p for name, p in all_problems().items() if suite in ("all", p.suite)}
    if not words:
        return list(known.values())
    chosen = {}
    for word in words:
        fitting = [p for p in known.values() if p.group == word or fnmatch.fnmatch(p.name, word)]
        if not fitting:
            raise ValueError(f"{word}: no such problem or group; there are {', '.join(GROUPS)} and {', '.join(known)}")
        chosen.update((p.name, p) for p in fitting)
    return list(chosen.values())
