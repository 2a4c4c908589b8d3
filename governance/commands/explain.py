"""``manage.py audit explain``: what a model's output rests on, on rows of a file, with the model in the sandbox."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from portal.message import Message

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
    parser.add_argument("--rows", type=int, default=200, metavar="N", help="rows to explain (200)")
    parser.add_argument("--background", type=int, default=100, metavar="N", help="rows to compare with (100)")
    parser.add_argument("--label", metavar="COL", help="column of the true class; the model never sees it")
    parser.add_argument("--drop", default="", metavar="COL,COL", help="more columns that the model never sees")
    parser.add_argument("--sensitive", default="", metavar="COL,COL", help="columns whose share is reported")
    parser.add_argument("--positive", metavar="VALUE", help="the class to explain; by default the second of two")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the sample and the bootstrap (0)")
    parser.add_argument("--seconds", type=float, default=600.0, metavar="N", help="time the model is given (600)")


def run(options: Mapping[str, Any]) -> dict[str, Any]:
    """Audit, and return the audit's JSON with the digests of what was read.

    Raises
    ------
    EvaluationDataError
        For bad input, with the sentence to print.
    """
    from governance.engine.explanation import audit_explanation
    from governance.engine.tables import EvaluationDataError, file_digest
    from governance.sandbox import SandboxFailure, read_model_file, tree_digest
    from governance.sandbox.limits import configured

    label = [options["label"]] if options["label"] else []
    seconds = options["seconds"]
    if not 1 <= seconds <= 86_400:
        raise EvaluationDataError("explanation.seconds", value=seconds)
    with _model(options["model"]) as folder:
        try:
            read_model_file(folder)
            digest = tree_digest(folder)
        except SandboxFailure as failure:
            raise EvaluationDataError(failure.message.code, **failure.message.params) from failure
        audit = audit_explanation(
            model_dir=folder,
            features=options["data"],
            rows=options["rows"],
            background=options["background"],
            seed=options["seed"],
            sensitive=_names(options["sensitive"]),
            drop=[*label, *_names(options["drop"])],
            positive=options["positive"],
            limits=replace(configured(), wall_seconds=seconds, cpu_seconds=int(seconds)),
        )
    inputs = {"model": {"address": options["model"], "digest": digest}, "data": file_digest(options["data"])}
    return audit.to_json() | {"inputs": inputs}


def describe(result: Mapping[str, Any], out: TextIO) -> None:
    """Print the verdict, its reason, and the features by importance."""
    out.write(f"{result['verdict'].upper().replace('_', ' ')}\n{Message.from_json(result['message'])}\n")
    if not result["importance"]:
        return
    for item in (result["method"], result["output"]):
        out.write(f"{Message.from_json(item['text'])}\n")
    out.write(
        f"\nrows: {result['rows']['used']} of {result['rows']['of']:,}, base value {result['base_value']:.4g}\n\n"
    )
    width = max(len(item["feature"]) for item in (*result["importance"], {"feature": "feature"}))
    out.write(f"{'rank':>7}  {'feature':<{width}}  {'mean |contribution|':>28}  {'share':>6}  direction\n")
    for item in result["importance"]:
        first, last = item["rank"]
        rank = str(first) if first == last else f"{first}–{last}"
        size = f"{item['mean_abs']:.4g} [{item['low']:.4g}, {item['high']:.4g}]"
        direction = item["direction"] or "–"
        out.write(f"{rank:>7}  {item['feature']:<{width}}  {size:>28}  {item['share']:>6.1%}  {direction}\n")
    for item in result["sensitive"]:
        out.write(f"\nsensitive: {item['feature']} {item['share']:.1%}{'' if item['used'] else ' (not taken)'}")
    out.write("\n" if result["sensitive"] else "")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


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
