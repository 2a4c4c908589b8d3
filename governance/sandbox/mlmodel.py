"""Read what a logged model declares, without running anything of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.sandbox.failures import SandboxFailure
from portal.message import Message

FILE_BYTES = 8 * 1024**2
MAX_DEPTH = 24
MAX_NODES = 200_000


@dataclass(frozen=True)
class ModelFile:
    """The part of ``MLmodel`` that matters here.

    Attributes
    ----------
    flavors : tuple of str
    inputs : tuple of str or None
        Columns of the signature; None if it has none or names no columns.
    required : frozenset of str
        Columns of the signature that may not be missing.
    """

    flavors: tuple[str, ...]
    inputs: tuple[str, ...] | None
    required: frozenset[str]


def read_model_file(model_dir: str | Path) -> ModelFile:
    """Read ``MLmodel`` of a local model folder.

    The file is its author's: its size, depth and number of parts are bounded before anything is built of it, and
    aliases, by which few lines unfold to millions, are refused. MLflow writes none.

    Raises
    ------
    SandboxFailure
        If there is none, or it cannot be read.
    """
    import yaml

    path = Path(model_dir) / "MLmodel"
    failure = SandboxFailure(Message("sandbox.not_a_model", {"path": str(model_dir)}))
    try:
        if path.is_symlink() or path.stat().st_size > FILE_BYTES:
            raise failure
        text = path.read_text("utf-8")
        _check_events(text)
        document = yaml.safe_load(text)
        flavors = tuple(str(name) for name in document["flavors"])
        columns = _columns((document.get("signature") or {}).get("inputs"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, yaml.YAMLError) as error:
        raise failure from error
    if columns is None:
        return ModelFile(flavors, None, frozenset())
    required = frozenset(name for name, needed in columns if needed)
    return ModelFile(flavors, tuple(name for name, _ in columns), required)


def _check_events(text: str) -> None:
    """Refuse what could exhaust the reader, before it recurses."""
    import yaml

    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or count > MAX_NODES or isinstance(event, yaml.AliasEvent):
            raise ValueError("too deep, too many parts, or aliases")


def _columns(inputs: Any) -> list[tuple[str, bool]] | None:
    entries = json.loads(inputs) if isinstance(inputs, str) else inputs
    if not isinstance(entries, list) or not entries:
        return None
    if not all(isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries):
        return None
    return [(entry["name"], entry.get("required", True) is not False) for entry in entries]
