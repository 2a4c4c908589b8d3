"""One answer counts in every framework that refers to its practice.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assessments.framework import Criterion, Framework
from assessments.standing import Answer


@dataclass(frozen=True)
class Claim:
    """One answer that a team gave, and where.

    Parameters
    ----------
    framework, criterion, practice : str
        What was asked.
    value : str
        "yes", "partly", "no", "na", or "" for "not known".
    order : int
        Grows with the assessment it was given in: the newest counts.
    given : bool
        Whether a person said it: an empty answer that nobody touched says nothing.
    reconfirm : bool
        Kept by an upgrade, and unknown until somebody confirms it.
    source : object, optional
        The row it stands in, for who shows it.
    """

    framework: str
    criterion: str
    practice: str
    value: str
    order: int
    reason: str = ""
    given: bool = True
    reconfirm: bool = False
    source: Any = None

    def answer(self) -> Answer:
        return Answer(None if self.reconfirm else self.value or None, self.reason)


def counted(framework: Framework, claims: Iterable[Claim]) -> dict[str, Claim]:
    """What the team claims of each criterion: its newest answer on the practice, wherever it was given.

    Of one assessment, the criterion's own answer counts before another of the same practice. An N/A
    travels only to criteria that allow one; where all of a group that must apply in part are N/A,
    none of them counts.
    """
    by_practice: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.value or claim.given:
            by_practice.setdefault(claim.practice, []).append(claim)
    found = {}
    for criterion in framework.criteria:
        fitting = [c for c in by_practice.get(criterion.practice, ()) if _fits(c, criterion)]
        if fitting:
            found[criterion.id] = max(fitting, key=lambda claim: _rank(framework, criterion, claim))
    for group in framework.not_all_na:
        if all(key in found and found[key].value == "na" for key in group):
            for key in group:
                del found[key]
    return found


def _fits(claim: Claim, criterion: Criterion) -> bool:
    return claim.value != "na" or criterion.na_allowed


def _rank(framework: Framework, criterion: Criterion, claim: Claim) -> tuple[int, bool]:
    return claim.order, (claim.framework, claim.criterion) == (framework.key, criterion.id)
