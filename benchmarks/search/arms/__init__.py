"""The methods that are compared. An arm proposes one configuration at a time and is told the values, in any order.

    arm = make("optuna-gp", problem, seed=3, pending=4)
    handle, configuration = arm.ask()      # active parameters only; (None, None): the space is used up
    arm.tell(handle, value)                # NaN: the trial failed
    arm.cpu_seconds(), arm.close()

A name may carry options (`tune:acquisition=ucb,input_warp=true`) and, after `#`, a label that only tells results apart.
"""

import importlib
import json

# name: module, class
ARMS = {
    "tune": ("tune_session", "TuneSession"),
    "random": ("random_arm", "Random"),
    "optuna-gp": ("optuna_arms", "OptunaGp"),
    "optuna-gp-flat": ("optuna_arms", "OptunaGpFlat"),
    "optuna-tpe": ("optuna_arms", "OptunaTpe"),
    "botorch": ("botorch_arm", "BoTorch"),
    "smac": ("smac_arm", "Smac"),
}


def parse(text):
    """(name, options) of an arm as written; ValueError where there is no such arm."""
    name, _, options = text.partition("#")[0].partition(":")
    if name not in ARMS:
        raise ValueError(f"{text}: no such arm; there are {', '.join(ARMS)}")
    found = {}
    for item in filter(None, options.split(",")):
        key, equals, value = item.partition("=")
        if not equals:
            raise ValueError(f"{text}: options are written key=value")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return name, found


def arm_class(text):
    module, name = ARMS[parse(text)[0]]
    return getattr(importlib.import_module("." + module, __name__), name)


def make(text, problem, seed, pending):
    return arm_class(text)(problem, seed, pending, parse(text)[1])


def version(text):
    """Version of the program or library behind an arm, as it is installed here; raises where it is not."""
    return arm_class(text).version()
