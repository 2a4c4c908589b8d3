"""A policy: the gates and the approval of each environment, read from one YAML file.

Pure: no Django. An error names its line and field. What a gate needs is weighed in `governance.gates`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from assessments import document
from assessments import texts as _reading_texts  # noqa: F401  (registers the sentences of reading YAML)
from assessments.framework import Text
from governance import gate_texts as _texts  # noqa: F401
from governance.engine.lineage.audit import ITEMS
from portal.message import Message

DEFAULT = Path(__file__).parent / "policies" / "default.yaml"
MAX_BYTES = 100_000
SHOWN_ERRORS = 10

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Flag = Annotated[bool, Strict()]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
Alias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]
RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)  # MLflow keeps these for itself
Share = Annotated[float, Strict(), Field(gt=0, lt=1)]
Labels = Literal["replayed", "computed", "attested", "declared"]
Kinds = Literal["tabular", "text", "image", "generative"]
Risks = Literal["low", "medium", "high"]
Measure = Literal[
    "demographic_parity_difference",
    "equal_opportunity_difference",
    "equalized_odds_difference",
    "false_positive_rate_difference",
    "precision_difference",
    "accuracy_difference",
]

_closed = ConfigDict(extra="forbid")


def in_turn(sentences: Sequence[Message]) -> Message:
    """Several sentences as one text."""
    return reduce(lambda first, rest: Message("gates.both", {"first": first, "rest": rest}), sentences)


class PolicyError(document.DocumentError):
    """A policy that cannot be used; ``message`` is one text, ``messages`` its sentences, one for each error."""

    def __init__(self, *messages: Message):
        self.messages = messages[:SHOWN_ERRORS]
        super().__init__(in_turn(self.messages))


@dataclass(frozen=True, config=_closed)
class LineageNeeds:
    """The items that must be on record."""

    items: Annotated[tuple[Literal[*ITEMS], ...], Field(min_length=1)]


@dataclass(frozen=True, config=_closed)
class FairnessNeeds:
    """No gap of these measures may exceed the tolerance, its whole interval considered.

    Groups of fewer than ``min_group`` rows are not judged; ``unjudged_groups`` says whether they block.
    ``max_missing`` is the share of rows that may lack a label or a prediction.
    """

    tolerance: Share
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]
    min_group: Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
    unjudged_groups: Literal["allow", "block"]
    max_missing: Share = 0.05


@dataclass(frozen=True, config=_closed)
class ExplanationNeeds:
    """The explanation adds up, and no more than this share of it rests on sensitive columns."""

    max_reliance: Share


@dataclass(frozen=True, config=_closed)
class MaturityNeeds:
    """The owner team's official level in a framework is at least this: overall, or in one dimension."""

    framework: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]
    level: Annotated[int, Strict(), Field(ge=1, le=9)]
    dimension: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)] | None = None


@dataclass(frozen=True, config=_closed, kw_only=True)
class _Gate:
    id: Name
    title: Text
    max_age_days: Annotated[int, Strict(), Field(ge=1, le=3650)]
    labels: Annotated[tuple[Labels, ...], Field(min_length=1)]
    kinds: tuple[Kinds, ...] = ()
    risks: tuple[Risks, ...] = ()

    def applies(self, kind: str, risk: str) -> bool:
        """Whether the gate is for such a model; with no kinds or risks named, it is for all."""
        return (not self.kinds or kind in self.kinds) and (not self.risks or risk in self.risks)


@dataclass(frozen=True, config=_closed, kw_only=True)
class LineageGate(_Gate):
    audit: Literal["lineage"]
    needs: LineageNeeds


@dataclass(frozen=True, config=_closed, kw_only=True)
class FairnessGate(_Gate):
    audit: Literal["fairness"]
    needs: FairnessNeeds


@dataclass(frozen=True, config=_closed, kw_only=True)
class ExplanationGate(_Gate):
    audit: Literal["explanation"]
    needs: ExplanationNeeds


@dataclass(frozen=True, config=_closed, kw_only=True)
class MaturityGate(_Gate):
    """No audit of the version, but what is known of its owner team; it is always as of now."""

    audit: Literal["maturity"]
    needs: MaturityNeeds
    max_age_days: Annotated[int, Strict(), Field(ge=1, le=3650)] = 1
    labels: Annotated[tuple[Literal["computed"], ...], Field(min_length=1)] = ("computed",)


Gate = LineageGate | FairnessGate | ExplanationGate | MaturityGate


@dataclass(frozen=True, config=_closed)
class Approvals:
    """Who must agree. Neither the requester nor the version's author ever counts; the file says so aloud."""

    required: Annotated[int, Strict(), Field(ge=1, le=9)]
    roles: Annotated[tuple[Literal["reviewer"], ...], Field(min_length=1)]
    not_requester: Flag
    not_author: Flag


