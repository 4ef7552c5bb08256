#!/usr/bin/env python3
"""A plain eager training loop in PyTorch, as a peer for tune-train-image: the same networks, optimizer (SGD with momentum) and
figures per epoch, written as PyTorch's own examples are.

    pytorch_loop.py --network resnet --layers 18 --shape 3,32,32 --batch 32 [--device cuda --precision bfloat16 --crop]

Images are random and lie on the device from the start. Prints one JSON object: images per second of each
epoch (on a CPU, of processor time), the peak of the
GPU's memory, versions."""

import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F

BLOCKS = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 20: [3] * 3, 32: [5] * 3, 44: [7] * 3, 56: [9] * 3, 110: [18] * 3}


class Cnn(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(shape[0], 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * (shape[1] // 4) * (shape[2] // 4), 64)
        self.fc2 = nn.Linear(64, classes)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 2).relu_()
        x = F.max_pool2d(self.conv2(x), 2).relu_()
        return self.fc2(self.fc1(x.flatten(1)).relu_())


class Block(nn.Module):
    """Basic (two 3 x 3), or bottleneck (1 x 1, 3 x 3 with the stride, 1 x 1)."""

    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        out = width * 4 if bottleneck else width
        sizes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, out, 1, 1)] if bottleneck else [
            (inputs, width, 3, stride), (width, width, 3, 1)]
        self.convolutions = nn.ModuleList(nn.Conv2d(i, o, k, s, k // 2, bias=False) for i, o, k, s in sizes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _, _ in sizes)
        self.shortcut = None
        if stride != 1 or inputs != out:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = x
        for index, (convolution, norm) in enumerate(zip(self.convolutions, self.norms)):
            y = norm(convolution(y))
            if index + 1 < len(self.norms):
                y = y.relu_()
        return (y + (x if self.shortcut is None else self.shortcut(x))).relu_()


class ResNet(nn.Module):
    def __init__(self, layers, multiplier, shape, classes):
        super().__init__()
        blocks = BLOCKS[layers]
        width = max(1, round((64 if len(blocks) == 4 else 16) * multiplier))
        small = max(shape[1:]) <= 32
        self.conv1 = nn.Conv2d(shape[0], width, 3, 1, 1, bias=False) if small else nn.Conv2d(shape[0], width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        stages = []
        channels = width
        for stage, count in enumerate(blocks):
            for index in range(count):
                stages.append(Block(channels, width, 2 if stage > 0 and index == 0 else 1, layers >= 50 and len(blocks) == 4))
                channels = width * 4 if layers >= 50 and len(blocks) == 4 else width
            width *= 2
        self.blocks = nn.Sequential(*stages)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        return self.fc(self.blocks(self.pool(self.bn1(self.conv1(x)).relu_())).mean((2, 3)))


def random_crop_and_mirror(images, pad):
    """For the whole batch at once, each image by its own offsets: the usual gather."""
    count, _, height, width = images.shape
    padded = F.pad(images, (pad,) * 4)
    rows = torch.randint(0, 2 * pad + 1, (count, 1), device=images.device) + torch.arange(height, device=images.device)
    columns = torch.randint(0, 2 * pad + 1, (count, 1), device=images.device) + torch.arange(width, device=images.device)
    columns = torch.where(torch.rand(count, 1, device=images.device) < 0.5, columns.flip(1), columns)
    index = torch.arange(count, device=images.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def run(options):
    device = torch.device(options.device)
    shape = [int(side) for side in options.shape.split(",")]
    torch.manual_seed(0)
    network = Cnn(shape, options.classes) if options.network == "cnn" else ResNet(options.layers, options.width, shape, options.classes)
    on_gpu = device.type == "cuda"
    layout = torch.channels_last if on_gpu else torch.contiguous_format
    network = network.to(device).to(memory_format=layout)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    images = torch.randint(0, 256, (options.images, *shape), dtype=torch.uint8)
    images = images.to(device).float().sub_(128).div_(64)
    labels = torch.randint(0, options.classes, (options.images,), device=device)
    precision = getattr(torch, options.precision)
    cast = torch.autocast(device.type, dtype=precision, enabled=precision != torch.float32)
    scaler = torch.amp.GradScaler(device.type, enabled=precision == torch.float16)
    speeds = []
    for _ in range(options.epochs):
        order = torch.randperm(options.images, device=device)
        loss_sum = torch.zeros((), device=device)
        correct = torch.zeros((), device=device, dtype=torch.long)
        if on_gpu:
            torch.cuda.synchronize()
        clock = time.perf_counter if on_gpu else time.process_time  # other work on the CPU is not to count
        start = clock()
        for first in range(0, options.images, options.batch):
            chosen = order[first:first + options.batch]
            batch = images[chosen]
            if options.crop:
                batch = random_crop_and_mirror(batch, 4)
            batch = batch.contiguous(memory_format=layout)
            target = labels[chosen]
            with cast:
                scores = network(batch)
                loss = F.cross_entropy(scores.float(), target)
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            with torch.no_grad():
                loss_sum += loss * len(target)
                correct += (scores.argmax(1) == target).sum()
        if on_gpu:
            torch.cuda.synchronize()
        speeds.append(options.images / (clock() - start))
        loss_sum.item()
        correct.item()
    return {
        "images_per_second": speeds,
        "peak_bytes": torch.cuda.max_memory_allocated() if on_gpu else None,
        "parameters": sum(p.numel() for p in network.parameters()),
        "torch": torch.__version__,
        "cudnn": torch.backends.cudnn.version() if on_gpu else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", choices=["cnn", "resnet"], default="cnn")
    parser.add_argument("--layers", type=int, default=18)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--shape", default="1,28,28")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["float32", "float16", "bfloat16"], default="float32")
    parser.add_argument("--crop", action="store_true", help="random crops with a border of 4 pixels, and mirroring")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(json.dumps(run(options)))


if __name__ == "__main__":
    main()
