#!/usr/bin/env python3
"""A second reader of trial logs, written from docs/trial-contract.md with Python's own tools, to check the first against.

usage: slow_reader.py DEFINITIONS.json LOG

Prints one line per observation, `metric<TAB>step<TAB>value` (the value's 64 bits in hexadecimal, `nan` for every NaN), then
`lines cut unreadable bad`, the four counters.
"""
import json
import math
import re
import struct
import sys

MAX_LINE = 65536
NUMBER = re.compile(rb"([-+]?)(?:(nan)|(inf|infinity)|((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)((?:e[-+]?[0-9]+)?)(%?))", re.I)
ESCAPES = re.compile(
    rb"(?:\x1b|#033(?=\[))(?:"
    rb"\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?"  # a control sequence, perhaps unfinished
    rb"|\][^\x07\x1b]*(?:\x07|\x1b\\)"  # a command with its end
    rb"|\]"  # and without
    rb"|[\x20-\x2f]*[\x30-\x5a\x5c\x5e-\x7e]"
    rb"|[\x20-\x2f]+[\[\]]"
    rb"|[\x20-\x2f]*)"
    rb"|(?<! )#011"
)


def number(text):
    match = NUMBER.fullmatch(text.strip(b" \t"))
    if not match:
        return None
    sign = -1.0 if match[1] == b"-" else 1.0
    if match[2]:
        return math.nan
    if match[3]:
        return sign * math.inf
    return sign * float(match[4].replace(b",", b"") + match[5])


def step_number(text):
    value = number(text)
    if value is None or b"%" in text or not abs(value) <= 2**53 or value != math.floor(value):
        return None
    return int(value)


def clean(raw):
    return ESCAPES.sub(lambda match: b"\t" if match[0] == b"#011" else b"", raw)


def pattern(text):
    """`#011` outside a class matches a tab too; the patterns of the tests have no `#` in a class."""
    return re.compile(text.replace("#011", "(?:#011|\\t)").encode())


class Pairs(list):
    """A JSON object with its keys as they stand."""


def report(text):
    """The step and the values of the object after `@tune`, or None."""
    try:
        items = json.loads(text.decode(), object_pairs_hook=Pairs)
    except (ValueError, UnicodeDecodeError):
        return None
    words = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    step, values = None, {}
    for name, value in items:
        if isinstance(value, str):
            value = words.get(value)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 1 <= len(name.encode()) <= 255:
            return None
        if any(ord(c) < 32 or ord(c) == 127 for c in name):
            return None
        if name == "step":
            if not (0 <= value <= 2**53 and value == math.floor(value)):
                return None
            step = int(value)
        else:
            values[name] = float(value)
    return (step, values) if values else None


def bits(value):
    return "nan" if math.isnan(value) else struct.pack(">d", value).hex()


def main():
    definitions = json.load(open(sys.argv[1]))
    for definition in definitions:
        definition["value"] = pattern(definition["regex"])
        definition["where"] = pattern(definition["step"]) if "step" in definition else None
        definition["now"] = None
    log = open(sys.argv[2], "rb").read()
    counts, out = {}, []
    lines = cut = unreadable = bad = 0

    def observe(name, step, value):
        counts[name] = counts.get(name, 0) + 1
        out.append(f"{name}\t{counts[name] if step is None else step}\t{bits(value)}")

    for raw in re.split(rb"[\n\r\x08]", log):
        begin = 0
        pieces = []
        for end in re.finditer(rb"(?<! )#015", raw):
            pieces.append(raw[begin:end.start()])
            begin = end.end()
        for piece in pieces + [raw[begin:]]:
            if not piece:
                continue
            lines += 1
            cut += len(piece) > MAX_LINE
            line = clean(piece[:MAX_LINE])
            tagged = re.search(rb"@tune[ \t]+(\{.*)", line, re.S)
            if tagged:
                found = report(tagged[1])
                if found is None:
                    bad += 1
                else:
                    for name, value in found[1].items():
                        observe(name, found[0], value)
                continue
            tried = {}
            for definition in definitions:
                if definition["where"] is None:
                    continue
                match = definition["where"].search(line)
                if match:
                    step = step_number(match[1] or b"")
                    if step is not None:
                        definition["now"] = step + definition.get("step_offset", 0)
                    tried[definition["step"]] = step is None
            unreadable += sum(tried.values())  # equal patterns are one
            for definition in definitions:
                match = definition["value"].search(line)
                if match:
                    value = number(match[1] or b"")
                    if value is None:
                        unreadable += 1
                    else:
                        observe(definition["name"], definition["now"], value)
    sys.stdout.buffer.write("".join(line + "\n" for line in out).encode())
    print(lines, cut, unreadable, bad)


main()