@dataclass(frozen=True, config=_closed)
class Environment:
    """One environment: the alias that realises it, its gates and its approval."""

    title: Text
    alias: Alias
    gates: Annotated[tuple[Annotated[Gate, Field(discriminator="audit")], ...], Field(min_length=1, max_length=50)]
    approvals: Approvals


@dataclass(frozen=True, config=_closed)
class Policy:
    """A policy as published: ``text`` is what was read, ``digest`` what approvals bind."""

    key: Name
    title: Text
    environments: Annotated[dict[Name, Environment], Field(min_length=1, max_length=10)]
    text: str = field(default="", kw_only=True, repr=False)

    @property
    def digest(self) -> str:
        return digest_of_text(self.text)


_ADAPTER = TypeAdapter(Policy)


def parse(text: str) -> Policy:
    """Read a policy.

    Parameters
    ----------
    text : str
        The YAML.

    Raises
    ------
    PolicyError
        With one sentence for each error, naming line and field.
    """
    try:
        read = document.read(text, MAX_BYTES)
    except document.DocumentError as error:
        raise PolicyError(error.message) from None
    if not isinstance(read.data, dict):
        raise PolicyError(read.error((), Message("maturity.yaml.mapping")))
    if "text" in read.data:
        raise PolicyError(read.error(("text",), Message("maturity.yaml.unexpected")))
    try:
        policy = _ADAPTER.validate_python({**read.data, "text": text})
    except ValidationError as error:
        found = [(_place(e["loc"]), _reason(e)) for e in error.errors(include_url=False)]
    else:
        found = list(_problems(policy))
    if found:
        found.sort(key=lambda problem: read.line(problem[0]))
        raise PolicyError(*(read.error(place, reason) for place, reason in found))
    return policy


def digest_of_text(text: str) -> str:
    """The SHA-256 of a policy's text, as ``sha256sum`` of the file gives it."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _place(loc: Sequence[str | int]) -> tuple[str | int, ...]:
    """Where the error is in the file: the validator also names the kind of gate that it tried, after its number."""
    return tuple(step for i, step in enumerate(loc) if not (i == 4 and loc[2] == "gates"))


def _reason(error: Mapping[str, Any]) -> Message:
    if error["type"] == "union_tag_not_found":
        return Message("policy.audit-missing")
    if error["type"] == "union_tag_invalid":
        return Message("maturity.yaml.one-of", {"expected": error["ctx"]["expected_tags"]})
    if error["type"] in ("greater_than", "less_than"):
        return Message("policy.between", {"low": 0, "high": 1})
    if error["type"] == "string_pattern_mismatch":
        return Message("policy.name" if error["loc"][-1] != "alias" else "policy.alias")
    return document.reason(error)


def _problems(policy: Policy) -> Iterator[tuple[tuple[str | int, ...], Message]]:
    """What no single field can show."""
    aliases = Counter(environment.alias.lower() for environment in policy.environments.values())
    for name, environment in policy.environments.items():
        here = ("environments", name)
        if aliases[environment.alias.lower()] > 1:
            yield (*here, "alias"), Message("policy.alias-twice", {"alias": environment.alias})
        if RESERVED_ALIAS.fullmatch(environment.alias):
            yield (*here, "alias"), Message("policy.alias")
        seen: set[str] = set()
        for i, gate in enumerate(environment.gates):
            if gate.id in seen:
                yield (*here, "gates", i, "id"), Message("maturity.check.twice", {"name": gate.id})
            seen.add(gate.id)
        for rule in ("not_requester", "not_author"):
            if not getattr(environment.approvals, rule):
                yield (*here, "approvals", rule), Message("policy.always")


def describe_gate(gate: Gate) -> Message:
    """What a gate requires, in one sentence."""
    match gate.needs:
        case LineageNeeds(items=items):
            what = Message("gates.needs.lineage", {"items": [Message(f"lineage.item.{item}") for item in items]})
        case FairnessNeeds() as needs:
            params = {
                "measures": [Message(f"gates.measure.{measure}") for measure in needs.measures],
                "tolerance": f"{needs.tolerance:g}",
                "n": needs.min_group,
            }
            what = Message(f"gates.needs.fairness.{needs.unjudged_groups}", params)
        case ExplanationNeeds(max_reliance=limit):
            what = Message("gates.needs.explanation", {"limit": percent(limit)})
        case MaturityNeeds() as needs:
            return Message(f"gates.needs.maturity.{'part' if needs.dimension else 'whole'}", dict(vars(needs)))
    labels = [Message(f"gates.label.{label}") for label in gate.labels]
    return Message("gates.needs", {"what": what, "days": gate.max_age_days, "labels": labels})


def percent(share: float) -> str:
    """A share as it stands in a sentence."""
    return f"{100 * share:.3g}%"
