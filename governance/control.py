"""Are we in control? What is live, whether it would still pass, and where it stands still; of what one may see.

Each figure is one or a few queries, however many models there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from governance.findings import UNEXPLAINED
from governance.gates import Verdict
from governance.in_force import PRODUCTION, environments
from governance.models import (
    ExceptionKind,
    Finding,
    GateException,
    LiveJudgement,
    Placement,
    Promotion,
    PromotionState,
    RegisteredModel,
    Registry,
    Risk,
    Severity,
)

A_DAY = timedelta(days=1)
WINDOW = timedelta(days=90)
WAIVERS_AHEAD = timedelta(days=30)
RISKS = (*reversed(Risk.values), "")  # highest first; empty where no profile that counts says it
OUTCOMES = ("pass", "inconclusive", "not_evaluated", "fail", "")  # empty: not judged yet
TURNED_AWAY = (PromotionState.OPEN, PromotionState.SENT_BACK, PromotionState.REFUSED)
MOST_PROMOTIONS = 1000
MOST_GATES = 5


@dataclass(frozen=True)
class Blocking:
    """A gate that is in the way of requests."""

    gate: str
    title: Mapping[str, str]
    count: int


@dataclass(frozen=True)
class Control:
    """The figures of one reader at a moment.

    Parameters
    ----------
    live : mapping
        (risk, outcome) → models that a decision brought into production.
    unexplained, grave : int
        Findings to settle: moves that no decision explains, and all others of a severity above low. That a live model
        passes no more is in `live`.
    unread : int
        Registries in which something live stands, and of which is not known what stands there now.
    """

    live: Mapping[tuple[str, str], int]
    ungoverned: int
    unexplained: int
    grave: int
    unread: int
    waivers: int
    request_to_live: timedelta | None
    went_live: int
    blocking: tuple[Blocking, ...]
    judged_at: datetime | None

    @property
    def models(self) -> int:
        """Models in production, with and without a decision."""
        return self.governed + self.ungoverned

    @property
    def governed(self) -> int:
        return sum(self.live.values())

    @property
    def share(self) -> float | None:
        """Of the models in production those that a decision under a policy brought there."""
        return self.governed / self.models if self.models else None

    def of(self, outcome: str) -> int:
        return sum(count for (_risk, found), count in self.live.items() if found == outcome)

    @property
    def not_passing(self) -> int:
        return self.governed - self.of("pass")

    @property
    def unjudged(self) -> int:
        return self.of("")

    @property
    def in_control(self) -> bool:
        return not (self.not_passing or self.ungoverned or self.unexplained or self.grave or self.unread)

    @property
    def only_unknown(self) -> bool:
        """Nothing is known to be amiss, and not enough is known for a yes."""
        amiss = self.not_passing - self.unjudged or self.ungoverned or self.unexplained or self.grave
        return not amiss and bool(self.unjudged or self.unread or not self.models)


def control(user, now: datetime) -> Control:
    """All figures, of what the user may see."""
    placed = live_placements(user)
    counts = placed.order_by().values("risk", "outcome").annotate(n=Count("pk"))
    lasting = _request_to_live(user, now)
    return Control(
        live={(row["risk"] or "", row["outcome"] or ""): row["n"] for row in counts},
        ungoverned=ungoverned(user).count(),
        unexplained=Finding.objects.for_user(user).open().filter(kind__in=UNEXPLAINED).count(),
        grave=grave_findings(user).count(),
        unread=unread_registries(user).count(),
        waivers=ending_waivers(user, now).count(),
        request_to_live=median(lasting) if lasting else None,
        went_live=len(lasting),
        blocking=_blocking(user, now),
        judged_at=LiveJudgement.objects.for_user(user).order_by("-at").values_list("at", flat=True).first(),
    )


def live_placements(user) -> QuerySet:
    """What a decision brought into production, with the risk as agreed and the last judgement's outcome.

    All is judged every day: what was not since yesterday counts as not judged.
    """
    since = timezone.localdate() - A_DAY
    last = LiveJudgement.objects.filter(placement=OuterRef("pk"), day__gte=since).order_by("-day", "-id")
    agreed = RegisteredModel.objects.filter(pk=OuterRef("model_id"), profile__agreed=True).values("profile__risk")
    rows = Placement.objects.for_user(user).filter(environment=PRODUCTION, until=None)
    return rows.annotate(outcome=Subquery(last.values("outcome")[:1]), risk=Subquery(agreed[:1]))


def ungoverned(user) -> QuerySet:
    """Models that stand in production by their alias in the registry, with no decision that brought them there."""
    production = environments().get(PRODUCTION)
    models = RegisteredModel.objects.for_user(user).present()
    if production is None:
        return models.none()
    placed = Placement.objects.filter(environment=PRODUCTION, until=None).values("model")
    named = models.filter(aliases__has_key=production.alias)
    return named.exclude(pk__in=placed).exclude(origin__in=placed)  # a copy stands there for its origin


def grave_findings(user) -> QuerySet:
    """What is to be settled beside unexplained moves and what passes no more: a gate that is off, changed files."""
    rows = Finding.objects.for_user(user).open().exclude(severity=Severity.LOW)
    return rows.exclude(kind__in=(*UNEXPLAINED, "not_passing"))


def unread_registries(user) -> QuerySet:
    """Registries with something live of which nobody knows what stands there now."""
    placed = live_placements(user)
    here = placed.filter(copy=None).values("model__registry")
    elsewhere = placed.exclude(copy=None).values("copy__model__registry")
    return Registry.objects.unread().filter(Q(pk__in=here) | Q(pk__in=elsewhere))


def ending_waivers(user, now: datetime) -> QuerySet:
    """Waivers that hold and end within thirty days."""
    return (
        GateException.objects.for_user(user).at(now).filter(kind=ExceptionKind.WAIVER, until__lte=now + WAIVERS_AHEAD)
    )


def blocked_by(user, gate: str, now: datetime) -> list[Promotion]:
    """The requests of the last ninety days that a gate is in the way of, the newest first."""
    return [one for one in _turned_away(user, now) if gate in {found.id for found in _in_the_way(one)}]


# -- below ---------------------------------------------------------------------------------------------------


def _request_to_live(user, now: datetime) -> list[timedelta]:
    rows = Placement.objects.for_user(user).filter(environment=PRODUCTION, since__gte=now - WINDOW)
    pairs = rows.annotate(asked=F("promotion__requested_at")).order_by("-since").values_list("asked", "since")
    return [max(since - asked, timedelta()) for asked, since in pairs[:MOST_PROMOTIONS]]


def _turned_away(user, now: datetime) -> list[Promotion]:
    rows = Promotion.objects.for_user(user).filter(state__in=TURNED_AWAY, verdict__isnull=False)
    recent = rows.filter(Q(requested_at__gte=now - WINDOW) | Q(state=PromotionState.OPEN))
    return list(recent.select_related("version__model__team").order_by("-requested_at", "-pk")[:MOST_PROMOTIONS])


def _in_the_way(promotion: Promotion) -> list[Any]:
    return [result for result in Verdict.from_json(promotion.verdict).results if not result.passes]


def _blocking(user, now: datetime) -> tuple[Blocking, ...]:
    counts: Counter[str] = Counter()
    titles: dict[str, Mapping[str, str]] = {}
    for promotion in _turned_away(user, now):
        for result in _in_the_way(promotion):
            counts[result.id] += 1
            titles.setdefault(result.id, result.title)
    return tuple(Blocking(gate, titles[gate], count) for gate, count in counts.most_common(MOST_GATES))
