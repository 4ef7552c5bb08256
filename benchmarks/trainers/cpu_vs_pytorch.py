#!/usr/bin/env python3
"""Images per second of tune-train-image on one CPU thread beside the same network in Python's PyTorch, and its start-up.

    cpu_vs_pytorch.py --trainer build/release/bin/tune-train-image --python .deps/venv/bin/python [--runs 5] [--data FASHION_MNIST]

The Python should have the PyTorch whose LibTorch the trainer was built with. Speeds are by processor time, and runs of the two take
turns, so that what else the machine does hits both alike; the first epoch of each is left out; ratios are those of neighbours. Prints a
table and writes JSON.
Exit code 1: somewhere less than 90 % of PyTorch's speed, or more than 1.5 s to the first step."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import trainer_runs

HERE = pathlib.Path(__file__).resolve().parent
LEAST_RATIO = 0.9
LONGEST_START = 1.5  # seconds
# name, data, network for the peer, hyperparameters for the trainer, batch, training images
CASES = [
    ("cnn 1x28x28", "grey", ["--network", "cnn", "--shape", "1,28,28"], ["--model", "cnn"], 32, 6000),
    ("cnn 1x28x28", "grey", ["--network", "cnn", "--shape", "1,28,28"], ["--model", "cnn"], 128, 6000),
    ("resnet18 width 8, 3x32x32", "colour", ["--network", "resnet", "--width", "0.125", "--shape", "3,32,32"],
     ["--model", "resnet", "--num_layers", "18", "--width_multiplier", "0.125"], 32, 1280),
    ("resnet18 width 16, 3x32x32", "colour", ["--network", "resnet", "--width", "0.25", "--shape", "3,32,32"],
     ["--model", "resnet", "--num_layers", "18", "--width_multiplier", "0.25"], 32, 1024),
    ("resnet20, 3x32x32", "colour", ["--network", "resnet", "--layers", "20", "--shape", "3,32,32"],
     ["--model", "resnet", "--num_layers", "20"], 128, 1152),
]
EPOCHS = 3


def speed_of_peer(python, network, batch, images):
    command = [python, str(HERE / "pytorch_loop.py"), *network, "--batch", str(batch), "--images", str(images), "--epochs", str(EPOCHS)]
    done = subprocess.run(command, env=trainer_runs.environment(), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    return statistics.median(result["images_per_second"][1:]), result["torch"]


def speed_of_trainer(program, data, hyperparameters, batch, images):
    """By the processor time that more epochs take: what comes before the first one is not in it, but validation is."""
    seconds = {}
    for epochs in (1, EPOCHS):
        _, seconds[epochs] = trainer_runs.run(
            program, ["--data", data, "--num_classes", "10", "--device", "cpu", "--epochs", str(epochs), "--mini_batch_size", str(batch),
                      "--learning_rate", "0.001", "--num_training_samples", str(images), *hyperparameters])
    return images * (EPOCHS - 1) / (seconds[EPOCHS] - seconds[1])


def compare(options, folders):
    rows = []
    for name, data, network, hyperparameters, batch, images in CASES:
        if options.only not in name:
            continue
        ours, theirs, version = [], [], ""
        for _ in range(options.runs):
            ours.append(speed_of_trainer(options.trainer, folders[data], hyperparameters, batch, images))
            peer, version = speed_of_peer(options.python, network, batch, images)
            theirs.append(peer)
        ratio = statistics.median(a / b for a, b in zip(ours, theirs))
        rows.append({"network": name, "batch": batch, "trainer": statistics.median(ours), "pytorch": statistics.median(theirs),
                     "ratio": ratio, "torch": version})
        print(f"| {name} | {batch} | {rows[-1]['trainer']:.0f} | {rows[-1]['pytorch']:.0f} | {ratio:.2f} |", flush=True)
    return rows


def start_up(options, folders):
    """From the start of the process until the first step's line is there; the files were read before, so they are in memory."""
    few = ["--mini_batch_size", "32", "--num_training_samples", "128", "--device", "cpu"]
    cases = {"made-up images, cnn": ["--data", folders["grey"], *few],
             "made-up images, resnet18 width 8": ["--data", folders["grey"], "--model", "resnet", "--width_multiplier", "0.125", *few]}
    if options.data:
        # With all images there are so many batches that the first line comes late: what is measured is all that is before a step.
        cases["all of " + os.path.basename(os.path.normpath(options.data)) + ", cnn, to the first batch"] = [
            "--data", options.data, "--device", "cpu"]
    rows = []
    for name, arguments in cases.items():
        pattern = rb"Training \w+ with" if "all of" in name else rb"Batch \[0\]"
        times = [trainer_runs.seconds_until(options.trainer, arguments, pattern) for _ in range(options.runs + 1)][1:]
        rows.append({"case": name, "seconds": statistics.median(times), "best": min(times)})
        print(f"| {name} | {rows[-1]['seconds']:.2f} | {rows[-1]['best']:.2f} |", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trainer", default="build/release/bin/tune-train-image")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=5, help="of each; medians are shown")
    parser.add_argument("--only", default="", help="the networks with this in their names")
    parser.add_argument("--data", help="a folder with Fashion-MNIST, for the start-up with a real set")
    parser.add_argument("--json", help="where to write the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folders = {"grey": os.path.join(folder, "grey"), "colour": os.path.join(folder, "colour")}
        for path in folders.values():
            os.mkdir(path)
        trainer_runs.write_idx(folders["grey"], 6000, 40)
        trainer_runs.write_cifar(folders["colour"], max(case[-1] for case in CASES if case[1] == "colour"), 10)
        print("| network | batch | trainer, images/s | PyTorch, images/s | ratio |\n|---|---:|---:|---:|---:|")
        speeds = compare(options, folders)
        print("\n| start of the process to the first step | median, s | best, s |\n|---|---:|---:|")
        starts = start_up(options, folders)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"speeds": speeds, "starts": starts}, indent=1) + "\n")
    slow = [row for row in speeds if row["ratio"] < LEAST_RATIO]
    late = [row for row in starts if row["seconds"] > LONGEST_START]
    return 1 if slow or late else 0


if __name__ == "__main__":
    sys.exit(main())
