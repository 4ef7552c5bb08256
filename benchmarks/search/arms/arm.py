"""What the arms share: counting their processor time."""

import contextlib
import math
import time


class Arm:
    """Of a peer: what is counted is the processor time of this process while it is asked and told."""

    takes_options = False
    # Whether `learn` is given the value as it is, or a loss: smaller is better, and a failure counts as the worst before it.
    knows_failures = True

    def __init__(self, problem, seed, pending, options):
        if options and not self.takes_options:
            raise ValueError(f"{type(self).__name__} takes no options, given {options}")
        self.problem, self.seed, self.pending, self.options = problem, seed, pending, options
        self.cpu = 0.0
        self.seen, self.waiting = [], []
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
            if self.knows_failures:
                self.learn(handle, value)
                return
            if not math.isnan(value):
                self.seen.append(value if self.problem.goal == "minimize" else -value)
            self.waiting.append((handle, math.isnan(value)))
            if self.seen:  # a failure before anything has succeeded has nothing to be compared with yet
                for one, failed in self.waiting:
                    self.learn(one, max(self.seen) if failed else self.seen[-1])
                self.waiting.clear()

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
