"""Mixed and conditional problems whose best is known by construction: sums of terms that are never negative, all zero at one place.

They are shaped like tuning tasks: the learning rate's best value depends on the optimizer and on the width, some choices shut off
whole groups of parameters, and wrong choices cost something without hiding what the rest is worth.
"""

import math

from .problem import Problem

EVALUATIONS = 100


def number(low, high, scale="linear", **more):
    return {"type": "float", "min": low, "max": high, "scale": scale, **more}


def whole(low, high, scale="linear", **more):
    return {"type": "int", "min": low, "max": high, "scale": scale, **more}


def choice(*values, **more):
    return {"type": "categorical", "values": list(values), **more}


def dip(distance, width):
    """0 at no distance, 1 far away, a parabola near 0: how much a wrong value costs at most is bounded."""
    return 1.0 - math.exp(-0.5 * (distance / width) ** 2)


# --- mixed_a: training a network. Two conditional groups under one parent, a ridge between learning rate and width. ---------------
SPACE_A = {
    "optimizer": choice("sgd", "adam", "rmsprop"),
    "activation": choice("relu", "tanh", "gelu", "elu"),
    "learning_rate": number(1e-5, 1.0, "log"),
    "units": whole(16, 1024, "log"),
    "layers": whole(1, 8),
    "dropout": number(0.0, 0.8),
    "momentum": number(0.0, 0.99, when={"optimizer": ["sgd", "rmsprop"]}),
    "beta2_gap": number(1e-4, 0.3, "log", when={"optimizer": "adam"}),
}
BEST_A = {"optimizer": "adam", "activation": "gelu", "learning_rate": 10.0**-2.6, "units": 256, "layers": 3, "dropout": 0.15,
          "beta2_gap": 0.02}
RATE_A = {"sgd": -1.2, "adam": -2.6, "rmsprop": -3.1}


def mixed_a(c):
    off = math.log10(c["learning_rate"]) - RATE_A[c["optimizer"]] + 0.35 * math.log2(c["units"] / 256.0)
    loss = 1.5 * dip(off, 0.7) + 0.05 * off * off
    loss += {"sgd": 0.12, "adam": 0.0, "rmsprop": 0.2}[c["optimizer"]]
    loss += {"relu": 0.06, "tanh": 0.3, "gelu": 0.0, "elu": 0.1}[c["activation"]] * (1.0 + 0.2 * (c["layers"] - 1))
    loss += 0.4 * dip(math.log2(c["units"] / 256.0), 1.6) + 0.06 * abs(c["layers"] - 3)
    loss += 0.8 * (c["dropout"] - 0.15) ** 2
    if c["optimizer"] == "adam":
        loss += 0.3 * dip(math.log10(c["beta2_gap"] / 0.02), 0.8)
    else:
        loss += 0.4 * dip(c["momentum"] - 0.85, 0.25)
    return loss


# --- mixed_b: choosing a model and its own hyperparameters. Four groups under one parent, five choices at the top. ------------------
SPACE_B = {
    "model": choice("forest", "boosting", "svm", "linear"),
    "scaler": choice("none", "standard", "robust", "quantile", "power"),
    "imputer": choice("mean", "median", "knn"),
    "balance": choice(True, False),
    "selector": choice("none", "anova", "mutual", "lasso", "pca", "tree"),
    "kept_share": number(0.05, 1.0),
    "trees": whole(10, 2000, "log", when={"model": ["forest", "boosting"]}),
    "depth": whole(1, 16, when={"model": ["forest", "boosting"]}),
    "shrinkage": number(1e-3, 1.0, "log", when={"model": "boosting"}),
    "subsample": number(0.3, 1.0, when={"model": "boosting"}),
    "cost": number(1e-3, 1e3, "log", when={"model": ["svm", "linear"]}),
    "gamma": number(1e-5, 10.0, "log", when={"model": "svm"}),
    "kernel": choice("rbf", "poly", "sigmoid", when={"model": "svm"}),
    "penalty": choice("l1", "l2", "elastic", when={"model": "linear"}),
}
BEST_B = {"model": "boosting", "scaler": "robust", "imputer": "knn", "balance": False, "selector": "mutual", "kept_share": 0.6,
          "trees": 400, "depth": 5, "shrinkage": 0.05, "subsample": 0.75}


