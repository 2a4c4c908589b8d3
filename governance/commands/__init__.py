"""The engines at the command line: one module a subcommand of ``manage.py audit``.

Each has ``add_arguments(parser)``, ``run(options) -> dict`` (the JSON that ``--json`` prints) and
``describe(result, out)`` (what a person reads), and needs no database, server or environment.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from portal.message import Message


def add_bins(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bins", action="append", default=[], metavar="COL=EDGE,EDGE", help="cut a numeric column; repeatable"
    )


def add_intervals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--confidence", type=float, default=0.95, metavar="X", help="of the intervals (0.95)")
    parser.add_argument("--replicates", type=int, default=1000, metavar="N", help="of the bootstrap (1000)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the bootstrap (0)")


def names(text: str) -> list[str]:
    """``a, b`` as two names."""
    return [name.strip() for name in text.split(",") if name.strip()]


def bins(text: str) -> tuple[str, list[float]]:
    """``age=30,45`` as a column and its edges.

    Raises
    ------
    EvaluationDataError
        If there are no numbers.
    """
    from governance.engine.tables import EvaluationDataError

    column, _, edges = text.partition("=")
    try:
        numbers = [float(edge) for edge in names(edges)]
    except ValueError:
        numbers = []
    if not numbers:
        raise EvaluationDataError("data.bins_format", text=text)
    return column.strip(), numbers


def write_verdict(result: Mapping[str, Any], messages: Iterable[Any], out: TextIO) -> None:
    """Print the verdict and its reason, and below it those of the messages (as JSON) that there are."""
    out.write(f"{result['verdict'].upper().replace('_', ' ')}\n")
    for message in (result["message"], *messages):
        if message:
            out.write(f"{Message.from_json(message)}\n")
