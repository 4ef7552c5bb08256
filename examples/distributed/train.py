"""Trains a small network with PyTorch's DistributedDataParallel, as one trial of several processes.

tune starts it once for each process and says who is who: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT. It works as well under `torchrun`. With GPUs each process takes the one
of its LOCAL_RANK and speaks NCCL, without it speaks gloo. It saves a checkpoint after every epoch and goes on from there when it is started again.
"""

import argparse
import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

SAMPLES = 2048
FEATURES = 20
CLASSES = 4


def make_data():
    """Points around one centre per class; the same in every process."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(CLASSES, FEATURES, generator=generator)
    labels = torch.randint(CLASSES, (SAMPLES,), generator=generator)
    points = centres[labels] + 1.5 * torch.randn(SAMPLES, FEATURES, generator=generator)
    return points, labels


def save(model, optimizer, epoch, directory):
    """Under another name first: a half-written file is never taken for a checkpoint."""
    state = {"model": model.module.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}
    torch.save(state, os.path.join(directory, "next"))
    os.replace(os.path.join(directory, "next"), os.path.join(directory, "last"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()

    gpus = torch.cuda.is_available()
    dist.init_process_group("nccl" if gpus else "gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if gpus else torch.device("cpu")
    torch.manual_seed(int(os.environ.get("TUNE_SEED", "0")))

    points, labels = (data.to(device) for data in make_data())
    held_out = SAMPLES // 4
    model = torch.nn.Sequential(torch.nn.Linear(FEATURES, 32), torch.nn.ReLU(), torch.nn.Linear(32, CLASSES)).to(device)
    model = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9)

    first = 1
    if "TUNE_RESUME_FROM" in os.environ:
        path = os.path.join(os.environ["TUNE_RESUME_FROM"], "last")
        if os.path.exists(path):
            state = torch.load(path, map_location=device)
            model.module.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            first = state["epoch"] + 1

    for epoch in range(first, options.epochs + 1):
        order = torch.randperm(SAMPLES - held_out, generator=torch.Generator().manual_seed(epoch)) + held_out
        mine = order[rank::world].to(device)
        for start in range(0, len(mine), options.batch):
            batch = mine[start : start + options.batch]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(points[batch]), labels[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            right = (model.module(points[rank:held_out:world]).argmax(1) == labels[rank:held_out:world]).sum()
        dist.all_reduce(right)
        if rank == 0:
            print(f"epoch={epoch} accuracy={right.item() / held_out:.4f} processes={world}", flush=True)
            if "TUNE_CHECKPOINT_DIR" in os.environ:
                save(model, optimizer, epoch, os.environ["TUNE_CHECKPOINT_DIR"])
        dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
