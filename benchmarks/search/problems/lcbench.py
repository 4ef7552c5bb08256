"""The LCBench surrogate: a network that predicts how an MLP with seven hyperparameters ends on one of 24 data sets.

Its folder holds the formulas (model.json), the weights, reference.csv with the best known and the median of each task, and test
vectors. Zimmer, Lindauer & Hutter, "Auto-PyTorch Tabular", 2021; Pfisterer et al., "YAHPO Gym", 2022.
"""

import csv
import functools
import json
import os

import numpy as np

from .problem import Problem, shared_data

FOLDER = "surrogates/lcbench"
LAST_EPOCH = 52
EVALUATIONS = 50
OUTPUTS = {"acc": "val_accuracy", "ce": "val_cross_entropy"}
TUNED = {("3945", "acc"), ("126025", "acc"), ("167149", "acc"), ("168868", "acc"), ("189866", "acc"),
         ("34539", "ce"), ("146212", "ce"), ("168331", "ce")}


class Network:
    """The forward pass as model.json states it, in double precision."""

    def __init__(self, folder):
        with open(os.path.join(folder, "model.json"), encoding="utf-8") as file:
            self.model = json.load(file)
        weights = np.fromfile(os.path.join(folder, self.model["weights"]["file"]), dtype="<f4").astype(float)
        if len(weights) != self.model["weights"]["count"]:
            raise ValueError(f"{folder}: {len(weights)} weights, {self.model['weights']['count']} expected")
        self.layers = [{key: weights[t["offset"]:t["offset"] + int(np.prod(t["shape"]))].reshape(t["shape"])
                        for key, t in layer.items() if key != "op"} for layer in self.model["layers"]]
        self.inputs = self.model["inputs"]
        self.outputs = [output["name"] for output in self.model["outputs"]]

    def predict(self, task, x):
        """All outputs, by name, at `x` (by name, the epoch included)."""
        z = np.array([((np.log(x[i["name"]] + 1e-12) if i["ln"] else x[i["name"]]) - i["shift"]) / i["scale"] for i in self.inputs])
        first, *middle, head = self.layers
        h = first["task_bias"][self.model["tasks"].index(task)] + first["weight"] @ z
        for layer in middle:
            v = layer["weight0"] @ h + layer["bias0"]
            half = len(v) // 2
            h = h + layer["weight1"] @ (v[:half] * np.maximum(v[half:], 0.0)) + layer["bias1"]
        y = head["weight"] @ np.maximum(head["scale"] * h + head["shift"], 0.0) + head["bias"]
        y = 1.0 / (1.0 + np.exp(-y)) * [o["scale"] for o in self.model["outputs"]] + [o["shift"] for o in self.model["outputs"]]
        return {o["name"]: float(np.exp(one) - 1e-12 if o["exp"] else one) for o, one in zip(self.model["outputs"], y)}


@functools.lru_cache(maxsize=1)
def network(folder):
    return Network(folder)


def search_space(net):
    """As the surrogate's authors sample it: weight decay on a linear scale, batch size, learning rate and width on a logarithmic one."""
    return {i["name"]: {"type": i["type"], "min": i["lower"], "max": i["upper"], "scale": "log" if i["log_scale_search"] else "linear"}
            for i in net.inputs if i["name"] != "epoch"}


def reference(folder):
    with open(os.path.join(folder, "reference.csv"), newline="", encoding="utf-8") as file:
        return {(row["task"], row["output"]): row for row in csv.DictReader(file)}


def chosen(net):
    """(task, output) pairs: those tuned on, and the validation accuracy of every task that is not among them."""
    seen = {task for task, _ in TUNED}
    return [pair for pair in sorted(TUNED)] + [(task, "acc") for task in net.model["tasks"] if task not in seen]


def make(folder, task, short):
    net, row = network(folder), reference(folder)[(task, OUTPUTS[short])]
    names = list(search_space(net))
    return Problem(name=f"lcbench_{task}_{short}", group="lcbench", suite="tuned" if (task, short) in TUNED else "reported",
                   parameters=search_space(net), goal=row["goal"], evaluations=EVALUATIONS, best=float(row["best"]),
                   given_median=float(row["median"]),
                   value=lambda c: net.predict(task, {**c, "epoch": LAST_EPOCH})[OUTPUTS[short]],
                   at={name: int(row[name]) if "." not in row[name] and name in ("batch_size", "num_layers", "max_units")
                       else float(row[name]) for name in names})


def all_problems():
    folder = shared_data(FOLDER)
    if folder is None:
        return []
    return [make(folder, task, short) for task, short in chosen(network(folder))]
