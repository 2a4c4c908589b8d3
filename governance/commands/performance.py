"""``manage.py audit performance``: how good predictions in a file are, how sure that is, and where they are worst."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, TextIO

from governance.commands import add_bins, add_intervals, bins, names, write_verdict
from portal.message import Message

TITLE = "audit the performance of predictions in a Parquet or CSV file"
SHOWN = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, metavar="FILE", help="Parquet or CSV, one row a case")
    parser.add_argument("--label", required=True, metavar="COL", help="column of what was true")
    parser.add_argument("--prediction", required=True, metavar="COL", help="column of what was predicted")
    parser.add_argument(
        "--score", metavar="COL", help="column of the positive class's probability, or CLASS=COL,CLASS=COL"
    )
    parser.add_argument("--weight", metavar="COL", help="column of sample weights")
    parser.add_argument("--positive", metavar="VALUE", help="the positive class; 1 where classes are 0 and 1")
    parser.add_argument("--task", choices=("classification", "regression"), help="found from the data if not given")
    parser.add_argument("--metric", metavar="NAME", help="the metric that decides (accuracy, or mae)")
    parser.add_argument("--baseline", metavar="COL", help="predictions of another model on the same rows")
    parser.add_argument("--baseline-score", metavar="COL", help="its score, written like --score")
    parser.add_argument("--slices", metavar="COL,COL", help="columns to cut by; all others if not given")
    add_bins(parser)
    parser.add_argument("--min-cases", type=int, default=30, metavar="N", help="cases a metric or slice needs (30)")
    add_intervals(parser)


def run(options: Mapping[str, Any]) -> dict[str, Any]:
    """Audit, and return the audit's JSON.

    Raises
    ------
    EvaluationDataError
        For bad input, with the sentence to print.
    """
    from governance.engine.performance.audit import audit_performance

    return audit_performance(
        options["data"],
        label=options["label"],
        prediction=options["prediction"],
        score=_score(options["score"]),
        weight=options["weight"],
        positive=options["positive"],
        task=options["task"],
        metric=options["metric"],
        slices=None if options["slices"] is None else names(options["slices"]),
        bins=dict(bins(text) for text in options["bins"]),
        baseline_prediction=options["baseline"],
        baseline_score=_score(options["baseline_score"]),
        min_cases=options["min_cases"],
        confidence=options["confidence"],
        replicates=options["replicates"],
        seed=options["seed"],
    ).to_json()


def describe(result: Mapping[str, Any], out: TextIO) -> None:
    """Print the verdict, its reasons, the metrics, and the worst slices."""
    write_verdict(result, [result["worst"], result["worse_than_live"], *result["notes"]], out)
    differences = result["comparison"]["differences"]
    out.write(f"\n{'metric':<24}{'value':>26}  {'n':>9}" + (f"  {'minus the other':>30}" if differences else "") + "\n")
    for item in result["metrics"]:
        name = str(Message(f"performance.metric.{item['name']}"))
        line = f"{name:<24}{_estimate(item):>26}  {item['n']:>9,}"
        out.write(line + (f"  {_difference(differences.get(item['name'])):>30}" if differences else "") + "\n")
    if not result["slices"]:
        return
    metric = Message(f"performance.metric.{result['sliced']['metric']}")
    names = [" and ".join(str(Message.from_json(part)) for part in item["name"]) for item in result["slices"][:SHOWN]]
    width = max(map(len, [*names, "slice"]))
    out.write(f"\n{'slice':<{width}}  {metric!s:>26}  {'n':>9}\n")
    for name, item in zip(names, result["slices"], strict=False):
        said = "worse than the rest" if item["worse"] else "" if item["judged"] else "too few cases"
        out.write(f"{name:<{width}}  {_estimate(item):>26}  {item['n']:>9,}  {said}".rstrip() + "\n")


def _score(text: str | None) -> str | dict[str, str] | None:
    """A column, or a column for each class."""
    if not text or "=" not in text:
        return text
    return {key.strip(): column.strip() for key, _, column in (part.partition("=") for part in names(text))}


def _estimate(item: Mapping[str, Any]) -> str:
    if item["value"] is None:
        return "–"
    text = f"{item['value']:.4g}"
    return text if item["low"] is None else f"{text} [{item['low']:.4g}, {item['high']:.4g}]"


def _difference(item: Mapping[str, Any] | None) -> str:
    if item is None or item["value"] is None:
        return "–"
    text = f"{item['value']:+.4f}"
    return text if item["low"] is None else f"{text} [{item['low']:+.4f}, {item['high']:+.4f}]"
