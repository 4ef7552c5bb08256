"""BoTorch with the defaults of its current models, as its users put the pieces together.

`SingleTaskGP`, or `MixedSingleTaskGP` where there are categories, outcomes standardised; LogEI, or with pending trials or noise
qLogNoisyExpectedImprovement with `X_pending`; `optimize_acqf`, or `optimize_acqf_mixed_alternating` where some parameters are discrete. Numbers
are given in the unit cube, categories as their index. Conditional spaces are flat: every parameter is always given.
"""

import warnings

import botorch
import torch
from botorch.acquisition import LogExpectedImprovement, qLogNoisyExpectedImprovement
from botorch.exceptions import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models import MixedSingleTaskGP, SingleTaskGP
from botorch.optim import optimize_acqf
from botorch.optim.optimize_mixed import optimize_acqf_mixed_alternating
from gpytorch.mlls import ExactMarginalLogLikelihood

from problems import space

from .arm import Arm, initial_trials, one_thread

warnings.filterwarnings("ignore")
# As in BoTorch's own tutorials.
RESTARTS, RAW_SAMPLES = 10, 512
# Parameters with more values are relaxed and then snapped.
MOST_DISCRETE = 100


class BoTorch(Arm):
    knows_failures = False

    @staticmethod
    def version():
        return f"botorch {botorch.__version__}, torch {torch.__version__}"

    def begin(self):
        one_thread()
        torch.manual_seed(self.seed)
        self.parameters = list(self.problem.parameters.values())
        self.categories, self.discrete = {}, {}
        low, high = [0.0] * len(self.parameters), [1.0] * len(self.parameters)
        for i, parameter in enumerate(self.parameters):
            values = space.choices(parameter)
            if parameter["type"] == "categorical":
                self.categories[i] = [float(k) for k in range(values)]
                high[i] = float(values - 1)
            elif values is not None and values <= MOST_DISCRETE:
                self.discrete[i] = sorted(space.unit(parameter, value) for value in self.all_values(parameter, values))
                low[i], high[i] = self.discrete[i][0], self.discrete[i][-1]
        self.bounds = torch.tensor([low, high], dtype=torch.double)
        self.sobol = torch.quasirandom.SobolEngine(len(high), scramble=True, seed=self.seed)
        self.x, self.y, self.out = [], [], {}
        self.asked = 0

    @staticmethod
    def all_values(parameter, count):
        return [parameter["min"] + i * parameter.get("step", 1) for i in range(count)]

    def encoded(self, configuration):
        return [float(p["values"].index(value)) if p["type"] == "categorical" else space.unit(p, value)
                for p, value in zip(self.parameters, configuration)]

    def decoded(self, x):
        return [p["values"][round(value)] if p["type"] == "categorical" else space.value_at(p, value)
                for p, value in zip(self.parameters, x)]

    def propose(self):
        chosen = None
        if len(self.y) >= min(4, initial_trials(len(self.parameters))) and self.asked >= initial_trials(len(self.parameters)):
            chosen = self.best_guess()
        if chosen is None:
            chosen = [space.value_at(p, u) for p, u in zip(self.parameters, self.sobol.draw(1)[0].tolist())]
        self.asked += 1
        self.out[self.asked] = self.encoded(chosen)
        return self.asked, space.active_only(self.problem.parameters, dict(zip(self.problem.parameters, chosen)))

    def best_guess(self):
        """What the acquisition likes most; None where the model cannot be fitted."""
        x, y = torch.tensor(self.x, dtype=torch.double), -torch.tensor(self.y, dtype=torch.double).unsqueeze(-1)
        model = MixedSingleTaskGP(x, y, cat_dims=list(self.categories)) if self.categories else SingleTaskGP(x, y)
        try:
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        except ModelFittingError:
            return None
        if self.out or self.problem.noise > 0.0:
            pending = torch.tensor(list(self.out.values()), dtype=torch.double) if self.out else None
            acquisition = qLogNoisyExpectedImprovement(model, X_baseline=x, X_pending=pending, prune_baseline=True)
        else:
            acquisition = LogExpectedImprovement(model, best_f=y.max())
        if self.categories or self.discrete:
            found, _ = optimize_acqf_mixed_alternating(acquisition, self.bounds, discrete_dims=self.discrete, cat_dims=self.categories,
                                                       q=1, num_restarts=RESTARTS, raw_samples=RAW_SAMPLES)
        else:
            found, _ = optimize_acqf(acquisition, self.bounds, q=1, num_restarts=RESTARTS, raw_samples=RAW_SAMPLES)
        return self.decoded(found[0].tolist())

    def learn(self, handle, value):
        self.x.append(self.out.pop(handle))
        self.y.append(value)
