"""A team's way up: its score and its targets brought to the pure planner. Page, API and PDF ask here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from django.utils import timezone

from assessments import roadmap
from assessments.levels import Current, live_models
from assessments.roadmap import Way, WhatIf
from assessments.scoring import Kind

LEADING: Kind = "official"
KINDS: tuple[Kind, ...] = (LEADING, "claimed")


def targets_of(now: Current) -> dict[str, int]:
    """The level that the team set out to reach, by dimension: one of its own, else the one of the whole."""
    named = {d.key: now.aims.get(d.key, now.aims.get("")) for d in now.framework.dimensions}
    return {key: aim.level for key, aim in named.items() if aim}


def way(
    now: Current,
    target: Mapping[str, int] | None = None,
    *,
    kind: Kind = LEADING,
    without: AbstractSet[str] = frozenset(),
) -> Way:
    """The cheapest way to a target; ``without`` is what is not to be done.

    By default to the levels that the team set out to reach, and where it set none, to the next
    overall level.
    """
    if target is None:
        target = targets_of(now)
    return roadmap.way(
        now.framework,
        now.score.standing(kind),
        target or None,
        claimed=now.score.claimed,
        without=without | _impossible(now, kind),
        absent=_absent(now),
    )


def what_if(now: Current, done: Iterable[str], *, kind: Kind = LEADING) -> WhatIf:
    """The levels afterwards, if the team did these."""
    return roadmap.what_if(
        now.framework, now.score.standing(kind), done, claimed=now.score.claimed, absent=_absent(now)
    )


def no_live_model(now: Current) -> bool:
    """Nothing is live, so that nothing can be said of each live model."""
    return live_models(now.facts, timezone.now()) == 0


def _impossible(now: Current, kind: Kind) -> frozenset[str]:
    if not no_live_model(now):
        return frozenset()
    standing = now.score.standing(kind)
    return frozenset(c.id for c in now.framework.criteria if c.live and standing[c.id] != "met")


def _absent(now: Current) -> frozenset[str]:
    return frozenset(key for key, claim in now.claims.items() if claim.value == "na")
