"""The sections of measure.py. Each gets the bench and the report, and gives sentences about what is wrong, if anything."""

import os
import re
import signal
import statistics
import subprocess
import time

import trainer_runs

FLOPS = {18: 3.333e9}  # of one trained image of 3 x 32 x 32: three times the forward pass's 0.5554 GMAC


def ceilings(bench, report):
    """ceilings: what the device does at most, by PyTorch"""
    import torch

    size, count = (256, 1 << 22) if bench.on_cpu else (16384, 1 << 30)
    precision = torch.float32 if bench.on_cpu else torch.bfloat16
    synchronise = (lambda: None) if bench.on_cpu else torch.cuda.synchronize

    def fastest(work):
        times = []
        for _ in range(8):
            synchronise()
            start = time.perf_counter()
            work()
            synchronise()
            times.append(time.perf_counter() - start)
        return statistics.median(times[3:])

    a, b = (torch.randn(size, size, device=bench.device, dtype=precision) for _ in range(2))
    report.add("matrix product, random values", 2 * size**3 / fastest(lambda: a @ b) / 1e12, "TFLOP/s", str(precision).split(".")[1])
    source = torch.randint(0, 256, (count,), device=bench.device, dtype=torch.uint8)
    target = torch.empty_like(source)
    report.add("copy on the device, read and written", 2 * count / fastest(lambda: target.copy_(source)) / 1e12, "TB/s")


def start_up(bench, report):
    """start-up: from the start of the process"""
    few = ["--data", bench.data, "--device", bench.device, *bench.network(18), "--mini_batch_size", "32"]
    cases = {
        "libraries loaded (--help)": (["--help"], rb"usage"),
        "first step done, 128 images": ([*few, "--num_training_samples", "128"], rb"Batch \[0\]"),
        f"context made, {bench.images} images on the device": (few, rb"Training \w+ with"),
    }
    for name, (arguments, pattern) in cases.items():
        times = [trainer_runs.seconds_until(bench.trainer, arguments, pattern) for _ in range(2 if bench.on_cpu else 5)]
        report.add("start: " + name, statistics.median(times), "s", f"first {times[0]:.2f} s, best {min(times):.2f} s")


