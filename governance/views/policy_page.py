"""A policy as its page shows it: numbered lines, what differs from the version before, and gates in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import yaml

from governance.in_force import parsed
from governance.models import Policy
from governance.policy import (
    Environment,
    Gate,
    PolicyError,
    describe_approvals,
    describe_gate,
    describe_more,
    describe_scope,
    in_turn,
)
from governance.policy import Policy as Content
from portal.message import Message

KEY = re.compile(r"^(\s*(?:- )?)([A-Za-z_][\w-]*)(:)(.*)$")
COMMENT = re.compile(r"^(.*?)((?:^|\s)#.*)?$")


@dataclass(frozen=True)
class Line:
    """One line of the text, cut at its key and its comment, so that a page can tell them apart."""

    number: int
    indent: str
    key: str
    rest: str
    comment: str
    changed: bool


@dataclass(frozen=True)
class GateWords:
    """One gate in words, and where it stands in the text."""

    title: Any
    words: Message
    scope: Sequence[Message]
    line: int
    changed: bool


@dataclass(frozen=True)
class EnvironmentWords:
    """One environment in words."""

    key: str
    environment: Environment
    gates: list[GateWords]
    approvals: list[Message]
    more: list[Message]
    line: int


@dataclass(frozen=True)
class Hunk:
    """Lines taken out and put in, beside the number of the line where that begins."""

    line: int
    removed: list[str]
    added: list[str]


@dataclass(frozen=True)
class Changed:
    """What a version says of one gate, or of approvals, otherwise than another one."""

    place: Any
    title: Any
    before: Message | None
    now: Message | None


@dataclass(frozen=True)
class PolicyView:
    """What the page shows."""

    title: Any
    scope: Message | None
    lines: list[Line]
    environments: list[EnvironmentWords]
    difference: list[Hunk]
    changed: list[Changed]


def policy_view(policy: Policy, before: Policy | None) -> PolicyView:
    """Arrange a published policy beside another version of it, which is most often the one that it replaced."""
    return text_view(policy.text, before.text if before else None)


def text_view(text: str, before: str | None) -> PolicyView:
    """The same for a text that reads well."""
    content = parsed(text)
    difference = _difference(before, text) if before is not None else []
    changed = {hunk.line + i for hunk in difference for i in range(len(hunk.added))}
    places = _places(text)
    return PolicyView(
        title=content.title,
        scope=describe_scope(content),
        lines=[_line(number, line, number in changed) for number, line in enumerate(text.splitlines(), start=1)],
        environments=[
            EnvironmentWords(
                key,
                environment,
                _gates(key, environment, places, changed),
                describe_approvals(environment.approvals),
                describe_more(environment, content),
                places[key,][0],
            )
            for key, environment in content.environments.items()
        ],
        difference=difference,
        changed=_changed(before, content) if before is not None else [],
    )


def _changed(before: str, content: Content) -> list[Changed]:
    """Gate by gate, and who must agree, in words; nothing where the other text was never valid."""
    try:
        old = parsed(before)
    except PolicyError:
        return []
    found = []
    names = dict.fromkeys((*content.environments, *old.environments))
    for name in names:
        was, now = (_said(one, name) for one in (old, content))
        title = (content.environments.get(name) or old.environments[name]).title
        for key in dict.fromkeys((*now, *was)):
            words = was.get(key, (None, None))[1], now.get(key, (None, None))[1]
            if words[0] != words[1]:
                found.append(Changed(title, (now.get(key) or was[key])[0], *words))
    return found


def _said(policy: Content, name: str) -> dict[str, tuple[Any, Message]]:
    """What a policy says of an environment, by gate and by what else there is."""
    environment = policy.environments.get(name)
    if environment is None:
        return {}
    said: dict[str, tuple[Any, Message]] = {
        f"gate {gate.id}": (gate.title, in_turn([describe_gate(gate), *_scope(gate)])) for gate in environment.gates
    }
    said["approvals"] = (None, in_turn(describe_approvals(environment.approvals)))
    if more := describe_more(environment, policy):
        said["more"] = (None, in_turn(more))
    return said


def _scope(gate: Gate) -> list[Message]:
    """For which models a gate is, where it is not for all."""
    return [*(Message(f"gates.kind.{kind}") for kind in gate.kinds), *(Message(f"gates.risk.{r}") for r in gate.risks)]


def _gates(
    key: str, environment: Environment, places: dict[tuple, tuple[int, int]], changed: set[int]
) -> list[GateWords]:
    return [
        GateWords(
            title=gate.title,
            words=describe_gate(gate),
            scope=_scope(gate),
            line=places[key, at][0],
            changed=any(number in changed for number in range(*places[key, at])),
        )
        for at, gate in enumerate(environment.gates)
    ]


def _places(text: str) -> dict[tuple, tuple[int, int]]:
    """First line, and the one after the last, of each environment and of each of its gates; lines count from 1."""
    found: dict[tuple, tuple[int, int]] = {}
    for name, part in _child(yaml.compose(text, Loader=yaml.SafeLoader), "environments").value:
        found[name.value,] = (name.start_mark.line + 1, part.end_mark.line + 1)
        for at, gate in enumerate(_child(part, "gates").value):
            end = gate.end_mark.line + (2 if gate.flow_style else 1)
            found[name.value, at] = (gate.start_mark.line + 1, end)
    return found


def _child(node: yaml.Node, key: str) -> yaml.Node:
    return next(value for name, value in node.value if name.value == key)


def _line(number: int, text: str, changed: bool) -> Line:
    code, comment = COMMENT.match(text).groups()
    if '"' in code or "'" in code:  # a number sign may stand within quotes; such lines stay whole
        code, comment = text, ""
    parts = KEY.match(code)
    if not parts:
        return Line(number, "", "", code, comment or "", changed)
    indent, key, colon, rest = parts.groups()
    return Line(number, indent, key, colon + rest, comment or "", changed)


def _difference(before: str, after: str) -> list[Hunk]:
    old, new = before.splitlines(), after.splitlines()
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [Hunk(j1 + 1, old[i1:i2], new[j1:j2]) for tag, i1, i2, j1, j2 in steps if tag != "equal"]
