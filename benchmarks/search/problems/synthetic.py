"""Functions on the unit cube, to be minimised.

Ranges as in Surjanovic & Bingham, "Virtual library of simulation experiments", but where the best lies at or near the middle of the
usual range the range is moved, so that a method that looks at the middle first gains nothing.
"""

import functools
import math

import numpy as np

from .problem import Problem

PI = math.pi
# Where the best lies in each coordinate of a moved function, in turn.
MOVED = (0.67, 0.29, 0.74, 0.36, 0.81, 0.22)


def moved(dimensions):
    return np.array([MOVED[i % len(MOVED)] for i in range(dimensions)])


def branin(u):
    x, y = 15.0 * u[0] - 5.0, 15.0 * u[1]
    a = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0
    return a * a + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * math.cos(x) + 10.0


ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
HARTMANN6_A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
HARTMANN6_P = np.array([[0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
                        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381]])
HARTMANN3_A = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
HARTMANN3_P = np.array([[0.3689, 0.1170, 0.2673], [0.4699, 0.4387, 0.7470], [0.1091, 0.8732, 0.5547], [0.0381, 0.5743, 0.8828]])


def hartmann6(u):
    return -float(ALPHA @ np.exp(-(HARTMANN6_A * (u - HARTMANN6_P) ** 2).sum(axis=1)))


def hartmann3(u):
    return -float(ALPHA @ np.exp(-(HARTMANN3_A * (u - HARTMANN3_P) ** 2).sum(axis=1)))


def ackley(u):
    """[-32.768, 32.768] moved: the best at u = 0.67 in every coordinate."""
    x = 65.536 * (u - 0.67)
    return -20.0 * math.exp(-0.2 * math.sqrt((x * x).mean())) - math.exp(np.cos(2.0 * PI * x).mean()) + 20.0 + math.e


def levy(u):
    """20 wide, moved: x = 1 at MOVED."""
    w = 1.0 + 20.0 * (u - moved(len(u))) / 4.0
    head = math.sin(PI * w[0]) ** 2
    body = ((w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * np.sin(PI * w[:-1] + 1.0) ** 2)).sum()
    return head + float(body) + (w[-1] - 1.0) ** 2 * (1.0 + math.sin(2.0 * PI * w[-1]) ** 2)


