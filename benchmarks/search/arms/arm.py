"""What the arms share: counting their processor time."""

import contextlib
import math
import time


class Arm:
    """Of a peer: what is counted is the processor time of this process while it is asked and told."""

    takes_options = False

    def __init__(self, problem, seed, pending, options):
        if options and not self.takes_options:
            raise ValueError(f"{type(self).__name__} takes no options, given {options}")
        self.problem, self.seed, self.pending, self.options = problem, seed, pending, options
        self.cpu = 0.0
        self.seen = []
        with self.counted():
            self.begin()

    @contextlib.contextmanager
    def counted(self):
        start = time.process_time()
        try:
            yield
        finally:
            self.cpu += time.process_time() - start

    def ask(self):
        with self.counted():
            return self.propose()

    def tell(self, handle, value):
        with self.counted():
            self.learn(handle, value)

    def loss(self, value):
        """For methods that minimise and know no failures: the worst seen so far stands for a failure."""
        if math.isnan(value):
            return max(self.seen, default=0.0)
        self.seen.append(value if self.problem.goal == "minimize" else -value)
        return self.seen[-1]

    def cpu_seconds(self):
        return self.cpu

    def close(self):
        pass


def initial_trials(dimensions):
    """Size of the first design for peers that leave it to the user: the one `tune` uses."""
    return max(5, min(10, 2 * dimensions + 1))


def one_thread():
    import torch

    torch.set_num_threads(1)
