"""YAML written by people, read with care: errors name the line, and the file cannot exhaust us.

Pure: no Django. Frameworks and answer files are read through here; so can policies be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from portal.message import Message

MAX_BYTES = 1_000_000
MAX_DEPTH = 24
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is much faster where it was built in

Path_ = Sequence[str | int]


class DocumentError(ValueError):
    """A document that cannot be read; ``message`` says where and why."""

    def __init__(self, message: Message):
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Document:
    """What a YAML text holds, and where each of its parts stands."""

    data: Any
    root: yaml.Node

    def line(self, path: Path_) -> int:
        """The line, from 1, of the deepest part of `path` that exists."""
        return _walk(self.root, path)[0]

    def field(self, path: Path_) -> str:
        """`path` in words; items of a list are named by their id or key where they have one."""
        return _walk(self.root, path)[1] or "document"

    def error(self, path: Path_, reason: Message) -> Message:
        """A sentence that names the line and the field, and says what is wrong with it."""
        params = {"line": self.line(path), "field": self.field(path), "reason": reason}
        return Message("maturity.yaml.field", params)


def read(source: Path | str, max_bytes: int = MAX_BYTES) -> Document:
    """Read one YAML document.

    Parameters
    ----------
    source : Path or str
        A file, or the text itself.
    max_bytes : int
        The largest size that is read.

    Raises
    ------
    DocumentError
        The file is missing, too large, not UTF-8, not YAML, nested too deeply, or uses
        aliases, duplicate keys or tags of other types.
    """
    text = _text(source, max_bytes)
    try:
        _check_events(text)
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            raise DocumentError(Message("maturity.yaml.empty"))
        _check_keys(root)
        return Document(_construct(root), root)
    except yaml.YAMLError as error:
        raise DocumentError(_syntax(error)) from None


def _construct(root: yaml.Node) -> Any:
    try:
        return yaml.constructor.SafeConstructor().construct_document(root)
    except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError) as error:
        # YAML promises a date or a number (``2024-99-99``, ``!!int ''``), and PyYAML stumbles over it
        raise DocumentError(Message("maturity.yaml.value", {"problem": str(error)})) from None


def _text(source: Path | str, max_bytes: int) -> str:
    if isinstance(source, Path):
        try:
            with source.open("rb") as file:
                raw = file.read(max_bytes + 1)
        except OSError as error:
            params = {"file": str(source), "problem": error.strerror or type(error).__name__}
            raise DocumentError(Message("maturity.yaml.unreadable", params)) from None
    else:
        raw = source.encode("utf-8", "surrogatepass")
    if len(raw) > max_bytes:
        raise DocumentError(Message("maturity.yaml.too-large", {"limit": max_bytes // 1000}))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError(Message("maturity.yaml.encoding")) from None


def _check_events(text: str) -> None:
    """Refuse what could exhaust the composer, before it recurses."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError(Message("maturity.yaml.alias", {"line": line}))
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise DocumentError(Message("maturity.yaml.documents", {"line": line}))
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise DocumentError(Message("maturity.yaml.deep", {"line": line, "limit": MAX_DEPTH}))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1


def _check_keys(node: yaml.Node) -> None:
    """Refuse a key that stands twice: YAML would silently forget the first."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    params = {"line": key.start_mark.line + 1, "key": key.value}
                    raise DocumentError(Message("maturity.yaml.twice", params))
                seen.add(key.value)
            _check_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_keys(value)


def _syntax(error: yaml.YAMLError) -> Message:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Message("maturity.yaml.syntax", {"line": mark.line + 1 if mark else 1, "problem": problem})


def _walk(root: yaml.Node, path: Path_) -> tuple[int, str]:
    node, line, words = root, root.start_mark.line + 1, ""
    for step in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
            words += f"[{_name(node) or step + 1}]"
            continue
        words += f".{step}" if words else str(step)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    node, line = value, key.start_mark.line + 1
                    break
            else:
                node = yaml.ScalarNode("", "")  # what is missing has no parts
    return line, words


def _name(node: yaml.Node) -> str:
    return next(_names(node), "")


def _names(node: yaml.Node) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in ("id", "key") and isinstance(value, yaml.ScalarNode):
                yield value.value


_REASONS = {
    "missing": "missing",
    "missing_argument": "missing",
    "extra_forbidden": "unexpected",
    "unexpected_keyword_argument": "unexpected",
    "string_type": "text",
    "string_too_short": "blank",
    "int_type": "whole",
    "float_type": "number",
    "bool_type": "flag",
    "tuple_type": "list",
    "list_type": "list",
    "dict_type": "mapping",
    "dataclass_type": "mapping",
    "too_short": "blank",
    "string_pattern_mismatch": "name",
}


def reason(error: Mapping[str, Any]) -> Message:
    """What a pydantic error says is wrong, by code where it is an ordinary mistake, else in its own words."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _REASONS:
        return Message(f"maturity.yaml.{_REASONS[kind]}")
    if kind == "literal_error":
        return Message("maturity.yaml.one-of", {"expected": context["expected"]})
    if kind == "greater_than_equal":
        return Message("maturity.yaml.at-least", {"limit": context["ge"]})
    if kind == "less_than_equal":
        return Message("maturity.yaml.at-most", {"limit": context["le"]})
    return Message("maturity.yaml.other", {"problem": error["msg"]})
