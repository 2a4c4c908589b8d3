"""Collectors bring facts about a team's systems; here they are run, and what they find is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from assessments import standings
from assessments.evidence_rules import Fact
from assessments.facts import CATALOGUE
from assessments.models import Evidence
from portal.accounts.models import Team

log = structlog.get_logger("sekisho.collectors")

Collect = Callable[[Team, datetime], Iterable[Fact]]
COLLECTORS: dict[str, Collect] = {}


@dataclass(frozen=True)
class Collected:
    """What one round brought: facts by source, and the sources that failed."""

    facts: dict[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()


def register(name: str, collect: Collect) -> None:
    """Make a collector known.

    Parameters
    ----------
    name : str
        The source that its facts are stored under.
    collect : callable
        ``collect(team, now) -> facts``, every fact that the source can give now. What it leaves out
        is forgotten; when it raises, its last facts stay and grow stale.
    """
    COLLECTORS[name] = collect


def collect_for(team: Team, now: datetime | None = None) -> Collected:
    """Run every collector for a team, keep the newest facts of each source, and record levels that changed."""
    now = now or timezone.now()
    facts: dict[str, int] = {}
    failed: list[str] = []
    for name, collect in sorted(COLLECTORS.items()):
        try:
            found = list(collect(team, now))
            _check(found)
            with transaction.atomic():
                _keep(team, name, found)
            facts[name] = len(found)
        except Exception:  # whatever a source does, the others are heard
            log.exception("collector failed", source=name, team=team.slug)
            failed.append(name)
    with transaction.atomic():
        standings.refresh_all(team)
    return Collected(facts, tuple(failed))


def _check(found: Iterable[Fact]) -> None:
    for fact in found:
        if fact.name not in CATALOGUE:
            raise ValueError(f"{fact.name} is not in the catalogue of facts")
        if isinstance(fact.value, float) and not math.isfinite(fact.value):
            raise ValueError(f"{fact.name} is not a finite number")


def _keep(team: Team, source: str, found: list[Fact]) -> None:
    """The newest facts of a source take the place of its last."""
    rows = {
        fact.name: Evidence(
            team=team,
            source=source,
            fact=fact.name,
            grade=fact.grade,
            value=fact.value,
            items=fact.items,
            detail=fact.detail,
            observed_at=fact.observed_at,
        )
        for fact in found
    }
    Evidence.objects.filter(team=team, source=source).exclude(fact__in=rows).delete()
    Evidence.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["team", "fact", "source"],
        update_fields=["grade", "value", "items", "detail", "observed_at"],
    )
