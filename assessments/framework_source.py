"""A framework as text: written out in full, copied, and changed in one criterion with the rest left as it is.

Pure: no Django. Comments and layout of a text are kept wherever nothing else has to change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from assessments import document
from assessments import framework as frameworks
from assessments.framework import Framework

BILINGUAL = ("title", "statement", "how")
PLAIN = ("required", "effort", "level")


class _Dumper(yaml.SafeDumper):
    """Without aliases, which are not read, and with lists indented below their field."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def write(data: Any) -> str:
    """Content as YAML text."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


def shipped_text(framework: Framework) -> str:
    """The text of a shipped framework, complete in itself: each ``same_as`` is written out.

    Raises
    ------
    LookupError
        The framework is not shipped.
    """
    if frameworks.shipped().get(framework.key) == framework:
        return _completed_file(frameworks.FOLDER / f"{framework.key}.yaml")
    if frameworks.history().get((framework.key, framework.version)) == framework:
        path = frameworks.FOLDER / "history" / f"{framework.key}.{framework.version}.yaml"
        return path.read_text("utf-8")
    raise LookupError(f"{framework.key} {framework.version}")


@lru_cache(maxsize=16)
def _completed_file(path: Path) -> str:
    """The completed text of a file of the product, which stays as it is while a process runs."""
    return completed(path.read_text("utf-8"))


def completed(text: str) -> str:
    """The text itself where it depends on no other framework, else its whole content written out.

    Raises
    ------
    FrameworkError
    """
    data = frameworks.filled(text)
    return text if data == document.read(text).data else write(data)


def copied(text: str, *, key: str, title: Mapping[str, str]) -> str:
    """The first version of a copy: another key and title, and no map from a version before."""
    parts = {("key",): key, ("version",): 1} | {("title", name): title[name] for name in ("en", "ja")}
    return _replaced(_without_map(text), parts)


def next_version(text: str, version: int) -> str:
    """The text with the next version's number; its map starts out empty."""
    text = _replaced(_without_map(text), {("version",): version})
    return f"{text.rstrip()}\n\nmigrates:\n  from: {version - 1}\n  changes: []\n"


def with_criterion(text: str, criterion: str, changes: Mapping[str, Any]) -> str:
    """The text with some fields of one criterion changed.

    Parameters
    ----------
    criterion : str
        Its id.
    changes : mapping
        Of `BILINGUAL` names to ``{"en": …, "ja": …}``, and of `PLAIN` names to values.

    Raises
    ------
    LookupError
        There is no such criterion.
    DocumentError
        The text is not YAML.
    """
    data = document.read(text).data
    criteria = data.get("criteria") if isinstance(data, dict) else None
    listed = criteria if isinstance(criteria, list) else ()
    place = next((n for n, c in enumerate(listed) if isinstance(c, dict) and c.get("id") == criterion), None)
    if place is None:
        raise LookupError(criterion)
    parts: dict[tuple, Any] = {}
    for name, value in changes.items():
        if name in BILINGUAL:
            parts |= {("criteria", place, name, language): value[language] for language in ("en", "ja")}
        else:
            parts["criteria", place, name] = value
    return _replaced(text, parts)


def _without_map(text: str) -> str:
    read = document.read(text)
    wanted = {name: part for name, part in read.data.items() if name != "migrates"}
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    starts = [key.start_mark.index for key, _ in root.value]
    for (key, _), end in zip(root.value, [*starts[1:], len(text)], strict=True):
        if key.value == "migrates":
            cut = text[: key.start_mark.index] + text[end:]
            return cut if document.read(cut).data == wanted else write(wanted)
    return text


def _replaced(text: str, parts: Mapping[tuple, Any]) -> str:
    """The text with single values exchanged where they stand; written anew where that cannot be done."""
    wanted = document.read(text).data
    for path, value in parts.items():
        wanted = _with(wanted, path, value)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    places = []
    for path, value in parts.items():
        node = _node(root, path)
        if node is None:
            return write(wanted)
        places.append((node.start_mark.index, node.end_mark.index, value))
    edited = text
    for start, end, value in sorted(places, reverse=True):
        after = "\n" if text[start:end].endswith("\n") else ""  # a block of lines ends with its last line
        edited = edited[:start] + json.dumps(value, ensure_ascii=False) + after + edited[end:]
    try:
        fits = document.read(edited).data == wanted
    except document.DocumentError:
        fits = False
    return edited if fits else write(wanted)


def _node(root: yaml.Node, path: tuple) -> yaml.ScalarNode | None:
    node: yaml.Node | None = root
    for step in path:
        if isinstance(node, yaml.SequenceNode):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        else:
            return None
    return node if isinstance(node, yaml.ScalarNode) else None


def _with(data: Any, path: tuple, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return [*data[:step], _with(data[step], rest, value), *data[step + 1 :]]
    inner = data.get(step) if isinstance(data, dict) else None
    return (data if isinstance(data, dict) else {}) | {step: _with(inner, rest, value)}
