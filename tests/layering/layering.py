#!/usr/bin/env python3
"""Who may include what, and a few more house rules, checked on every source file (docs/architecture.md has the table for people).

    python3 tests/layering/layering.py [ROOT]

Prints one line a violation (file:line: sentence); exit code 1 when there is one, else 0. Needs Python 3.8 and nothing else.
"""

import os
import re
import sys

SOURCES = (".hpp", ".cpp", ".h", ".cu", ".cuh")
TEXTS = SOURCES + (".py", ".sh", ".md", ".yaml", ".yml", ".json", ".cmake", ".txt", ".in")
SKIPPED = {"build", ".git", ".deps", "runs", "data", ".cache", "__pycache__"}
MAX_LINES = 450

# folder: the project folders it may include beside itself, and the third-party libraries.
ALLOWED = {
    "include": (set(), set()),
    "metrics": ({"include"}, {"RE2", "nlohmann_json"}),
    "strategies": ({"include"}, {"Eigen", "TBB", "sanitizers"}),
    "engine": ({"include", "metrics"}, {"nlohmann_json", "yaml-cpp", "spdlog", "zlib"}),
    "trainers": ({"include/tune/report.hpp"}, {"LibTorch", "CUDA", "nlohmann_json", "zlib", "libjpeg", "libpng"}),
    "cli": ({"include", "metrics", "strategies", "engine"}, {"CLI11", "spdlog"}),
}
# These may include anything of ours and any library.
FREE = {"tests", "examples", "benchmarks"}

# How a third-party header begins, and whose it is.
LIBRARIES = {
    "Eigen/": "Eigen", "unsupported/Eigen/": "Eigen", "tbb/": "TBB", "oneapi/": "TBB",
    "torch/": "LibTorch", "ATen/": "LibTorch", "c10/": "LibTorch", "cuda": "CUDA", "cub": "CUDA", "nccl": "CUDA", "nvml": "CUDA",
    "zlib.h": "zlib", "jpeglib.h": "libjpeg", "png.h": "libpng", "CLI/": "CLI11", "spdlog/": "spdlog", "fmt/": "spdlog",
    "yaml-cpp/": "yaml-cpp", "nlohmann/": "nlohmann_json", "re2/": "RE2", "doctest/": "doctest", "rapidcheck": "RapidCheck",
    "benchmark/": "Google Benchmark", "sanitizer/": "sanitizers",
}
STANDARD = re.compile(r"[a-z_0-9]+")  # <vector>; C's and the system's headers have an ending
SYSTEM = re.compile(r"(?:(?:sys|linux|netinet|arpa|net|asm|bits)/)?\w+\.h")
# Folders that are pure functions of their input touch neither files nor processes nor the system.
PURE = {"include", "strategies"}
NO_WORLD = {"strategies": {"fstream", "filesystem", "iostream", "chrono", "thread", "ctime"}, "include": {"fstream", "filesystem", "iostream"}}

CLOCKS = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock|sleep_for|sleep_until|usleep|nanosleep|clock_gettime|gettimeofday)\b")
MAY_READ_CLOCKS = ("engine/clock", "engine/executors/", "trainers/", "tests/", "benchmarks/")

INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
MACHINE_PATH = re.compile(r"(?<![\w./$}~-])/(?:home|work|root|Users)/\w")


