#!/usr/bin/env python3
"""Random histories of studies, and what other systems' own code decided at each observation.

    python3 -m venv env && env/bin/pip install -r requirements.txt && env/bin/pip install --no-deps nni==3.0
    env/bin/python generate.py --histories 3000 --out DIR      # then: TUNE_PEER_HISTORIES=DIR build/release/bin/test_stopping

Writes one file a rule (`A+B.optuna`: all of A and B, which is how Optuna's pruner A wraps B): `h GOAL RULE OPTIONS` begins a history, `p` proposes a trial (1, 2, ...), `o TRIAL STEP VALUE D` observes, D being
`s` where the system stopped the trial and `-` where not, `e TRIAL completed|stopped|failed` ends one. Values are multiples of 1/32, so
that sums are exact and ties frequent. Another system's decision is always obeyed.
"""

import argparse
import logging
import math
import os
import random
import sys
import warnings

OUTCOMES = ("completed", "failed", "stopped")


class Optuna:
    """A pruner of Optuna's, asked as a study does."""

    def __init__(self, goal, pruner, by_last_value=False):
        import optuna
        self.by_last_value, self.last = by_last_value, {}
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.states = {"failed": optuna.trial.TrialState.FAIL, "stopped": optuna.trial.TrialState.PRUNED}
        self.study = optuna.create_study(direction=goal, pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
        self.trials = {}

    def propose(self, trial, _now):
        self.trials[trial], self.last[trial] = self.study.ask(), 0.0

    def observe(self, trial, step, value, _now):
        if self.by_last_value:
            self.last[trial] = value
        self.trials[trial].report(value, step)
        return self.trials[trial].should_prune()

    def end(self, trial, outcome):
        if outcome == "completed":
            self.study.tell(self.trials[trial], self.last[trial])
        else:
            self.study.tell(self.trials[trial], state=self.states[outcome])


class Ray:
    """The scheduler, called as TuneController does: the last result of a stopped or completed trial comes twice."""

    def __init__(self, goal, time_attr, **options):
        from ray.tune.schedulers import MedianStoppingRule
        self.rule = MedianStoppingRule(time_attr=time_attr, metric="m", mode=goal[:3], **options)
        self.time_attr = time_attr
        self.began, self.last = {}, {}

    def get_live_trials(self):
        return []

    def propose(self, trial, now):
        self.began[trial] = now

    def observe(self, trial, step, value, now):
        time = step if self.time_attr == "training_iteration" else float(now - self.began[trial])
        self.last[trial] = {self.time_attr: time, "m": value}
        return self.rule.on_trial_result(self, _Trial.of(trial), self.last[trial]) == "STOP"

    def end(self, trial, outcome):
        if outcome != "failed":
            self.rule.on_trial_complete(self, _Trial.of(trial), self.last[trial])


class RayAsha(Ray):
    def __init__(self, goal, **options):
        from ray.tune.schedulers import AsyncHyperBandScheduler
        self.rule = AsyncHyperBandScheduler(metric="m", mode=goal[:3], **options)
        self.time_attr = "training_iteration"
        self.began, self.last = {}, {}

    def propose(self, trial, now):
        super().propose(trial, now)
        self.rule.on_trial_add(self, _Trial.of(trial))


class _Trial:
    """What the schedulers use of a trial: its identity, its number and its configuration."""

    known = {}

    def __init__(self, number):
        self.trial_id = str(number)
        self.config = {"x": 0.5}

    @classmethod
    def of(cls, number):
        return cls.known.setdefault(number, cls(number))


class Nni:
    def __init__(self, goal, start_step):
        from nni.algorithms.hpo.medianstop_assessor import MedianstopAssessor
        from nni.assessor import AssessResult
        self.bad = AssessResult.Bad
        self.rule = MedianstopAssessor(optimize_mode=goal, start_step=start_step)
        self.history = {}

    def propose(self, trial, _now):
        self.history[trial] = []

    def observe(self, trial, _step, value, _now):
        self.history[trial].append(value)
        return self.rule.assess_trial(trial, self.history[trial]) == self.bad

    def end(self, trial, outcome):
        self.rule.trial_end(trial, outcome == "completed")


class SyneTune:
    def __init__(self, goal, **options):
        from syne_tune.optimizer.schedulers.median_stopping_rule import MedianStoppingRule
        self.rule = MedianStoppingRule(self, "t", metric="m", do_minimize=goal == "minimize", random_seed=0, **options)

    def on_trial_result(self, trial, result):
        return "CONTINUE"

    def propose(self, trial, _now):
        pass

    def observe(self, trial, step, value, _now):
        return self.rule.on_trial_result(_Trial.of(trial), {"t": step, "m": value}) == "STOP"

    def end(self, trial, outcome):
        pass


class SyneTuneAsha:
    """The scheduler, called as its Tuner does: the last result of a completed trial comes twice."""

    def __init__(self, goal, **options):
        from syne_tune.config_space import uniform
        from syne_tune.optimizer.schedulers.asha import AsynchronousSuccessiveHalving
        self.rule = AsynchronousSuccessiveHalving({"x": uniform(0.0, 1.0)}, metric="m", do_minimize=goal == "minimize", random_seed=0, **options)
        self.last = {}

    def propose(self, trial, _now):
        self.rule.on_trial_add(_Trial.of(trial))

    def observe(self, trial, step, value, _now):
        self.last[trial] = {"training_iteration": step, "m": value}
        return self.rule.on_trial_result(_Trial.of(trial), self.last[trial]) == "STOP"

    def end(self, trial, outcome):
        if outcome == "completed":
            self.rule.on_trial_complete(_Trial.of(trial), self.last[trial])


def optuna_interval(rng):
    return {"n_warmup_steps": rng.choice([0, 0, 1, 3]), "interval_steps": rng.choice([1, 1, 2, 3])}


def optuna_median(rng, goal):
    import optuna
    options = {"n_startup_trials": rng.choice([0, 1, 2, 5]), "n_min_trials": rng.choice([1, 1, 2, 3]), **optuna_interval(rng)}
    return options, Optuna(goal, optuna.pruners.MedianPruner(**options))


def optuna_percentile(rng, goal):
    import optuna
    options = {"n_startup_trials": rng.choice([0, 1, 2]), "n_min_trials": rng.choice([1, 1, 2]), **optuna_interval(rng)}
    percentile = rng.choice([0.0, 10.0, 25.0, 33.0, 75.0, 90.0, 100.0])
    return {"percentile": percentile, **options}, Optuna(goal, optuna.pruners.PercentilePruner(percentile, **options))


def optuna_patience(rng, goal):
    import optuna
    options = {"patience": rng.choice([0, 1, 2, 3]), "min_delta": rng.choice([0.0, 0.0, 0.125, 0.5])}
    return options, Optuna(goal, optuna.pruners.PatientPruner(None, **options))


def optuna_patient_median(rng, goal):
    import optuna
    patience = {"patience": rng.choice([0, 0, 0, 1, 2]), "min_delta": rng.choice([0.0, 0.0, 0.125])}
    median = {"n_startup_trials": rng.choice([0, 0, 1]), "n_min_trials": rng.choice([1, 1, 2]), **optuna_interval(rng)}
    return {**patience, **median}, Optuna(goal, optuna.pruners.PatientPruner(optuna.pruners.MedianPruner(**median), **patience))


def optuna_threshold(rng, goal):
    import optuna
    options = {"lower": rng.choice([-0.5, 0.0]), "upper": rng.choice([0.5, 1.0])}
    options.pop(rng.choice(["lower", "upper", "neither"]), None)
    options.update(optuna_interval(rng))
    return options, Optuna(goal, optuna.pruners.ThresholdPruner(**options))


def ray_median(rng, goal):
    attribute = rng.choice(["training_iteration", "time_total_s"])
    options = {"grace_period": rng.choice([0.0, 1.0, 2.0, 3.5]), "min_samples_required": rng.choice([1, 2, 3])}
    return {"time_attr": attribute, **options}, Ray(goal, attribute, **options)


def nni_median(rng, goal):
    options = {"start_step": rng.choice([0, 1, 3])}
    return options, Nni(goal, **options)


def synetune_median(rng, goal):
    options = {"running_average": rng.random() < 0.7, "grace_time": rng.choice([1, 1, 3]), "grace_population": rng.choice([1, 2, 3, 5]),
               "rank_cutoff": rng.choice([0.5, 0.5, 0.25, 0.75])}
    return options, SyneTune(goal, **options)


def optuna_halving(rng, goal):
    import optuna
    options = {"reduction_factor": rng.choice([2, 2, 3, 4]), "min_early_stopping_rate": rng.choice([0, 0, 1]), "bootstrap_count": 0}
    if rng.random() < 0.7:
        options["min_resource"] = rng.choice([1, 1, 2])
        options["bootstrap_count"] = rng.choice([0, 0, 2])
    return options, Optuna(goal, optuna.pruners.SuccessiveHalvingPruner(**options))


def optuna_wilcoxon(rng, goal):
    import optuna
    options = {"p_threshold": rng.choice([0.1, 0.1, 0.3, 0.5]), "n_startup_steps": rng.choice([0, 2, 3])}
    return options, Optuna(goal, optuna.pruners.WilcoxonPruner(**options), by_last_value=True)


def asha_span(rng):
    return {"max_t": rng.choice([4, 8, 9, 27, 100]), "grace_period": rng.choice([1, 1, 2]), "reduction_factor": rng.choice([1.5, 2.0, 3.0, 4.0])}


def ray_asha(rng, goal):
    options = {**asha_span(rng), "stop_last_trials": rng.random() < 0.6}
    return options, RayAsha(goal, **options)


def synetune_asha(rng, goal):
    options = asha_span(rng)
    return options, SyneTuneAsha(goal, **options)


RULES = {"median.optuna": optuna_median, "percentile.optuna": optuna_percentile, "patience.optuna": optuna_patience,
         "patience+median.optuna": optuna_patient_median, "threshold.optuna": optuna_threshold, "median.ray": ray_median, "median.nni": nni_median, "median.synetune": synetune_median, "successive_halving.optuna": optuna_halving,
         "wilcoxon.optuna": optuna_wilcoxon, "asha.ray": ray_asha, "asha.synetune": synetune_asha}
WITHOUT_NAN = {"asha.synetune"}  # it sorts with Python and searches with numpy: where a NaN ends up is an accident


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


class Values:
    def __init__(self, rng):
        self.rng = rng
        self.nan = rng.choice([0.0, 0.0, 0.0, 0.15, 0.6])
        self.infinite = rng.choice([0.0, 0.0, 0.0, 0.0, 0.1])
        self.levels = rng.choice([3, 8, 64])

    def draw(self):
        kind = self.rng.random()
        if kind < self.nan:
            return math.nan
        if kind < self.nan + self.infinite:
            return self.rng.choice([math.inf, -math.inf])
        return self.rng.randint(-self.levels, self.levels) / 32.0


def history(rng, rule, out):
    _Trial.known = {}
    goal = rng.choice(["minimize", "maximize"])
    options, system = RULES[rule](rng, goal)
    out.append(" ".join(["h", goal, rule] + [f"{key}={text(value)}" for key, value in options.items()]))
    values = Values(rng)
    if rule in WITHOUT_NAN:
        values.nan = 0.0
    if rule == "wilcoxon.optuna":  # a result must be finite here
        values.infinite = 0.0
    workers, trials, steps = rng.randint(1, 4), rng.randint(3, 14), rng.randint(2, 9)
    if rule == "wilcoxon.optuna" and rng.random() < 0.3:
        steps = rng.randint(12, 60)
    gaps, failing = rng.choice([0.0, 0.0, 0.3]), rng.choice([0.0, 0.1])
    running, made, now = {}, 0, 0
    while made < trials or running:
        if made < trials and len(running) < workers:
            made += 1
            running[made] = 0
            out.append("p")
            now += 1
            system.propose(made, now)
            continue
        trial = rng.choice(list(running))
        step = running[trial] + 1
        while rng.random() < gaps:
            step += 1
        outcome = None
        if step > steps + rng.randint(0, 1) and running[trial]:
            outcome = "completed"
        elif running[trial] and rng.random() < failing:
            outcome = "failed"
        else:
            running[trial] = step
            value = values.draw()
            stop = system.observe(trial, step, value, now)
            now += 1
            out.append(f"o {trial} {step} {value!r} {'s' if stop else '-'}")
            outcome = "stopped" if stop else None
        if outcome:
            del running[trial]
            out.append(f"e {trial} {outcome}")
            now += 1
            system.end(trial, outcome)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("rules", nargs="*", default=list(RULES))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    os.makedirs(arguments.out, exist_ok=True)
    for rule in arguments.rules:
        rng, out = random.Random(f"{arguments.seed} {rule}"), []
        for _ in range(arguments.histories):
            history(rng, rule, out)
        with open(f"{arguments.out}/{rule}.txt", "w", encoding="ascii") as file:
            file.write("\n".join(out) + "\n")
        print(f"{rule}: {sum(line.startswith('o') for line in out)} observations, {sum(line.endswith(' s') for line in out)} stops", file=sys.stderr)


if __name__ == "__main__":
    main()
