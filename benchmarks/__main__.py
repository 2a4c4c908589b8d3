"""Run all benchmarks or those named; exit with 1 if a result disagrees with its baseline."""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import sys
from dataclasses import asdict
from importlib import import_module

import benchmarks


def main(arguments: list[str] | None = None) -> int:
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one or more of: {', '.join(names)}")
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else, on standard output")
    parser.add_argument("--full", action="store_true", help="the sizes that the goals are written for: minutes each")
    options = parser.parse_args(arguments)
    if options.full:
        os.environ[benchmarks.FULL] = "1"
    unknown = set(options.name) - set(names)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    figures = []
    for name in options.name or names:
        print(f"{name} …", file=sys.stderr, flush=True)
        figures += import_module(f"benchmarks.{name}").run()
    if options.json:
        print(json.dumps({"benchmarks": [asdict(figure) for figure in figures]}))
    else:
        for figure in figures:
            mark = "reached" if figure.ratio >= figure.goal else "missed"
            agreed = "same results" if figure.agreed else "RESULTS DIFFER"
            print(
                f"{figure.name}: {_against(figure)}, {figure.rows:,} rows; goal {_times(figure.goal)} {mark}; {agreed}"
            )
    return 0 if all(figure.agreed for figure in figures) else 1


def _against(figure: benchmarks.Figure) -> str:
    """Less than the baseline takes, or, where the goal is an upper bound, so many times as much."""
    much = f"less {figure.unit} than" if figure.ratio >= 1 else f"the {figure.unit} of"
    return f"{_times(figure.ratio)} {much} {figure.baseline}"


def _times(ratio: float) -> str:
    return f"{ratio if ratio >= 1 else 1 / ratio:,.1f}x"


if __name__ == "__main__":
    sys.exit(main())
