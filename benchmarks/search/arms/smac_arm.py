"""SMAC3 as shipped, through ask and tell: the black-box facade (GP) where all parameters are unconditional numbers, else the
hyperparameter facade (random forest), which knows conditions. With pending trials nothing is done for them: it has no means for that."""

import shutil
import warnings

import smac
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, InCondition, Integer, OrdinalHyperparameter
from smac import BlackBoxFacade, HyperparameterOptimizationFacade, Scenario
from smac.runhistory.dataclasses import TrialValue

from problems import space

from .arm import Arm
from .tune_session import scratch

warnings.filterwarnings("ignore")


def hyperparameter(name, parameter):
    if parameter["type"] == "categorical":
        return Categorical(name, [str(value) for value in parameter["values"]])
    if parameter["type"] == "int":
        return Integer(name, (parameter["min"], parameter["max"]), log=space.is_log(parameter))
    if "step" in parameter:
        count = space.choices(parameter)
        return OrdinalHyperparameter(name, [parameter["min"] + i * parameter["step"] for i in range(count)])
    return Float(name, (parameter["min"], parameter["max"]), log=space.is_log(parameter))


def configuration_space(parameters, seed):
    found = ConfigurationSpace(seed=seed)
    made = {name: hyperparameter(name, parameters[name]) for name in space.ordered(parameters)}
    found.add(*made.values())
    for name, one in made.items():
        for parent, allowed in parameters[name].get("when", {}).items():
            allowed = [str(value) for value in (allowed if isinstance(allowed, list) else [allowed])]
            found.add(EqualsCondition(one, made[parent], allowed[0]) if len(allowed) == 1 else InCondition(one, made[parent], allowed))
    return found


class Smac(Arm):
    knows_failures = False

    @staticmethod
    def version():
        return f"smac {smac.version}"

    def begin(self):
        parameters = self.problem.parameters
        numbers = all(p["type"] != "categorical" and "step" not in p for p in parameters.values())
        facade = BlackBoxFacade if numbers else HyperparameterOptimizationFacade
        self.folder = scratch()
        scenario = Scenario(configuration_space(parameters, self.seed), output_directory=self.folder, deterministic=True,
                            n_trials=self.problem.evaluations, seed=self.seed)
        self.smac = facade(scenario, lambda config, seed=0: 0.0, logging_level=False, overwrite=True)

    def propose(self):
        info = self.smac.ask()
        chosen = {}
        for name, value in dict(info.config).items():
            parameter = self.problem.parameters[name]
            if parameter["type"] == "categorical":
                value = next(one for one in parameter["values"] if str(one) == value)
            elif parameter["type"] == "int":
                value = int(value)
            else:
                value = float(value)
            chosen[name] = value
        return info, chosen

    def learn(self, handle, value):
        self.smac.tell(handle, TrialValue(cost=value), save=False)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
