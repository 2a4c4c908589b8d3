"""Keeping verdicts ready: of what is live, of what is asked for, and of each model's newest version."""

from __future__ import annotations

from django.db.models import Max, Q
from django.utils import timezone

from governance.in_force import environments, in_force_parsed, rules_by
from governance.models import ModelVersion, StoredVerdict
from governance.verdicts import can_keep, keep
from portal.jobs.kinds import every
from portal.web.errors import Invalid

EVERY = 30  # seconds
AT_ONCE = 200  # verdicts of one environment that one round keeps
WHOLE = ("model__registry", "model__team", "model__profile")


@every(EVERY, name="verdicts.keep")
def keep_verdicts() -> int:
    """Duty: keep the verdicts that are asked about and not kept, or do not hold any more; how many."""
    return sum(keep(_due(key), key) for key in environments())


def _due(environment: str) -> list[ModelVersion]:
    newest = ModelVersion.objects.present().values("model").annotate(top=Max("pk")).values("top")
    live = Q(placements__until=None, placements__isnull=False) | Q(promotions__state__in=("open", "approved"))
    holding = StoredVerdict.objects.filter(environment=environment, holds_until__gt=timezone.now())
    asked = ModelVersion.objects.present().filter(Q(pk__in=newest) | live)
    rows = asked.exclude(pk__in=holding.values("version")).select_related(*WHOLE).distinct().order_by("-pk")
    return _fitting(list(rows), environment)[:AT_ONCE]


def _fitting(versions: list[ModelVersion], environment: str) -> list[ModelVersion]:
    policies = in_force_parsed()

    def fits(version: ModelVersion) -> bool:
        try:
            return can_keep(rules_by(policies, version, environment))
        except Invalid:
            return False

    return [version for version in versions if fits(version)]
