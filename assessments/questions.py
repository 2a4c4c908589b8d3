"""What to ask: bottom-up, what decides the level that is wanted and the one beyond, and nothing else.

Pure: no Django. What fresh evidence settles is shown instead of asked, and anybody may still dispute it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assessments.evidence_rules import Weighed
from assessments.framework import Criterion, Framework
from assessments.standing import Value

# decides: it is asked. evidence, alternative: it is settled without asking. recommended: it may be answered, and
# moves no level. beyond: it lies above what is wanted, and decides nothing yet.
Why = Literal["decides", "evidence", "alternative", "recommended", "beyond"]

_BEYOND = 1  # levels above the target that are asked too: what would come next


@dataclass(frozen=True)
class Said:
    """What a team has said of one criterion.

    ``waiting`` tells that it was said last time, or before an upgrade, and nobody has confirmed it yet.
    """

    value: Value | None = None
    waiting: bool = False


@dataclass(frozen=True)
class Question:
    """One criterion with the reason why it is asked, or not."""

    criterion: Criterion
    why: Why


@dataclass(frozen=True)
class Part:
    """The questions of one dimension: all its criteria, level by level, what is required first.

    ``target`` is the level that is wanted, ``reach`` the highest that is asked for.
    """

    dimension: str
    target: int
    reach: int
    questions: tuple[Question, ...]


_NOTHING_SAID = Said()


def presumed(criterion: Criterion, said: Said, weighed: Weighed | None, live_models: int | None = None) -> Value | None:
    """What evidence says in the place of an answer; None where a person has to.

    Parameters
    ----------
    criterion : Criterion
    said : Said
        What somebody said in this assessment is never replaced. What was said last time is, where the
        evidence agrees, or shows by now what was lacking then. A yes that evidence denies, and an N/A,
        are for a person.
    weighed : Weighed, optional
    live_models : int, optional
        With 0, what is said of each live model is settled by nothing.

    Returns
    -------
    "yes", "partly", "no" or None
    """
    if weighed is None or weighed.verdict == "unknown" or (said.value and not said.waiting):
        return None
    if criterion.live and live_models == 0:
        return None
    if weighed.verdict == "supports":
        return None if weighed.person or said.value == "na" else "yes"
    if said.value in ("yes", "na"):
        return None
    return said.value or "no"


def plan(
    framework: Framework,
    said: Mapping[str, Said],
    weighed: Mapping[str, Weighed],
    levels: Mapping[str, int],
    *,
    targets: Mapping[str, int] | None = None,
    live_models: int | None = None,
) -> tuple[Part, ...]:
    """Which criteria are asked, by dimension.

    Parameters
    ----------
    framework : Framework
    said, weighed : mapping of criterion id to Said, Weighed
        What is left out is not answered, or has no evidence.
    levels : mapping of dimension to level
        The claimed ones, with what evidence settles.
    targets : mapping of dimension to level, optional
        ``""`` speaks of the whole; without any, the next level is wanted.
    live_models : int, optional
        As `presumed`.
    """
    settled = {
        criterion.id: value
        for criterion in framework.criteria
        if (value := presumed(criterion, said.get(criterion.id, _NOTHING_SAID), weighed.get(criterion.id), live_models))
    }
    values = {key: one.value for key, one in said.items()} | settled
    parts = []
    for dimension in framework.dimensions:
        target = _target(framework, dimension.key, levels[dimension.key], targets or {})
        reach = min(framework.top, target + _BEYOND)
        ordered = sorted(framework.of(dimension.key), key=lambda c: (c.level, not c.required))
        questions = tuple(Question(c, _why(c, reach, said, values, settled)) for c in ordered)
        parts.append(Part(dimension.key, target, reach, questions))
    return tuple(parts)


def _target(framework: Framework, dimension: str, level: int, targets: Mapping[str, int]) -> int:
    wanted = targets.get(dimension, targets.get(""))
    return min(framework.top, level + 1 if wanted is None else wanted)


def _why(
    criterion: Criterion,
    reach: int,
    said: Mapping[str, Said],
    values: Mapping[str, Value | None],
    settled: Mapping[str, Value],
) -> Why:
    if not criterion.required:
        return "recommended"
    if criterion.level > reach:
        return "beyond"
    if criterion.id in settled:
        return "evidence"
    answered = said.get(criterion.id, _NOTHING_SAID).value
    if not answered and any(values.get(key) == "yes" for key in criterion.any_of):
        return "alternative"
    return "decides"