def rosenbrock(u):
    """[-5, 10]."""
    x = 15.0 * u - 5.0
    return float((100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum())


def styblinski_tang(u):
    x = 10.0 * u - 5.0
    return 0.5 * float((x**4 - 16.0 * x**2 + 5.0 * x).sum())


def goldstein_price(u):
    """4 wide, moved: x = 0 at u = 0.6; the best is 3 at (0, -1)."""
    x, y = 4.0 * u[0] - 2.4, 4.0 * u[1] - 2.0
    left = 1.0 + (x + y + 1.0) ** 2 * (19.0 - 14.0 * x + 3.0 * x * x - 14.0 * y + 6.0 * x * y + 3.0 * y * y)
    right = 30.0 + (2.0 * x - 3.0 * y) ** 2 * (18.0 - 32.0 * x + 12.0 * x * x + 48.0 * y - 36.0 * x * y + 27.0 * y * y)
    return left * right


def michalewicz(u):
    """[0, pi], steepness 10."""
    x = PI * u
    return -float((np.sin(x) * np.sin(np.arange(1, len(u) + 1) * x * x / PI) ** 20).sum())


def six_hump_camel(u):
    """x 6 wide, moved so that the two best, at x = +-0.0898, y = -+0.7126, do not lie around the middle."""
    x, y = 6.0 * u[0] - 2.2, 4.0 * u[1] - 2.0
    return (4.0 - 2.1 * x * x + x**4 / 3.0) * x * x + x * y + (-4.0 + 4.0 * y * y) * y * y


def griewank(u):
    """1200 wide, moved: the best at MOVED."""
    x = 1200.0 * (u - moved(len(u)))
    return 1.0 + float((x * x).sum()) / 4000.0 - float(np.cos(x / np.sqrt(np.arange(1, len(u) + 1))).prod())


def rastrigin(u):
    """10.24 wide, moved: the best at MOVED."""
    x = 10.24 * (u - moved(len(u)))
    return float((x * x - 10.0 * np.cos(2.0 * PI * x) + 10.0).sum())


SHEKEL_C = np.array([[4, 4, 4, 4], [1, 1, 1, 1], [8, 8, 8, 8], [6, 6, 6, 6], [3, 7, 3, 7], [2, 9, 2, 9], [5, 5, 3, 3],
                     [8, 1, 8, 1], [6, 2, 6, 2], [7, 3.6, 7, 3.6]])
SHEKEL_B = np.array([1, 2, 2, 4, 4, 6, 3, 7, 5, 5]) / 10.0


def shekel(u):
    """[0, 10], ten wells; the deepest near (4, 4, 4, 4)."""
    return -float((1.0 / (((10.0 * u - SHEKEL_C) ** 2).sum(axis=1) + SHEKEL_B)).sum())


def dixon_price_best(dimensions):
    return np.array([2.0 ** -((2.0**i - 2.0) / 2.0**i) for i in range(1, dimensions + 1)])


def dixon_price(u):
    """20 wide, moved: the best, of value 0, at MOVED."""
    x = 20.0 * (u - moved(len(u))) + dixon_price_best(len(u))
    return (x[0] - 1.0) ** 2 + float((np.arange(2, len(u) + 1) * (2.0 * x[1:] ** 2 - x[:-1]) ** 2).sum())


def polished(function, u, step=1e-2):
    """The least value near u, by a compass search down to steps of 1e-10."""
    u, best = np.array(u, dtype=float), function(np.array(u, dtype=float))
    while step > 1e-10:
        better = False
        for i in range(len(u)):
            for sign in (-step, step):
                other = u.copy()
                other[i] = min(max(other[i] + sign, 0.0), 1.0)
                value = function(other)
                if value < best:
                    u, best, better = other, value, True
        if not better:
            step *= 0.5
    return u, best


def michalewicz_start(dimensions):
    """Near the best: each coordinate counts by itself, so each is looked for on a fine grid."""
    u = np.linspace(0.0, 1.0, 20001)
    terms = [np.sin(PI * u) * np.sin(i * PI * u * u) ** 20 for i in range(1, dimensions + 1)]
    return [float(u[np.argmax(term)]) for term in terms]


STYBLINSKI_TANG_AT = (5.0 - 2.903534027771177) / 10.0
# name: function, where the best lies in the unit cube (near enough to be polished)
FUNCTIONS = {
    "branin": (branin, [(PI + 5.0) / 15.0, 2.275 / 15.0]),
    "ackley5": (ackley, [0.67] * 5),
    "rosenbrock4": (rosenbrock, [0.4] * 4),
    "goldstein_price": (goldstein_price, [0.6, 0.25]),
    "michalewicz5": (michalewicz, michalewicz_start(5)),
    "hartmann6": (hartmann6, [0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573]),
    "levy5": (levy, moved(5)),
    "styblinski_tang5": (styblinski_tang, [STYBLINSKI_TANG_AT] * 5),
    "ackley10": (ackley, [0.67] * 10),
    "hartmann3": (hartmann3, [0.114614, 0.555649, 0.852547]),
    "six_hump_camel": (six_hump_camel, [(2.2 + 0.08984) / 6.0, (2.0 - 0.71266) / 4.0]),
    "griewank6": (griewank, moved(6)),
    "rastrigin4": (rastrigin, moved(4)),
    "shekel4": (shekel, [0.4] * 4),
    "dixon_price6": (dixon_price, moved(6)),
    "ackley20": (ackley, [0.67] * 20),
    "rosenbrock50": (rosenbrock, [0.4] * 50),
    "levy20": (levy, moved(20)),
    "styblinski_tang50": (styblinski_tang, [STYBLINSKI_TANG_AT] * 50),
}
TUNED = {"branin", "ackley5", "rosenbrock4", "goldstein_price", "michalewicz5", "ackley20", "rosenbrock50"}
MANY = {"ackley20", "rosenbrock50", "levy20", "styblinski_tang50"}
EVALUATIONS = 100


def unit_parameters(dimensions):
    return {f"x{i}": {"type": "float", "min": 0.0, "max": 1.0, "scale": "linear"} for i in range(dimensions)}


def of_cube(function, dimensions):
    names = [f"x{i}" for i in range(dimensions)]
    return lambda configuration: function(np.array([configuration[name] for name in names]))


@functools.lru_cache(maxsize=None)
def best_of(name):
    function, start = FUNCTIONS[name]
    at, best = polished(function, start, 1e-3)
    return tuple(at), best


def make(name):
    function, start = FUNCTIONS[name]
    dimensions = len(start)
    at, best = best_of(name)
    return Problem(name=name, group="many_dimensions" if name in MANY else "synthetic", suite="tuned" if name in TUNED else "reported",
                   parameters=unit_parameters(dimensions), goal="minimize", evaluations=EVALUATIONS, best=best,
                   value=of_cube(function, dimensions), simple=True, at={f"x{i}": value for i, value in enumerate(at)})


def all_problems():
    return [make(name) for name in FUNCTIONS]