def files_below(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in sorted(names):
            if name.endswith(TEXTS):
                yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def without_comments(text):
    """Comments and string contents blanked out, lines kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
    return pattern.sub(lambda match: "\n" * match[0].count("\n"), text)


def project_path(given):
    return "include/" + given if given.startswith("tune/") else given


def library_of(header):
    best = max((start for start in LIBRARIES if header.startswith(start)), key=len, default=None)
    return LIBRARIES[best] if best else None


def check_project_include(folder, given):
    target = project_path(given)
    top = target.split("/")[0]
    if "/" not in given or given.startswith("."):
        return f'"{given}": ours are included from the repository root, the public ones as "tune/..."'
    if top not in ALLOWED and top not in FREE:
        return f'"{given}": no folder of the project; a library is included with <>'
    if given.startswith("include/"):
        return f'"{given}": public headers are included as "tune/..."'
    if folder in FREE or top == folder:
        return None
    if top in FREE or not ({top, target} & ALLOWED[folder][0]):
        return f'{folder}/ must not include {top}/ ("{given}")'
    return None


def check_library_include(folder, given):
    if given.startswith("tune/") or given.split("/")[0] in ALLOWED:
        return f'<{given}>: ours are included with ""'
    library = library_of(given)
    if library:
        if folder in FREE or library in ALLOWED[folder][1]:
            return None
        return f"{folder}/ must not include {library} (<{given}>)"
    if STANDARD.fullmatch(given):
        if given in NO_WORLD.get(folder, ()):
            return f"{folder}/ touches no files, clocks or processes (<{given}>)"
        return None
    if SYSTEM.fullmatch(given):
        return f"{folder}/ must not include the system's headers (<{given}>)" if folder in PURE else None
    return f"<{given}> is of no library this project uses; if it is to be, say so in tests/layering/layering.py and docs/architecture.md"


def check_source(path, text):
    """Yields (line number, sentence); adds nothing about other files."""
    folder = path.split("/")[0]
    for number, line in enumerate(text.split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            check = check_project_include if match[1] == '"' else check_library_include
            wrong = check(folder, match[2])
            if wrong:
                yield number, wrong
    if not path.startswith(MAY_READ_CLOCKS):
        for number, line in enumerate(without_comments(text).split("\n"), 1):
            match = CLOCKS.search(line)
            if match:
                yield number, f"{match[1]}: only {', '.join(MAY_READ_CLOCKS)} may read clocks or sleep; take a Clock"
    lines = text.count("\n")
    if lines > MAX_LINES:
        yield lines, f"{lines} lines; a file has at most {MAX_LINES}: one idea each"


def find_cycle(edges):
    """One cycle as a list of nodes, or None. `edges`: node -> set of nodes."""
    state = {}
    path = []

    def visit(node):
        state[node] = "open"
        path.append(node)
        for target in sorted(edges.get(node, ())):
            if state.get(target) == "open":
                return path[path.index(target):] + [target]
            if target not in state:
                found = visit(target)
                if found:
                    return found
        path.pop()
        state[node] = "done"
        return None

    for node in sorted(edges):
        if node not in state:
            found = visit(node)
            if found:
                return found
    return None


def check_cycles(includes):
    """`includes`: file -> files of the project it includes. Among files, and among folders that are beside each other: the files at
    the top of a folder are its entrance and what its sub-folders share, so a folder and what lies in it may see each other."""
    cycle = find_cycle(includes)
    if cycle:
        yield cycle[0], 1, "include cycle: " + " -> ".join(cycle)
    folders = {}
    for path, targets in includes.items():
        if path.split("/")[0] in FREE:
            continue
        here = os.path.dirname(path)
        for there in {os.path.dirname(target) for target in targets}:
            if not (here + "/").startswith(there + "/") and not (there + "/").startswith(here + "/"):
                folders.setdefault(here, set()).add(there)
    cycle = find_cycle(folders)
    if cycle:
        yield cycle[0], 1, "include cycle between folders: " + " -> ".join(cycle)


def check_tree(root):
    violations = []
    includes = {}
    sources = 0
    for path in files_below(root):
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            text = file.read()
        for number, line in enumerate(text.split("\n"), 1):
            if MACHINE_PATH.search(line):
                violations.append((path, number, "an absolute path of some machine: " + line.strip()[:100]))
        folder = path.split("/")[0]
        if not path.endswith(SOURCES) or (folder not in ALLOWED and folder not in FREE):
            continue
        sources += 1
        violations += [(path, number, sentence) for number, sentence in check_source(path, text)]
        found = [INCLUDE.match(line) for line in text.split("\n")]
        includes[path] = {project_path(match[2]) for match in found if match and match[1] == '"'}
    violations += check_cycles(includes)
    return sources, violations


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sources, violations = check_tree(root)
    for path, number, sentence in violations:
        print(f"{path}:{number}: {sentence}")
    print(f"{sources} source files, {len(violations)} violations")
    return 1 if violations or sources == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
