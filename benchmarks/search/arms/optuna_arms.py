"""Optuna's GP sampler and its multivariate TPE, as shipped, through ask and tell.

Conditional parameters are suggested where they are active, as a user's objective would. `optuna-gp-flat` always suggests all, so that
its model sees every parameter, and the inactive ones are left out when the configuration is evaluated.
"""

import math
import warnings

import optuna

from problems import space

from .arm import Arm, one_thread

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def distribution(parameter):
    log = space.is_log(parameter)
    if parameter["type"] == "categorical":
        return optuna.distributions.CategoricalDistribution(parameter["values"])
    if parameter["type"] == "int":
        return optuna.distributions.IntDistribution(parameter["min"], parameter["max"], log=log)
    return optuna.distributions.FloatDistribution(parameter["min"], parameter["max"], log=log, step=parameter.get("step"))


class Optuna(Arm):
    flat = False

    @staticmethod
    def version():
        return f"optuna {optuna.__version__}"

    def begin(self):
        self.distributions = {name: distribution(parameter) for name, parameter in self.problem.parameters.items()}
        self.study = optuna.create_study(direction=self.problem.goal, sampler=self.sampler())

    def propose(self):
        parameters = self.problem.parameters
        if self.flat or not space.is_conditional(parameters):
            trial = self.study.ask(self.distributions)
            return trial, space.active_only(parameters, trial.params)
        trial, chosen = self.study.ask(), {}
        for name in space.ordered(parameters):
            if space.is_active(parameters, name, chosen):
                chosen[name] = trial._suggest(name, self.distributions[name])
        return trial, chosen

    def learn(self, handle, value):
        if math.isnan(value):
            self.study.tell(handle, state=optuna.trial.TrialState.FAIL)
        else:
            self.study.tell(handle, value)


class OptunaGp(Optuna):
    """Options are the sampler's, as in `optuna-gp:deterministic_objective=true`."""

    takes_options = True

    def sampler(self):
        one_thread()
        return optuna.samplers.GPSampler(seed=self.seed, **self.options)


class OptunaGpFlat(OptunaGp):
    flat = True


class OptunaTpe(Optuna):
    def sampler(self):
        return optuna.samplers.TPESampler(seed=self.seed, multivariate=True, group=space.is_conditional(self.problem.parameters),
                                          constant_liar=self.pending > 1)
