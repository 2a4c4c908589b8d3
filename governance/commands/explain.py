"""``manage.py audit explain``: what a model's output rests on, on rows of a file, with the model in the sandbox."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from governance.commands import names, write_verdict
from portal.message import Message

if TYPE_CHECKING:
    from governance.engine.explanation.audit import ExplanationAudit

TITLE = "audit what a model's output rests on, on rows of a Parquet or CSV file"
SCHEMES = ("runs:/", "models:/")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        required=True,
        metavar="DIR_OR_URI",
        help="folder of a logged MLflow model, or runs:/… or models:/… in the server of MLFLOW_TRACKING_URI",
    )
    parser.add_argument("--data", required=True, metavar="FILE", help="Parquet or CSV with the model's columns")
    parser.add_argument("--rows", type=int, default=10_000, metavar="N", help="rows to explain at most (10000)")
    parser.add_argument(
        "--precision",
        type=float,
        default=0.05,
        metavar="P",
        help="stop when the leading features' importance is known within P of itself (0.05); 0 explains all --rows",
    )
    parser.add_argument(
        "--row",
        action="append",
        default=[],
        metavar="N_OR_COL=VALUE",
        help="also explain this row: its number from 0, or a column and the value that only it has; may be repeated",
    )
    parser.add_argument("--background", type=int, default=100, metavar="N", help="rows to compare with (100)")
    parser.add_argument(
        "--evaluations", type=int, default=1_000_000, metavar="N", help="rows a permutation may ask for (1000000)"
    )
    parser.add_argument("--label", metavar="COL", help="column of the true class; the model never sees it")
    parser.add_argument("--drop", default="", metavar="COL,COL", help="more columns that the model never sees")
    parser.add_argument("--sensitive", default="", metavar="COL,COL", help="columns whose share is reported")
    parser.add_argument("--proxies", default="", metavar="COL,COL", help="columns known to stand in for sensitive ones")
    parser.add_argument("--positive", metavar="VALUE", help="the class to explain; by default the second of two")
    parser.add_argument("--live", metavar="DIR_OR_URI", help="compare with this model on the same rows")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the sample and the bootstrap (0)")
    parser.add_argument("--seconds", type=float, default=600.0, metavar="N", help="time the model is given (600)")


def run(options: Mapping[str, Any]) -> dict[str, Any]:
    """Audit, and return the audit's JSON with the digests of what was read.

    Raises
    ------
    EvaluationDataError
        For bad input, with the sentence to print.
    """
    from governance.engine.explanation.audit import compare_explanations
    from governance.engine.tables import EvaluationDataError, file_digest

    seconds = options["seconds"]
    if not 1 <= seconds <= 86_400:
        raise EvaluationDataError("explanation.seconds", value=seconds)
    settings = _settings(options)
    audit, digest = _audit(options["model"], options["data"], settings)
    inputs = {"model": {"address": options["model"], "digest": digest}, "data": file_digest(options["data"])}
    if options["live"]:
        same = {"rows": max(audit.rows_used, 2), "precision": None, "chosen": ()}
        before, digest = _audit(options["live"], options["data"], settings | same)
        audit = compare_explanations(audit, before, other=Message("explanation.model", {"model": options["live"]}))
        inputs["live"] = {"address": options["live"], "digest": digest}
    return audit.to_json() | {"inputs": inputs}


def _settings(options: Mapping[str, Any]) -> dict[str, Any]:
    from governance.sandbox.limits import configured

    seconds = options["seconds"]
    label = [options["label"]] if options["label"] else []
    return {
        "rows": options["rows"],
        "precision": options["precision"] or None,
        "background": options["background"],
        "evaluations": options["evaluations"],
        "seed": options["seed"],
        "chosen": options["row"],
        "sensitive": names(options["sensitive"]),
        "proxies": names(options["proxies"]),
        "drop": [*label, *names(options["drop"])],
        "positive": options["positive"],
        "limits": replace(configured(), wall_seconds=seconds, cpu_seconds=int(seconds)),
    }


def _audit(place: str, data: str, settings: Mapping[str, Any]) -> tuple[ExplanationAudit, str]:
    """The audit of the model at a place, and the digest of its files."""
    from governance.engine.explanation.audit import audit_explanation
    from governance.engine.tables import EvaluationDataError
    from governance.sandbox import SandboxFailure, read_model_file, tree_digest

    with _model(place) as folder:
        try:
            read_model_file(folder)
            digest = tree_digest(folder)
        except SandboxFailure as failure:
            raise EvaluationDataError(failure.message.code, **failure.message.params) from failure
        return audit_explanation(model_dir=folder, features=data, **settings), digest


def describe(result: Mapping[str, Any], out: TextIO) -> None:
    """Print the verdict, its reason, and the features by importance."""
    write_verdict(result, (), out)
    if not result["importance"]:
        return
    for item in (result["method"]["text"], result["output"]["text"], result["sampling"]["message"]):
        out.write(f"{Message.from_json(item)}\n")
    for item in (result["stability"], result["comparison"]):
        if item:
            out.write(f"{Message.from_json(item['message'])}\n")
    out.write(
        f"\nrows: {result['rows']['used']:,} of {result['rows']['of']:,}, base value {result['base_value']:.4g}\n\n"
    )
    _describe_features(result["importance"], out)
    out.write("\n")
    for group in ("sensitive", "proxies"):
        for item in result[group]:
            out.write(f"{group}: {item['feature']} {item['share']:.1%}{'' if item['used'] else ' (not taken)'}\n")
    for item in result["associations"]:
        if item["likely"]:
            out.write(f"likely proxy: {item['feature']} of {item['sensitive']} ({item['value']:.2f})\n")
    for local in result["local"]:
        if local["why"] == "chosen":
            _describe_row(local, out)


def _describe_features(importance: list[Mapping[str, Any]], out: TextIO) -> None:
    width = max(len(item["feature"]) for item in (*importance, {"feature": "feature"}))
    out.write(f"{'rank':>7}  {'feature':<{width}}  {'mean |contribution|':>28}  {'share':>6}  direction\n")
    for item in importance:
        first, last = item["rank"]
        rank = str(first) if first == last else f"{first}–{last}"
        size = f"{item['mean_abs']:.4g} [{item['low']:.4g}, {item['high']:.4g}]"
        direction = item["direction"] or "–"
        out.write(f"{rank:>7}  {item['feature']:<{width}}  {size:>28}  {item['share']:>6.1%}  {direction}\n")


def _describe_row(local: Mapping[str, Any], out: TextIO) -> None:
    out.write(f"\nrow {local['row']}: base {local['base']:.4g}, output {local['prediction']:.4g}\n")
    for part in local["contributions"]:
        out.write(f"  {part['contribution']:+.4g}  {part['feature']} = {part['value']}\n")


@contextmanager
def _model(place: str) -> Iterator[Path]:
    """The model's folder on this machine; an address is fetched, and gone afterwards."""
    from governance.engine.tables import EvaluationDataError
    from governance.registry import RegistryError

    if not place.startswith(SCHEMES):
        if not Path(place).is_dir():
            raise EvaluationDataError("explanation.model_place", model=place)
        yield Path(place)
        return
    with tempfile.TemporaryDirectory(prefix="sekisho-model-") as folder:
        try:
            _fetch(place, Path(folder))
        except RegistryError as error:
            raise EvaluationDataError("explanation.model_address", model=place, error=error.message) from error
        yield Path(folder)


