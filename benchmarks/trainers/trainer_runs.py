"""Runs of tune-train-image for the benchmarks: data made up on the spot, and figures read from its log."""

import os
import random
import re
import selectors
import struct
import subprocess
import tempfile
import time

VARIABLES = ("TUNE_PARAMS", "TUNE_CHANNEL_TRAIN", "TUNE_CHANNEL_VALIDATION", "TUNE_DATA_DIR", "TUNE_CHECKPOINT_DIR", "TUNE_SEED")


def write_idx(folder, train, validation, side=28):
    """Random grey images in MNIST's format."""
    source = random.Random(1)
    for prefix, count in (("train", train), ("t10k", validation)):
        with open(os.path.join(folder, prefix + "-images-idx3-ubyte"), "wb") as file:
            file.write(struct.pack(">4I", 0x803, count, side, side))
            file.write(source.randbytes(count * side * side))
        with open(os.path.join(folder, prefix + "-labels-idx1-ubyte"), "wb") as file:
            file.write(struct.pack(">2I", 0x801, count))
            file.write(bytes(i % 10 for i in range(count)))


def write_cifar(folder, train, validation):
    """Random colour images of 32 x 32 in CIFAR-10's binary format."""
    source = random.Random(1)
    for name, count in (("data_batch_1.bin", train), ("test_batch.bin", validation)):
        with open(os.path.join(folder, name), "wb") as file:
            for i in range(count):
                file.write(bytes([i % 10]) + source.randbytes(3072))


def environment(threads=1):
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return {**kept, "OMP_NUM_THREADS": str(threads)}


def run(program, arguments, threads=1):
    """The log of a run that has to succeed, and its processor time in seconds."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen([program, *arguments], env=environment(threads), stdout=out, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if child.returncode != 0:
            raise SystemExit(f"{program} {' '.join(arguments)}: exit code {child.returncode}: {errors.read().strip()}")
        return out.read(), usage.ru_utime + usage.ru_stime


def epoch_seconds(log):
    """How long each epoch's training took."""
    return [float(text) for text in re.findall(r"Epoch\[\d+\] Time cost=(\S+)", log)]


def seconds_until(program, arguments, pattern, threads=1):
    """From the start of the process to the first line with the pattern; the process is then ended."""
    start = time.perf_counter()
    child = subprocess.Popen([program, *arguments], env=environment(threads), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        selector = selectors.DefaultSelector()
        selector.register(child.stdout, selectors.EVENT_READ)
        seen = b""
        while not re.search(pattern, seen):
            selector.select()
            more = os.read(child.stdout.fileno(), 65536)
            if not more:
                raise SystemExit(f"{program} {' '.join(arguments)}: ended without a line with {pattern!r}")
            seen += more
        return time.perf_counter() - start
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
