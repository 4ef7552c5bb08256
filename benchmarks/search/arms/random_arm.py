import numpy as np

from problems import space

from .arm import Arm


class Random(Arm):
    """Independent uniform draws, each parameter on its scale."""

    @staticmethod
    def version():
        return f"numpy {np.__version__}"

    def begin(self):
        self.rng = np.random.default_rng([self.seed, 77])

    def propose(self):
        return 0, space.draw(self.problem.parameters, self.rng)

    def learn(self, handle, value):
        pass
