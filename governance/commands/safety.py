"""``manage.py audit safety``: what a model would load and run, and whether its predictions can be had again."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from governance.commands import write_verdict
from portal.message import Message

TITLE = "audit what a model would load and run, and whether its predictions can be had again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL_DIR", help="folder of a logged MLflow model")
    parser.add_argument("--data", metavar="FILE", help="Parquet or CSV with the model's columns, to run it on again")
    parser.add_argument("--prediction", metavar="COL", help="column of the supplied predictions")
    parser.add_argument("--drop", default="", metavar="COL,COL", help="columns that the model never sees")
    parser.add_argument("--advisories", metavar="FILE", help="advisories in the OSV format: a JSON file or a folder")
    parser.add_argument("--rows", type=int, default=100_000, metavar="N", help="most rows to run (100000)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the sample (0)")


def run(options: Mapping[str, Any]) -> dict[str, Any]:
    """Audit, and return the audit's JSON with the digests of what was read.

    Raises
    ------
    EvaluationDataError
        For bad input, with the sentence to print.
    """
    from governance.engine.safety.audit import NEEDS_MODEL, REQUIRED, audit_safety
    from governance.engine.tables import EvaluationDataError, file_digest
    from governance.sandbox import SandboxFailure

    folder = Path(options["model"])
    if not folder.is_dir():
        raise EvaluationDataError("explanation.model_place", model=options["model"])
    try:
        request = _request(options, folder) if options["data"] else None
        required = [item for item in REQUIRED if request or item not in NEEDS_MODEL]
        audit = audit_safety(folder, advisories=options["advisories"], replay=request, required=required)
    except SandboxFailure as failure:
        raise EvaluationDataError(failure.message.code, **failure.message.params) from failure
    inputs = {"artifact": audit.digest}
    if options["data"]:
        inputs["data"] = file_digest(options["data"])
    return audit.to_json() | {"inputs": inputs}


def describe(result: Mapping[str, Any], out: TextIO) -> None:
    """Print the verdict, the items, what would be loaded, and the differences that matter."""
    write_verdict(result, (), out)
    out.write("\n")
    for item in result["items"]:
        outcome = item["outcome"].replace("_", " ")
        found = f" {Message.from_json(item['found'])}" if item["found"] else ""
        out.write(f"{outcome:<16}{Message.from_json(item['title'])}:{found}\n")
    if loads := result["loads"]:
        out.write(f"\nloaded by: {loads['loader'] or '–'} ({', '.join(loads['flavors'])})\n")
        for scanned in loads["scanned"]:
            for one in scanned["imports"]:
                out.write(f"  {one['level']:<12}{scanned['path']}: {one['module']}.{one['name']}\n")
        if loads["warning"]:
            out.write(f"{Message.from_json(loads['warning'])}\n")
    rows = [*result["vulnerabilities"]["found"]]
    for one in rows:
        out.write(f"\n{one['id']}: {one['package']} {one['version']}, fixed in {', '.join(one['fixed']) or '–'}\n")
    for difference in (result["replay"] or {}).get("differing", ()):
        out.write(f"row {difference['row']}: {difference['supplied']} was supplied, {difference['made']} is made\n")


def _request(options: Mapping[str, Any], folder: Path) -> Any:
    from governance.engine.safety.replay import ReplayRequest
    from governance.engine.tables import EvaluationDataError, open_table
    from governance.sandbox import read_model_file

    if options["rows"] < 1:
        raise EvaluationDataError("safety.rows", value=options["rows"])
    with open_table(options["data"]) as table:
        rows = table.to_pyarrow()
    supplied, inputs = options["prediction"], read_model_file(folder).inputs
    left_out = {supplied, *(name.strip() for name in options["drop"].split(","))}
    columns = list(inputs) if inputs else [name for name in rows.column_names if name not in left_out]
    missing = [name for name in (*columns, *([supplied] if supplied else ())) if name not in rows.column_names]
    if missing:
        raise EvaluationDataError("sandbox.missing_columns", columns=missing[:10])
    return ReplayRequest(
        rows.select(columns), rows[supplied] if supplied else None, rows=options["rows"], seed=options["seed"]
    )