def model_b(c):
    if c["model"] == "forest":
        return 0.25 + 0.3 * dip(math.log10(c["trees"] / 2000.0), 1.0) + 0.02 * abs(c["depth"] - 12)
    if c["model"] == "boosting":  # few trees want large steps
        ridge = math.log10(c["trees"] / 400.0) + math.log10(c["shrinkage"] / 0.05)
        return (0.9 * dip(ridge, 0.5) + 0.25 * dip(math.log10(c["shrinkage"] / 0.05), 0.9) + 0.03 * abs(c["depth"] - 5)
                + 0.6 * (c["subsample"] - 0.75) ** 2)
    if c["model"] == "svm":
        ridge = math.log10(c["cost"]) + math.log10(c["gamma"] / 0.01)
        return (0.1 + {"rbf": 0.0, "poly": 0.15, "sigmoid": 0.4}[c["kernel"]] + 0.7 * dip(ridge, 0.8)
                + 0.3 * dip(math.log10(c["cost"] / 10.0), 1.2))
    return 0.35 + {"l1": 0.05, "l2": 0.1, "elastic": 0.0}[c["penalty"]] + 0.4 * dip(math.log10(c["cost"]), 1.5)


def mixed_b(c):
    trees = c["model"] in ("forest", "boosting")
    scaler = {"none": 0.25, "standard": 0.05, "robust": 0.0, "quantile": 0.08, "power": 0.12}[c["scaler"]] * (0.3 if trees else 1.0)
    selector = {"none": 0.15, "anova": 0.08, "mutual": 0.0, "lasso": 0.12, "pca": 0.3, "tree": 0.05}[c["selector"]]
    imputer = {"mean": 0.06, "median": 0.03, "knn": 0.0}[c["imputer"]]
    return model_b(c) + scaler + selector + imputer + (0.04 if c["balance"] else 0.0) + 0.5 * dip(c["kept_share"] - 0.6, 0.3)


# --- mixed_c: serving a model. Two parents with a group each, stepped numbers, whole numbers on both scales, no smooth ridge. ------
SPACE_C = {
    "cache": choice("off", "lru", "lfu"),
    "codec": choice("raw", "lz4", "zstd"),
    "threads": whole(1, 64, "log"),
    "batch": whole(1, 512, "log"),
    "queue": whole(1, 40),
    "timeout": number(0.0, 5.0, step=0.25),
    "prefetch": choice(0, 1, 2, 4, 8),
    "ratio": number(0.0, 1.0),
    "decay": number(1e-6, 1e-1, "log"),
    "cache_mb": whole(1, 4096, "log", when={"cache": ["lru", "lfu"]}),
    "cache_age": number(0.0, 1.0, when={"cache": "lfu"}),
    "level": whole(1, 19, when={"codec": "zstd"}),
    "block": choice("64k", "256k", "1m", when={"codec": ["lz4", "zstd"]}),
}
BEST_C = {"cache": "lfu", "codec": "zstd", "threads": 12, "batch": 48, "queue": 9, "timeout": 1.5, "prefetch": 2, "ratio": 0.3,
          "decay": 1e-4, "cache_mb": 600, "cache_age": 0.7, "level": 6, "block": "256k"}


def mixed_c(c):
    work = math.log2(c["threads"] * c["batch"] / (12.0 * 48.0))
    loss = 0.5 * dip(work, 2.0) + 0.25 * dip(math.log2(c["threads"] / 12.0), 1.5) + 0.012 * abs(c["queue"] - 9)
    loss += 0.08 * abs(c["timeout"] - 1.5) + {0: 0.3, 1: 0.1, 2: 0.0, 4: 0.05, 8: 0.2}[c["prefetch"]]
    loss += 0.5 * abs(c["ratio"] - 0.3) ** 1.5 + 0.3 * dip(math.log10(c["decay"] / 1e-4) + 2.0 * (c["ratio"] - 0.3), 1.0)
    if c["cache"] == "off":
        loss += 0.45
    else:
        loss += (0.15 if c["cache"] == "lru" else 0.3 * (c["cache_age"] - 0.7) ** 2) + 0.3 * dip(math.log2(c["cache_mb"] / 600.0), 2.5)
    if c["codec"] == "raw":
        loss += 0.3
    else:
        loss += {"64k": 0.06, "256k": 0.0, "1m": 0.1}[c["block"]]
        loss += 0.12 if c["codec"] == "lz4" else 0.02 * abs(c["level"] - 6)
    return loss


def all_problems():
    return [Problem(name=name, group="mixed", suite=suite, parameters=parameters, goal="minimize", evaluations=EVALUATIONS, best=0.0,
                    value=value, at=best)
            for name, suite, parameters, value, best in (("mixed_a", "tuned", SPACE_A, mixed_a, BEST_A),
                                                         ("mixed_b", "reported", SPACE_B, mixed_b, BEST_B),
                                                         ("mixed_c", "reported", SPACE_C, mixed_c, BEST_C))]