def steps_of(bench, batch):
    """Images of an epoch: enough steps to measure, few enough to be done soon."""
    return 3 * batch if bench.on_cpu else min(bench.images, batch * max(60, min(200, 20_000 // batch)))


def megabytes(log):
    found = re.findall(r'"gpu_memory_bytes": ?([0-9.]+)', log)
    return float(found[-1]) / 1e6 if found else None


def single_runs(bench, report):
    """one run at a time: images per second beside the eager PyTorch loop"""
    batches = (16, 32) if bench.on_cpu else (16, 32, 64, 128, 256, 512)
    half = "float32" if bench.on_cpu else "bfloat16"
    cases = [(layers, batch, half) for layers in (18, 20) for batch in batches]
    if not bench.on_cpu:
        cases += [(18, batch, precision) for precision in ("float32", "float16") for batch in (32, 256)]
    for layers, batch, precision in cases:
        if report.out_of_time(25):
            report.add(f"resnet{layers}, batch {batch}, {precision}", None, beside="left out: no time left")
            continue
        images = steps_of(bench, batch)
        log, _ = bench.train(layers, batch, images, 4, "--precision_dtype", precision, "--augmentation_type", "crop", "--pad", "4")
        ours = statistics.median(images / seconds for seconds in trainer_runs.epoch_seconds(log)[1:])
        peer = bench.peer(layers, batch, images, 4, precision)
        theirs = statistics.median(peer["images_per_second"][1:])
        beside = f"PyTorch {peer['torch']} eager {theirs:.0f}, ratio {ours / theirs:.2f}, step {1000 * batch / ours:.2f} ms"
        if layers in FLOPS and not bench.on_cpu:
            beside += f", {ours * FLOPS[layers] / 1e12:.1f} TFLOP/s"
        if megabytes(log):
            beside += f", peak {megabytes(log):.0f} MB (PyTorch {peer['peak_bytes'] / 1e6:.0f})"
        report.add(f"resnet{layers} 3x32x32, batch {batch}, {precision}", ours, "images/s", beside,
                   layers=layers, batch=batch, precision=precision, pytorch=theirs)


def memory(bench, report):
    """memory: the estimate beside the peak"""
    for layers, batch in ((18, 32), (18, 512), (20, 128)):
        batch = min(batch, 64) if bench.on_cpu else batch
        more = [] if bench.on_cpu else ["--precision_dtype", "bfloat16"]
        text, _ = bench.train(layers, batch, 2 * batch, 1, *more, "--estimate-memory")
        estimate = int(re.search(r"Estimated memory: (\d+) bytes", text)[1]) / 1e6
        log, _ = bench.train(layers, batch, 2 * batch, 1, *more)
        peak = megabytes(log)
        beside = "not measured: no GPU" if peak is None else f"peak {peak:.0f} MB, estimate / peak {estimate / peak:.2f}"
        report.add(f"estimated memory, resnet{layers}, batch {batch}", estimate, "MB", beside, peak=peak)


def side_by_side(bench, report):
    """several processes on one GPU: images per second of all together"""
    for batch in (32, 128):
        for count in (1, 2, 4):
            if bench.on_cpu and (count > 2 or batch > 32):
                continue
            images = steps_of(bench, batch)
            command = [bench.trainer, "--data", bench.data, "--device", bench.device, *bench.network(18), "--mini_batch_size", str(batch),
                       "--num_training_samples", str(images), "--epochs", "4", "--learning_rate", "0.001",
                       *([] if bench.on_cpu else ["--precision_dtype", "bfloat16"])]
            children = [subprocess.Popen(command, env=trainer_runs.environment(), stdout=subprocess.PIPE, text=True) for _ in range(count)]
            logs = [child.communicate()[0] for child in children]
            total = sum(statistics.median(images / s for s in trainer_runs.epoch_seconds(log)[1:]) for log in logs)
            report.add(f"{count} processes, resnet18, batch {batch}", total, "images/s")


STUDY = """name: gpu
objective: {{metric: "validation:accuracy", goal: maximize}}
parameters:
  learning_rate: {{type: float, min: 1e-4, max: 0.1, scale: log}}
  mini_batch_size: {{type: int, min: 32, max: 512, scale: log}}
  optimizer: {{type: categorical, values: [sgd, adam, rmsprop, nag]}}
static: {{epochs: {epochs}, num_layers: 18, width_multiplier: {width}, precision_dtype: {precision}, augmentation_type: crop, pad: 4}}
strategy: {{name: random, seed: 1}}
early_stopping: {rule}
limits: {{max_trials: {trials}, max_parallel: 1}}
trainer: image_classification
"""


def end_to_end(bench, report):
    """end to end: trials per hour by tune run"""
    tune = bench.bin / "tune"
    if not tune.exists():
        report.add("trials per hour", None, beside=f"no {tune}")
        return []
    wrong = []
    for rule in ("off", "median"):
        if report.out_of_time(100):
            report.add(f"trials per hour, early stopping {rule}", None, beside="left out: no time left")
            continue
        config = os.path.join(bench.folder, f"{rule}.yaml")
        trials, epochs = (2, 1) if bench.on_cpu else (8, 10)
        with open(config, "w", encoding="utf-8") as file:
            file.write(STUDY.format(epochs=epochs, trials=trials, width=0.125 if bench.on_cpu else 1, rule=f"'{rule}'",
                                    precision="float32" if bench.on_cpu else "bfloat16"))
        environment = {**trainer_runs.environment(), "TUNE_DATA_DIR": bench.data}
        start = time.perf_counter()
        done = subprocess.run([str(tune), "run", config, "--dir", os.path.join(bench.folder, rule)], env=environment, cwd=bench.folder,
                              capture_output=True, text=True)
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            wrong.append(f"tune run with early stopping {rule}: exit code {done.returncode}: {done.stderr.strip()[-300:]}")
            continue
        report.add(f"resnet18, {bench.images} images, {epochs} epochs, early stopping {rule}", trials * 3600 / seconds, "trials/h",
                   f"{trials} trials of mixed hyperparameters in {seconds:.0f} s")
    return wrong


def losses(log):
    return [float(text) for text in re.findall(r"Train-loss=(\S+)", log)]


def correctness(bench, report):
    """correctness: kernel beside host, GPU beside CPU, resumed beside uninterrupted"""
    wrong = []
    tests = bench.bin / "test_trainers"
    if tests.exists():
        done = subprocess.run([str(tests), "--source-file=*/batch_maker_test.cpp"], capture_output=True, text=True)
        verdict = "failed" if done.returncode else "not compared: no GPU" if "no GPU here" in done.stdout else "the same bytes"
        report.add("augmentation kernel beside the CPU", verdict)
        if done.returncode:
            wrong.append("the augmentation kernel gives other batches than the CPU")
    else:
        report.add("augmentation kernel beside the CPU", None, beside=f"no {tests}")

    arguments = ["--data", bench.data, *bench.network(20), "--num_training_samples", "192", "--epochs", "2", "--learning_rate", "0.02"]
    here = losses(trainer_runs.run(bench.trainer, [*arguments, "--device", "cpu"])[0])
    for precision, bound in (("float32", 1e-2), ("bfloat16", 1e-1)):
        there = losses(trainer_runs.run(bench.trainer, [*arguments, "--device", bench.device, "--precision_dtype", precision])[0])
        worst = max(abs(a - b) / a for a, b in zip(here, there))
        report.add(f"training loss of 2 epochs, {precision} on {bench.device} beside float32 on the CPU", worst, "relative", f"bound {bound}")
        if not worst <= bound:
            wrong.append(f"{precision} on {bench.device}: training losses {there}, on the CPU {here}")

    saved = ["--checkpoint-dir", os.path.join(bench.folder, "checkpoints")]
    arguments = [*arguments[:-4], "--epochs", "4", "--learning_rate", "0.02", "--device", bench.device, "--mini_batch_size", "16"]
    child = subprocess.Popen([bench.trainer, *arguments, *saved], env=trainer_runs.environment(), stdout=subprocess.PIPE, text=True)
    for line in child.stdout:
        if "Epoch[1] Batch" in line:
            child.send_signal(signal.SIGTERM)
            break
    child.communicate()
    crc = re.compile(r"CRC-32 of the weights: (\d+)")
    resumed = crc.search(trainer_runs.run(bench.trainer, [*arguments, *saved])[0])[1]
    straight = crc.search(trainer_runs.run(bench.trainer, arguments)[0])[1]
    report.add("interrupted and resumed beside uninterrupted", "the same weights" if resumed == straight else "other weights")
    if resumed != straight:
        wrong.append("a run that was interrupted ends with other weights")
    return wrong


def accuracy(bench, report):
    """accuracy: Fashion-MNIST after ten epochs of resnet18"""
    if not bench.fashion:
        report.add("Fashion-MNIST, resnet18, 10 epochs", None, beside="not measured: no --data")
        return
    small = ["--num_training_samples", "96", "--epochs", "1"] if bench.on_cpu else ["--epochs", "10", "--precision_dtype", "bfloat16"]
    log, _ = trainer_runs.run(bench.trainer, [
        "--data", bench.fashion, "--device", bench.device, *bench.network(18), "--mini_batch_size", "128", "--learning_rate", "0.1",
        "--lr_scheduler", "one_cycle", "--augmentation_type", "crop", "--pad", "2", *small])
    best = max(float(text) for text in re.findall(r"Validation-accuracy=(\S+)", log))
    report.add("Fashion-MNIST, resnet18, 10 epochs", best, "validation accuracy", f"{sum(trainer_runs.epoch_seconds(log)):.1f} s; at least 0.93")


# With about how many seconds each takes on a GPU; those that end a section early look at the clock themselves.
ALL = [(ceilings, 15), (correctness, 60), (start_up, 60), (memory, 40), (single_runs, 40), (end_to_end, 100), (side_by_side, 60), (accuracy, 60)]
