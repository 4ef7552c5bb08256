#!/usr/bin/env python3
"""Checks of benchmarks/search that need no program: its problems and its arithmetic. Python 3.9 and numpy."""

import csv
import math
import os
import sys
import unittest

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "benchmarks", "search"))

import problems
import report
import results_file
from problems import lcbench, space, tables

# As published (Surjanovic & Bingham).
PUBLISHED = {"branin": 0.397887, "hartmann6": -3.32237, "hartmann3": -3.86278, "six_hump_camel": -1.0316, "shekel4": -10.5364,
             "goldstein_price": 3.0, "michalewicz5": -4.687658, "styblinski_tang5": -39.1661657 * 5, "styblinski_tang50": -39.1661657 * 50}
ALL = problems.all_problems()


class Problems(unittest.TestCase):
    def test_best(self):
        rng = np.random.default_rng(1)
        for problem in ALL.values():
            with self.subTest(problem.name):
                if not problem.simple:
                    self.assertTrue(problem.best < problem.median if problem.goal == "minimize" else problem.best > problem.median)
                if problem.group in ("synthetic", "many_dimensions"):
                    self.assertAlmostEqual(problem.best, PUBLISHED.get(problem.name, 0.0), delta=1e-4)
                if problem.at is not None:
                    at = problem.value(space.checked(problem.parameters, problem.at))
                    self.assertAlmostEqual(at, problem.best, delta=1e-7 * max(1.0, abs(problem.best)))
                if problem.value is not None:
                    drawn = [problem.value(space.draw(problem.parameters, rng)) for _ in range(50)]
                    better = [value < problem.best if problem.goal == "minimize" else value > problem.best for value in drawn]
                    self.assertFalse(any(better))

    def test_best_of_mixed_is_at_its_place(self):
        """Moving one parameter of the best anywhere makes it worse."""
        rng = np.random.default_rng(2)
        for problem in ALL.values():
            for name, parameter in problem.parameters.items() if problem.group == "mixed" else ():
                for _ in range(20):
                    moved = {**space.draw(problem.parameters, rng, flat=True), **problem.at, name: space.value_at(parameter, rng.random())}
                    moved = space.active_only(problem.parameters, moved)
                    if moved != problem.at:
                        self.assertGreater(problem.value(moved), 0.0, (problem.name, name))

    def test_middle_is_not_the_best(self):
        for problem in ALL.values():
            if problem.group in ("synthetic", "many_dimensions"):
                self.assertGreater(max(abs(u - 0.5) for u in problem.at.values()), 0.09, problem.name)

    def test_split(self):
        tuned = {p.name for p in ALL.values() if p.suite == "tuned"}
        self.assertTrue({"branin", "ackley5", "mixed_a", "branin_noisy", "ackley20", "rosenbrock50"} <= tuned)
        self.assertFalse({"hartmann6", "levy5", "mixed_b", "hartmann6_noisy", "levy20"} & tuned)
        if problems.shared_data(lcbench.FOLDER):
            self.assertEqual((8, 16), tuple(sum(p.group == "lcbench" and p.suite == s for p in ALL.values()) for s in ("tuned", "reported")))

    def test_noise_repeats(self):
        problem = ALL["branin_noisy"]
        at = problem.at
        first, other = problem.start(3), problem.start(4)
        self.assertEqual(first(at, 1), problem.start(3)(at, 1))
        self.assertNotEqual(first(at, 1)[0], first(at, 2)[0])
        self.assertNotEqual(first(at, 1)[0], other(at, 1)[0])
        self.assertEqual(first(at, 1)[1], problem.best)
        noise = [(first(at, n)[0] - problem.best) / (problem.median - problem.best) for n in range(2000)]
        self.assertAlmostEqual(float(np.std(noise)), problem.noise, delta=0.1 * problem.noise)

    def test_draws_are_configurations(self):
        rng = np.random.default_rng(3)
        for problem in ALL.values():
            for _ in range(20):
                drawn = space.checked(problem.parameters, space.draw(problem.parameters, rng))
                for name, value in drawn.items():
                    parameter = problem.parameters[name]
                    back = space.value_at(parameter, space.unit(parameter, value))
                    self.assertTrue(back == value if isinstance(value, (str, int)) else math.isclose(back, value, rel_tol=1e-9, abs_tol=1e-9))

    def test_what_is_no_configuration(self):
        parameters = ALL["mixed_a"].parameters
        best = ALL["mixed_a"].at
        for change in ({"momentum": 0.5}, {"units": 4096}, {"layers": 2.5}, {"activation": "sine"}):
            with self.assertRaises(ValueError):
                space.checked(parameters, {**best, **change})


class RealData(unittest.TestCase):
    def test_lcbench_vectors(self):
        folder = problems.shared_data(lcbench.FOLDER)
        if folder is None:
            self.skipTest("no LCBench data")
        net = lcbench.network(folder)
        with open(os.path.join(folder, "testvectors.csv"), newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertGreaterEqual(len(rows), 50)
        for row in rows:
            predicted = net.predict(row["task"], {i["name"]: float(row[i["name"]]) for i in net.inputs})
            for name, value in predicted.items():
                self.assertTrue(math.isclose(value, float(row[name]), rel_tol=1e-6, abs_tol=1e-6), (row["task"], name, value))

    def test_tables(self):
        found = [p for p in ALL.values() if p.group == "tables"]
        if not found:
            self.skipTest("no learning curves")
        for problem in found:
            table, rng = problem.table, np.random.default_rng(4)
            rows = list(range(len(table.values)))
            configuration = {n: space.value_at(p, table.rows[7][i]) for i, (n, p) in enumerate(table.parameters.items())}
            self.assertTrue(np.allclose(table.rows[table.nearest(configuration, [])], table.rows[7]), problem.name)
            used = []
            for _ in range(50):
                used.append(table.nearest(space.draw(table.parameters, rng), used))
            self.assertEqual(len(set(used)), 50)
            self.assertEqual(table.nearest(configuration, rows[:11] + rows[12:]), 11)


class Arithmetic(unittest.TestCase):
    def test_regret(self):
        problem = ALL["mixed_a"]
        self.assertEqual(problem.regret(problem.median), 1.0)
        self.assertEqual(problem.log_regret(problem.best), -5.0)
        self.assertAlmostEqual(ALL["branin"].log_regret(ALL["branin"].best + 0.01), -2.0, places=9)

    def test_means_and_errors(self):
        mean, seeds, over_problems = report.mean_and_errors({("a", 0): 1.0, ("a", 1): 3.0, ("b", 0): 6.0, ("b", 1): 6.0})
        self.assertEqual(mean, 4.0)  # of 2 and 6
        self.assertAlmostEqual(seeds, math.sqrt(2.0 / 2.0) / 2.0)
        self.assertAlmostEqual(over_problems, math.sqrt(8.0) / math.sqrt(2.0))

    def test_ranks(self):
        regrets = {"x": {"a": 1.0, "b": 1.0, "c": 9.0}, "y": {"a": 2.0, "b": 1.0}}
        ranks, common = report.ranks(regrets, ["x", "y"])
        self.assertEqual((ranks, common), ({"x": 1.25, "y": 1.75}, 2))

    def test_value_after(self):
        run = {"trajectory": [[2, 5.0], [4, 1.0]]}
        self.assertEqual([results_file.value_after(run, n) for n in (1, 2, 3, 4, 99)], [None, 5.0, 5.0, 1.0, 1.0])


if __name__ == "__main__":
    unittest.main()
