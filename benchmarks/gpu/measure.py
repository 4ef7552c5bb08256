#!/usr/bin/env python3
"""The measurements of run.sh, which calls it. Sections that would end after --minutes are left out, and the table says so."""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "trainers"))
import sections
import trainer_runs


class Report:
    """Lines as they come, and the figures for the JSON file."""

    def __init__(self, deadline):
        self.deadline = deadline
        self.figures = []
        print("| what | figure | beside it |\n|---|---:|---|", flush=True)

    def add(self, what, figure, unit="", beside="", **more):
        shown = "-" if figure is None else f"{figure:.4g}" if isinstance(figure, float) else str(figure)
        print(f"| {what} | {shown}{' ' + unit if unit else ''} | {beside} |", flush=True)
        self.figures.append({"what": what, "figure": figure, "unit": unit, "beside": beside, **more})

    def out_of_time(self, seconds):
        return time.monotonic() + seconds > self.deadline


class Bench:
    """Where the programs are, and how large everything is."""

    def __init__(self, options, folder):
        self.on_cpu = options.cpu
        self.device = "cpu" if options.cpu else "cuda"
        self.bin = pathlib.Path(options.bin).resolve()
        self.trainer = str(self.bin / "tune-train-image")
        self.folder = folder
        self.fashion = options.data and os.path.join(options.caller, options.data)
        self.images = 192 if options.cpu else 50_000
        self.data = os.path.join(folder, "cifar")
        os.mkdir(self.data)
        trainer_runs.write_cifar(self.data, self.images, self.images // 5)

    def network(self, layers):
        """The trainer's hyperparameters; narrow on a CPU."""
        return ["--num_classes", "10", "--model", "resnet", "--num_layers", str(layers), "--width_multiplier", "0.125" if self.on_cpu else "1"]

    def train(self, layers, batch, images, epochs, *more):
        """Log and processor time. As much of an epoch is training as can be: the validation set is small beside it."""
        return trainer_runs.run(self.trainer, [
            "--data", self.data, "--device", self.device, *self.network(layers), "--mini_batch_size", str(batch), "--epochs", str(epochs),
            "--num_training_samples", str(images), "--learning_rate", "0.001", *more])

    def peer(self, layers, batch, images, epochs, precision):
        command = [sys.executable, str(HERE.parent / "trainers" / "pytorch_loop.py"), "--network", "resnet", "--layers", str(layers),
                   "--width", "0.125" if self.on_cpu else "1", "--shape", "3,32,32", "--batch", str(batch), "--images", str(images),
                   "--epochs", str(epochs), "--device", self.device, "--precision", precision, "--crop"]
        done = subprocess.run(command, env=trainer_runs.environment(), capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def about_the_machine(bench):
    facts = {"machine": platform.platform(), "cpus": os.cpu_count(), "date": time.strftime("%Y-%m-%d")}
    if not bench.on_cpu:
        query = "name,driver_version,clocks.max.sm,clocks.max.mem,memory.total,compute_mode,mig.mode.current"
        done = subprocess.run(["nvidia-smi", "--query-gpu=" + query, "--format=csv,noheader"], capture_output=True, text=True)
        facts["gpu"] = done.stdout.strip()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    facts["commit"] = commit.stdout.strip()
    return facts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--caller", default=".", help="what --data and --json are relative to")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--data", help="a folder with Fashion-MNIST: the accuracy after ten epochs is measured too")
    parser.add_argument("--json", help="where to write the figures")
    parser.add_argument("--only", default="", help="sections, as start_up,memory (sections.py)")
    parser.add_argument("--minutes", type=float, default=9.5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        report = Report(time.monotonic() + 60 * options.minutes)
        facts = about_the_machine(bench)
        for name, value in facts.items():
            report.add(name, value)
        wrong = []
        chosen = [name for name in options.only.split(",") if name]
        unknown = set(chosen) - {section.__name__ for section, _ in sections.ALL}
        if unknown:
            parser.error(f"--only: there is no section {', '.join(sorted(unknown))}")
        for section, seconds in sections.ALL:
            if chosen and section.__name__ not in chosen:
                continue
            if report.out_of_time(seconds):
                report.add(section.__doc__.split(":")[0], None, beside="left out: no time left")
                continue
            wrong += section(bench, report) or []
    for sentence in wrong:
        print("WRONG: " + sentence)
    if options.json:
        path = pathlib.Path(options.caller, options.json)
        path.write_text(json.dumps({"facts": facts, "figures": report.figures, "wrong": wrong}, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
