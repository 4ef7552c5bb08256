"""Search spaces, written as the `parameters` of a tune config: active parameters, the unit cube, random draws.

Only what the problems use: float and int on an explicit scale `linear` or `log`, float with `step`, categorical, and `when`.
"""

import math


def ordered(parameters):
    """Names, parents before children, else in the order given."""
    return [n for n in parameters if "when" not in parameters[n]] + [n for n in parameters if "when" in parameters[n]]


def is_active(parameters, name, configuration):
    """Whether `name` exists in a configuration that holds at least the parents."""
    for parent, allowed in parameters[name].get("when", {}).items():
        if parent not in configuration or configuration[parent] not in (allowed if isinstance(allowed, list) else [allowed]):
            return False
    return True


def active_only(parameters, configuration):
    kept = {}
    for name in ordered(parameters):
        if is_active(parameters, name, kept):
            kept[name] = configuration[name]
    return kept


def is_conditional(parameters):
    return any("when" in parameter for parameter in parameters.values())


def is_log(parameter):
    return parameter.get("scale", "linear") == "log"


def choices(parameter):
    """Number of values, or None for a continuous parameter."""
    if parameter["type"] == "categorical":
        return len(parameter["values"])
    if parameter["type"] == "int":
        return parameter["max"] - parameter["min"] + 1
    return int(round((parameter["max"] - parameter["min"]) / parameter["step"])) + 1 if "step" in parameter else None


def _bounds(parameter):
    """Ends on the scale that is walked; whole and stepped values own half a step on both sides."""
    half = 0.5 if parameter["type"] == "int" else 0.5 * parameter.get("step", 0.0)
    ends = (parameter["min"] - half, parameter["max"] + half)
    return tuple(math.log(end) for end in ends) if is_log(parameter) else ends


def value_at(parameter, u):
    """The value at u in [0, 1]."""
    u = min(max(float(u), 0.0), 1.0)
    if parameter["type"] == "categorical":
        return parameter["values"][min(int(u * len(parameter["values"])), len(parameter["values"]) - 1)]
    low, high = _bounds(parameter)
    x = low + u * (high - low)
    x = math.exp(x) if is_log(parameter) else x
    if parameter["type"] == "int":
        return int(min(max(round(x), parameter["min"]), parameter["max"]))
    if "step" in parameter:
        x = parameter["min"] + round((x - parameter["min"]) / parameter["step"]) * parameter["step"]
    return min(max(x, parameter["min"]), parameter["max"])


def unit(parameter, value):
    """Where a value lies in [0, 1]; a category at the middle of its share."""
    if parameter["type"] == "categorical":
        return (parameter["values"].index(value) + 0.5) / len(parameter["values"])
    low, high = _bounds(parameter)
    x = math.log(value) if is_log(parameter) else value
    return (x - low) / (high - low) if high > low else 0.5


def draw(parameters, rng, flat=False):
    """A uniform draw, every parameter on its scale; `flat`: inactive parameters too."""
    everything = {name: value_at(parameters[name], rng.random()) for name in ordered(parameters)}
    return everything if flat else active_only(parameters, everything)


def checked(parameters, configuration):
    """The configuration, if it is one: exactly the active parameters, inside their ranges; else ValueError."""
    if set(configuration) != {n for n in parameters if is_active(parameters, n, configuration)}:
        raise ValueError(f"not the active parameters: {configuration}")
    for name, value in configuration.items():
        parameter = parameters[name]
        if parameter["type"] == "categorical":
            inside = value in parameter["values"]
        else:
            slack = 1e-9 * max(abs(parameter["min"]), abs(parameter["max"]))
            inside = parameter["min"] - slack <= value <= parameter["max"] + slack
            inside = inside and (parameter["type"] != "int" or value == int(value))
        if not inside:
            raise ValueError(f"{name}={value!r} is outside {parameter}")
    return configuration
