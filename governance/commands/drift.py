"""``manage.py audit drift``: how far current data has moved away from a reference."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, TextIO

from governance.commands import names, write_verdict

TITLE = "audit how far the columns of a table have drifted from a reference"
KEPT = ".npz"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", metavar="REFERENCE", help="Parquet, CSV, or a reference kept with --keep (.npz)")
    parser.add_argument("current", metavar="CURRENT", help="Parquet or CSV")
    parser.add_argument("--columns", metavar="COL,COL", help="features to compare; by default all that both have")
    parser.add_argument("--prediction", metavar="COL", help="column of the model's answers")
    parser.add_argument("--label", metavar="COL", help="column of the true class")
    parser.add_argument("--weight", metavar="COL", help="column that says how much a row counts")
    parser.add_argument("--sensitive", default="", metavar="COL,COL", help="compare the rates of these groups too")
    parser.add_argument("--positive", metavar="VALUE", help="the favourable class; 1 where classes are 0 and 1")
    parser.add_argument("--tolerance", type=float, default=0.1, metavar="X", help="largest distance allowed (0.1)")
    parser.add_argument("--min-rows", type=int, default=100, metavar="N", help="values a column needs (100)")
    parser.add_argument("--confidence", type=float, default=0.95, metavar="X", help="of the limits (0.95)")
    parser.add_argument("--keep", metavar="FILE.npz", help="keep the sorted reference, to be given as REFERENCE later")


def run(options: Mapping[str, Any]) -> dict[str, Any]:
    """Audit, and return the audit's JSON.

    Raises
    ------
    EvaluationDataError
        For bad input, with the sentence to print.
    """
    from governance.engine.drift.audit import audit_drift
    from governance.engine.drift.reference import Reference
    from governance.engine.tables import EvaluationDataError

    columns = names(options["columns"]) if options["columns"] is not None else None
    made = {name: options[name] for name in ("prediction", "label", "weight")}
    sensitive = names(options["sensitive"])
    reference: Any = options["reference"]
    keep = options["keep"]
    if reference.endswith(KEPT):
        if keep or any(made.values()):
            raise EvaluationDataError("drift.kept_already", file=reference)
        reference = Reference.load(reference)
    elif keep:
        if not keep.endswith(KEPT):
            raise EvaluationDataError("drift.keep_name", file=keep)
        reference = Reference.of(reference, columns=columns, **made, sensitive=sensitive)
        reference.save(keep)
    if isinstance(reference, Reference):
        made = {}
    return audit_drift(
        reference,
        options["current"],
        columns=columns,
        **made,
        sensitive=sensitive,
        positive=options["positive"],
        tolerance=options["tolerance"],
        min_rows=options["min_rows"],
        confidence=options["confidence"],
    ).to_json()


def describe(result: Mapping[str, Any], out: TextIO) -> None:
    """Print the verdict, its reason, and a table of the columns, the farthest first."""
    write_verdict(result, [result["advice"], *result["notes"]], out)
    width = max([len(item["column"]) for item in result["columns"]] + [6])
    heads = f"{'distance':>24}  {'PSI':>6}  {'missing':>16}  {'p, corrected':>12}"
    out.write(f"\n{'column':<{width}}  {'verdict':<13}{heads}\n")
    for item in result["columns"]:
        distance = (
            "–" if item["distance"] is None else f"{item['distance']:.3f} [{item['low']:.3f}, {item['high']:.3f}]"
        )
        psi = "–" if item["psi"] is None else f"{item['psi']:.3f}"
        p_value = "–" if item["p_corrected"] is None else f"{item['p_corrected']:.2g}"
        missing = f"{item['missing']['reference']:.1%} → {item['missing']['current']:.1%}"
        cells = f"{distance:>24}  {psi:>6}  {missing:>16}  {p_value:>12}"
        out.write(f"{item['column']:<{width}}  {item['verdict'].replace('_', ' '):<13}{cells}\n")
    tolerance, confidence = result["settings"]["tolerance"], result["settings"]["confidence"]
    out.write(
        f"\ndistance: Kolmogorov-Smirnov of numbers, total variation of levels, {tolerance:g} is allowed; "
        f"limits at {confidence:.0%}\n"
    )
