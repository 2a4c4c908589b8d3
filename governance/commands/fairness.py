"""``manage.py audit fairness``: audit decisions in a file for fairness between groups."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from governance.commands import add_bins, add_intervals, bins, names, write_verdict
from portal.message import Message

TITLE = "audit decisions in a Parquet or CSV file for fairness between groups"
SHOWN = ("selection_rate", "true_positive_rate", "false_positive_rate", "precision", "accuracy", "auc")
SHOWN_OF_NUMBERS = ("mean_error", "mae", "rmse")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", required=True, action="append", metavar="FILE",
        help="Parquet or CSV, one row a case; repeatable: periods are counted apart and added",
    )  # fmt: skip
    parser.add_argument("--label", required=True, metavar="COL", help="column of the true class or number")
    parser.add_argument("--prediction", required=True, metavar="COL", help="column of the decided class or number")
    parser.add_argument("--sensitive", required=True, metavar="COL,COL", help="one to four columns, by commas")
    parser.add_argument("--positive", metavar="VALUE", help="the favourable class; 1 where classes are 0 and 1")
    parser.add_argument("--score", metavar="COL", help="column of the score for the positive class")
    parser.add_argument("--weight", metavar="COL", help="column of sample weights")
    parser.add_argument("--task", choices=("auto", "classification", "regression"), default="auto")
    parser.add_argument("--tolerance", type=float, default=0.1, metavar="X", help="largest gap allowed (0.1)")
    parser.add_argument(
        "--scale", type=float, metavar="X",
        help="regression: what the tolerance is a share of (the label's standard deviation); 1 for its unit",
    )  # fmt: skip
    parser.add_argument("--min-group", type=int, default=30, metavar="N", help="cases a group needs (30)")
    add_bins(parser)
    parser.add_argument(
        "--pool", action="append", default=[], metavar="COL:NAME=LEVEL,LEVEL",
        help="judge groups together, as declared beforehand; repeatable",
    )  # fmt: skip
    parser.add_argument("--judge", metavar="GAP,GAP", help="gaps that decide the verdict")
    parser.add_argument("--no-intersections", action="store_true", help="judge each sensitive column by itself only")
    add_intervals(parser)


def run(options: Mapping[str, Any]) -> dict[str, Any]:
    """Audit, and return the audit's JSON.

    Raises
    ------
    EvaluationDataError
        For bad input, with the sentence to print.
    """
    from governance.engine.fairness.audit import audit_fairness

    return audit_fairness(
        options["data"],
        label=options["label"],
        prediction=options["prediction"],
        sensitive=names(options["sensitive"]),
        positive=options["positive"],
        tolerance=options["tolerance"],
        min_group=options["min_group"],
        judge=names(options["judge"]) if options["judge"] is not None else None,
        score=options["score"],
        weight=options["weight"],
        task=options["task"],
        scale=options["scale"],
        pool=_pools(options["pool"]),
        intersections=not options["no_intersections"],
        confidence=options["confidence"],
        replicates=options["replicates"],
        seed=options["seed"],
        bins=dict(bins(text) for text in options["bins"]),
    ).to_json()


def describe(result: Mapping[str, Any], out: TextIO) -> None:
    """Print the verdict, its reason, and a table of the groups."""
    write_verdict(result, [result["advice"], *result["notes"]], out)
    shown = [name for name in (*SHOWN, *SHOWN_OF_NUMBERS) if name in result["overall"]]
    names = [_group_name(group["group"]) for group in result["groups"]]
    width = max(map(len, [*names, "group"]))
    heads = [str(Message(f"fairness.metric.{name}")) for name in shown]
    out.write("\n" + "  ".join([f"{'group':<{width}}", f"{'n':>9}", *(f"{head:>22}" for head in heads)]) + "\n")
    rows = [("all", {"n": result["n"], "metrics": result["overall"]}), *zip(names, result["groups"], strict=True)]
    for name, group in rows:
        cells = [f"{_estimate(group['metrics'][metric]):>22}" for metric in shown]
        out.write("  ".join([f"{name:<{width}}", f"{group['n']:>9,}", *cells]) + "\n")
    out.write("\nparentheses: too few cases to judge\n\n")
    for gap in result["gaps"]:
        if gap["judged"]:
            value = "–" if gap["value"] is None else f"{gap['value']:.3f} [{gap['low']:.3f}, {gap['high']:.3f}]"
            out.write(f"{gap['verdict']:<14}{gap['feature']}: {gap['metric']} {value}\n")


def _pools(texts: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    from governance.engine.tables import EvaluationDataError

    found: dict[str, dict[str, list[str]]] = {}
    for text in texts:
        target, _, levels = text.partition("=")
        column, _, name = (part.strip() for part in target.partition(":"))
        if not (column and name and names(levels)):
            raise EvaluationDataError("data.pool_format", text=text)
        found.setdefault(column, {})[name] = names(levels)
    return found


def _group_name(group: Mapping[str, str | None]) -> str:
    return ", ".join("(missing)" if level is None else level for level in group.values())


def _estimate(estimate: Mapping[str, Any]) -> str:
    if estimate["value"] is None:
        return "–"
    text = f"{estimate['value']:.3f}"
    if estimate["low"] is not None:
        text += f" [{estimate['low']:.3f}, {estimate['high']:.3f}]"
    return text if estimate["judged"] else f"({text})"
