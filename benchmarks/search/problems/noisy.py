"""Problems whose observations are noisy: the method sees true value + noise, and is judged by the true value of the configuration it
would recommend, the one with its best observation. The noise of an observation depends on the problem, the seed and the number of the
evaluation, so that every method meets the same."""

import dataclasses

from . import lcbench, synthetic
from .problem import shared_data

EVALUATIONS = 60


def noisy(problem, suite, noise):
    """`noise`: standard deviation, as a share of the distance from the median to the best."""
    return dataclasses.replace(problem, name=problem.name + "_noisy", group="noisy", suite=suite, evaluations=EVALUATIONS, noise=noise,
                               simple=False)


def all_problems():
    found = [noisy(synthetic.make("branin"), "tuned", 0.05), noisy(synthetic.make("hartmann6"), "reported", 0.1)]
    folder = shared_data(lcbench.FOLDER)
    if folder is not None:
        found.append(noisy(lcbench.make(folder, "167168", "acc"), "reported", 0.03))
    return found
