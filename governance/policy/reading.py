"""From the YAML of a policy to its data; every error names its line and field.

Pure: no Django.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from assessments import document
from assessments import texts as _reading_texts  # noqa: F401  (registers the sentences of reading YAML)
from governance import gate_texts as _texts  # noqa: F401
from governance.policy.fields import HIGHER_IS_BETTER, LOWER_IS_BETTER
from governance.policy.model import Environment, Gate, Policy
from governance.policy.needs import ChecklistNeeds, FactNeeds, PerformanceNeeds
from portal.message import Message

MAX_BYTES = 100_000
SHOWN_ERRORS = 10
RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)  # MLflow keeps these for itself
Place = tuple[str | int, ...]
Problems = Iterator[tuple[Place, Message]]
MISSING, UNEXPECTED = Message("maturity.yaml.missing"), Message("maturity.yaml.unexpected")
_ADAPTER = TypeAdapter(Policy)


def in_turn(sentences: Sequence[Message]) -> Message:
    """Several sentences as one text."""
    return reduce(lambda first, rest: Message("gates.both", {"first": first, "rest": rest}), sentences)


class PolicyError(document.DocumentError):
    """A policy that cannot be used; ``message`` is one text, ``messages`` its sentences, one for each error."""

    def __init__(self, *messages: Message):
        self.messages = messages[:SHOWN_ERRORS]
        super().__init__(in_turn(self.messages))


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
        raise PolicyError(read.error(("text",), UNEXPECTED))
    try:
        policy = _ADAPTER.validate_python({**read.data, "text": text})
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        found = [(_place(e), _reason(e)) for e in wrong if not _follows(e, wrong)]
    else:
        found = list(_problems(policy))
    if found:
        found.sort(key=lambda problem: read.line(problem[0]))
        raise PolicyError(*(read.error(place, reason) for place, reason in found))
    return policy


def _follows(error: Mapping[str, Any], wrong: Sequence[Mapping[str, Any]]) -> bool:
    """A list looks too short to the validator when one of its items is wrong; the item's error says enough."""
    at = error["loc"]
    return error["type"] == "too_short" and any(e["loc"][: len(at)] == at and e["loc"] != at for e in wrong)


def _place(error: Mapping[str, Any]) -> Place:
    """Where the error is in the file: the validator also names the kind of gate that it tried, after its number."""
    loc = error["loc"]
    place = tuple(step for i, step in enumerate(loc) if not (i == 4 and loc[2] == "gates"))
    return (*place, "audit") if error["type"] == "union_tag_invalid" else place


def _reason(error: Mapping[str, Any]) -> Message:
    kind, last = error["type"], error["loc"][-1]
    if kind == "union_tag_not_found":
        return Message("policy.audit-missing")
    if kind == "union_tag_invalid":
        return Message("maturity.yaml.one-of", {"expected": error["ctx"]["expected_tags"]})
    if kind in ("greater_than", "less_than"):
        return Message("policy.between", {"low": 0, "high": 1})
    if kind in ("scalar", "whether") or kind.startswith("date_"):
        return Message(f"policy.{'date' if kind.startswith('date_') else kind}")
    if kind == "too_long":
        return Message("policy.too-many", {"limit": error["ctx"]["max_length"]})
    if last in ("from", "to") and kind in ("string_pattern_mismatch", "string_type"):
        return Message("policy.clock")
    if kind == "string_pattern_mismatch":
        named = "alias" if last == "alias" else "fact-key" if error["loc"][-2:] == ("needs", "key") else "name"
        return Message(f"policy.{named}")
    return document.reason(error)


# -- what no single field can show ---------------------------------------------------------------------------


def _problems(policy: Policy) -> Problems:
    for i, name in enumerate(policy.applies.environments):
        if name not in policy.environments:
            known = {"expected": ", ".join(policy.environments)}
            yield ("applies", "environments", i), Message("maturity.yaml.one-of", known)
    aliases = Counter(environment.alias.lower() for environment in policy.environments.values())
    for name, environment in policy.environments.items():
        here = ("environments", name)
        if aliases[environment.alias.lower()] > 1:
            yield (*here, "alias"), Message("policy.alias-twice", {"alias": environment.alias})
        if RESERVED_ALIAS.fullmatch(environment.alias):
            yield (*here, "alias"), Message("policy.alias")
        if environment.after == name:
            yield (*here, "after"), Message("policy.after-itself")
        yield from _twice((*here, "gates"), [gate.id for gate in environment.gates], "id")
        for i, gate in enumerate(environment.gates):
            yield from _of_gate((*here, "gates", i), gate)
        yield from _of_approvals(here, environment)
        yield from _of_times(here, environment)
        yield from _of_rollback(here, environment)


