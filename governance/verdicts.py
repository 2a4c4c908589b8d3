"""Verdicts that are kept ready, so that asking for one is one read.

Whatever changes what a verdict stands on calls `outdate` in its own transaction, which deletes it; the worker keeps
anew what is asked about. Between the two, and wherever a verdict is not kept, it is computed when somebody asks.

Not kept are verdicts that also stand on people: on a team's official level, or on a checklist, whose signers count
only while they belong to their groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from governance.gates import GateResult
from governance.in_force import in_force_parsed, rules_by
from governance.models import ModelVersion, RegisteredModel, Registry, StoredVerdict
from governance.policy import ChecklistNeeds, MaturityNeeds, Rules
from governance.verdict import Judgement, as_messages, judge_many
from portal.web.errors import Invalid

FORMAT = 1
LONGEST = timedelta(days=1)
LATEST_SKEW = timedelta(hours=1)  # evidence may be dated ahead by so much
_LOCK = 0x53454B56  # of the database as a whole, between keeping and outdating
OLD = frozenset({"gates.stale", "gates.stale.fact"})  # sentences that count the days
AHEAD = frozenset({"gates.future", "gates.future.supplied"})


def outdate(
    *,
    version: ModelVersion | None = None,
    model: RegisteredModel | None = None,
    registry: Registry | None = None,
    everything: bool = False,
) -> None:
    """Delete the kept verdicts that stand on something that changes in this transaction.

    Nobody keeps a verdict meanwhile: one that was computed from what was there before must not outlive it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("verdicts were outdated outside the transaction of the change")
    which = Q()
    for field, row in (("version", version), ("version__model", model), ("version__model__registry", registry)):
        if row is not None:
            which |= Q(**{field: row.pk})
    if registry is not None:  # and of what lies there as a copy of a version of another registry
        copied = ModelVersion.objects.filter(copies__model__registry=registry).exclude(model__registry=registry)
        which |= Q(version__in=copied)
    if not which and not everything:
        raise TypeError("say which verdicts")
    _hold(shared=True)
    StoredVerdict.objects.filter(which).delete()


def keep(versions: Iterable[ModelVersion], environment: str) -> int:
    """Compute and keep the verdicts of versions for an environment; how many. None while somebody changes something."""
    versions = list(versions)
    with transaction.atomic():
        if not versions or not _hold(shared=False):
            return 0
        rules = _rules([*versions], environment)
        fitting = [version for version in versions if version.pk in rules]
        judged = judge_many(fitting, lambda version: rules[version.pk])
        rows = [_row(version, one) for version, one in zip(fitting, judged, strict=True)]
        StoredVerdict.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["version", "environment"],
            update_fields=["rules_digest", "outcome", "document", "bound", "computed_at", "holds_until"],
        )
    return len(rows)


def kept(user, *, registry: str, model: str, version: int, environment: str) -> dict[str, Any] | None:
    """The document of a kept verdict that still holds, of a version that the user sees; None if there is none."""
    rows = StoredVerdict.objects.for_user(user).filter(
        environment=environment,
        version__number=version,
        version__model__name=model,
        version__model__registry__slug=registry,
        holds_until__gt=timezone.now(),
        rules_digest__startswith=_mark(),
    )
    return rows.values_list("document", flat=True).first()


def can_keep(rules: Rules) -> bool:
    """Whether nothing but the rows that `outdate` knows, and time, changes a verdict under these rules."""
    people = any(isinstance(gate.needs, ChecklistNeeds | MaturityNeeds) for gate in rules.gates)
    return not people and not rules.maturity_rules


# -- below ---------------------------------------------------------------------------------------------------


def _rules(versions: list[ModelVersion], environment: str) -> dict[int, Rules]:
    policies, found = in_force_parsed(), {}
    for version in versions:
        try:
            rules = rules_by(policies, version, environment)
        except Invalid:
            continue
        if can_keep(rules):
            found[version.pk] = rules
    return found


def _row(version: ModelVersion, judgement: Judgement) -> StoredVerdict:
    return StoredVerdict(
        version=version,
        environment=judgement.environment,
        rules_digest=f"{_mark()}{judgement.rules.digest}"[:80],
        outcome=judgement.verdict.outcome,
        document=as_messages(version, judgement),
        bound=dict(judgement.bound),
        computed_at=judgement.at,
        holds_until=_holds_until(judgement),
    )


def _mark() -> str:
    """What else a document depends on: its form, and how small the groups are that it may tell of."""
    return f"{FORMAT}.{settings.LEAST_CELL}:"


def _holds_until(judgement: Judgement) -> datetime:
    ends = [judgement.at + LONGEST, *(end for one in judgement.verdict.results if (end := _says_until(one, judgement)))]
    if judgement.verdict.holds_until:
        ends.append(judgement.verdict.holds_until)
    return min(ends)


def _says_until(result: GateResult, judgement: Judgement) -> datetime | None:
    """Until when a sentence about the evidence's age says the same."""
    if result.observed_at is None:
        return None
    if result.message.code in OLD:
        return result.observed_at + timedelta(days=(judgement.at - result.observed_at).days + 1)
    return result.observed_at - LATEST_SKEW if result.message.code in AHEAD else None


def _hold(*, shared: bool) -> bool:
    """Hold the database's lock until the transaction ends: many may outdate, one keeps, and never both.

    Who keeps does not wait for it, so that nobody waits for each other. SQLite lets only one write at a time anyway.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        if shared:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])