def _fetch(place: str, into: Path) -> None:
    """Copy the files of a version, a logged model or a run's model; nothing of it is loaded.

    Everything comes over HTTP from the server itself, never from an address that it names.
    """
    from governance.registry import Connection, NotFound
    from governance.registry.artifacts import logged_model_root, run_root

    server = Connection(
        os.environ.get("MLFLOW_TRACKING_URI", ""),
        username=os.environ.get("MLFLOW_TRACKING_USERNAME"),
        password=os.environ.get("MLFLOW_TRACKING_PASSWORD"),
    )
    kind, _, rest = place.partition(":/")
    name, _, last = rest.strip("/").partition("/")
    if kind == "runs":
        if _copy(server, run_root(name, last), into, strip=last):
            return
        # MLflow 3 keeps a run's models beside it, under their own ids.
        named = (m for m in server.runs([name])[name].model_ids if server.logged_model(m).name == last)
        if (model := next(named, None)) and _copy(server, logged_model_root(model), into):
            return
        raise NotFound(Message("registry.not_found", {"detail": rest}))
    if name.startswith("m-") and not last:
        if not _copy(server, logged_model_root(name), into):
            raise NotFound(Message("registry.not_found", {"detail": rest}))
        return
    if not last and "@" in name:
        name, _, alias = name.rpartition("@")
        last = server.get_alias(name, alias) or ""
    if not last:
        raise NotFound(Message("registry.not_found", {"detail": rest}))
    server.download(name, last, into)


def _copy(server: Any, root: Any, into: Path, strip: str = "") -> bool:
    """Copy the files below a root; False if there are none."""
    from governance.registry.artifacts import Files
    from governance.registry.connection import Deadline

    files = Files(server, server.endpoint, root, Deadline(server.deadline * 10, server.address), strip)
    return bool(files.fetch(files.walk(), into))