def _twice(place: Place, names: Sequence[str], field: str) -> Problems:
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name in seen:
            yield (*place, i, field), Message("maturity.check.twice", {"name": name})
        seen.add(name)


def _of_gate(place: Place, gate: Gate) -> Problems:
    match gate.needs:
        case PerformanceNeeds() as needs:
            yield from _of_performance((*place, "needs"), needs)
        case FactNeeds() as needs:
            if needs.equals is None and needs.at_least is None and needs.at_most is None:
                yield (*place, "needs"), Message("policy.fact-needs")
            if needs.equals is not None and (needs.at_least is not None or needs.at_most is not None):
                yield (*place, "needs", "equals"), Message("policy.fact-both")
            yield from _of_limits((*place, "needs"), needs)
        case ChecklistNeeds(items=items):
            yield from _twice((*place, "needs", "items"), [item.id for item in items], "id")


def _of_performance(place: Place, needs: PerformanceNeeds) -> Problems:
    if needs.at_least is None and needs.at_most is None and needs.not_worse is None:
        yield place, Message("policy.performance-needs")
    elif needs.slices and needs.not_worse is None:
        yield (*place, "slices"), Message("policy.slices-alone")
    if needs.at_least is not None and needs.metric in LOWER_IS_BETTER:
        yield (*place, "at_least"), Message("policy.lower-is-better", {"metric": needs.metric})
    if needs.at_most is not None and needs.metric in HIGHER_IS_BETTER:
        yield (*place, "at_most"), Message("policy.higher-is-better", {"metric": needs.metric})
    yield from _of_limits(place, needs)


def _of_limits(place: Place, needs: PerformanceNeeds | FactNeeds) -> Problems:
    if needs.at_least is not None and needs.at_most is not None and needs.at_least > needs.at_most:
        yield (*place, "at_most"), Message("policy.limits-crossed")


def _of_approvals(here: Place, environment: Environment) -> Problems:
    approvals, place = environment.approvals, (*here, "approvals")
    if approvals.stages is None:
        for field in ("required", "roles", "not_requester", "not_author"):
            if getattr(approvals, field) is None:
                yield (*place, field), MISSING
        if approvals.in_order is not None:
            yield (*place, "in_order"), UNEXPECTED
    else:
        for field in ("required", "roles"):
            if getattr(approvals, field) is not None:
                yield (*place, field), Message("policy.stages-or-required")
        yield from _twice((*place, "stages"), [stage.group for stage in approvals.stages], "group")
    for rule in ("not_requester", "not_author"):
        if getattr(approvals, rule) is False:
            yield (*place, rule), Message("policy.always")
    rule = approvals.maturity
    automatic = rule.automatic_from if rule else None
    if not approvals.as_stages:
        yield (*place, "stages"), Message("policy.nobody")
    if rule and automatic is None and rule.extra_below is None:
        yield (*place, "maturity"), Message("policy.maturity-rule")
    if rule and automatic is not None and (rule.extra_below or 0) > automatic:
        yield (*place, "maturity", "extra_below"), Message("policy.maturity-crossed")


def _of_times(here: Place, environment: Environment) -> Problems:
    for i, window in enumerate(environment.windows or ()):
        place = (*here, "windows", i)
        if window.from_ >= window.to:
            yield (*place, "to"), Message("policy.window-ends")
        if not _is_zone(window.timezone):
            yield (*place, "timezone"), Message("policy.timezone")
    for i, freeze in enumerate(environment.freezes):
        place = (*here, "freezes", i)
        if freeze.from_ > freeze.to:
            yield (*place, "to"), Message("policy.freeze-ends")
        if not _is_zone(freeze.timezone):
            yield (*place, "timezone"), Message("policy.timezone")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such zone, a path out of the folder, a folder
        return False
    return True


def _of_rollback(here: Place, environment: Environment) -> Problems:
    if environment.rollback is None:
        return
    known, place = [gate.id for gate in environment.gates], (*here, "rollback")
    for i, name in enumerate(environment.rollback.gates):
        if name not in known:
            yield (*place, "gates", i), Message("maturity.yaml.one-of", {"expected": ", ".join(known)})
    groups = [stage.group for stage in environment.rollback.approvals.stages]
    yield from _twice((*place, "approvals", "stages"), groups, "group")
