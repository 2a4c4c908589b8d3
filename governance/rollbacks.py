"""Which versions may go back to an environment, by which rules, and who may say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from governance.environment_roles import APPROVE, has_role
from governance.groups import OWNER, REVIEWER, Belonging
from governance.in_force import in_force_parsed, rules_by, rules_now, stood_by_approval, stood_recently
from governance.models import ModelVersion, Placement, Promotion, PromotionKind, RegisteredModel
from governance.policy import Rules, group_name
from governance.verdict import Judgement, judge_many
from governance.way_back import RECENT_DAYS, way_back
from portal.accounts.permissions import require
from portal.web.errors import Forbidden, asking

MOST_OFFERED = 10


@dataclass(frozen=True)
class Earlier:
    """A version that stood in the environment by a regular approval, and how it would be judged now."""

    placement: Placement
    judgement: Judgement

    @property
    def version(self) -> ModelVersion:
        return self.placement.version

    @property
    def in_one_step(self) -> bool:
        return self.judgement.verdict.passes and not self.judgement.rules.stages


def earlier(model: RegisteredModel, environment: str, *, user=None, now: datetime | None = None) -> list[Earlier]:
    """The versions that may be chosen, the last one there first; in as many queries as for one.

    Judged as they would be for `user`, if that is who chooses.
    """
    now = now or timezone.now()
    placements = _stood(model, environment)
    for placement in placements:
        placement.version.model = model
    policies = in_force_parsed()
    recent = {p.version_id for p in placements if p.until >= now - timedelta(days=RECENT_DAYS)}

    def rules(version: ModelVersion) -> Rules:
        return way_back(rules_by(policies, version, environment), recent=version.pk in recent)

    asked_by = {user.pseudonym} if user is not None else ()
    judged = judge_many([placement.version for placement in placements], rules, asked_by=asked_by, now=now)
    return [Earlier(*pair) for pair in zip(placements, judged, strict=True)]


def rules_back(version: ModelVersion, environment: str) -> Rules:
    """The rules by which a version goes back now."""
    return way_back(rules_now(version, environment), recent=stood_recently(version, environment, timezone.now()))


def rules_again(promotion: Promotion) -> Rules:
    """The rules under which a request is submitted again: those of now, for its kind."""
    if promotion.kind == PromotionKind.ROLLBACK:
        return rules_back(promotion.version, promotion.environment)
    return rules_now(promotion.version, promotion.environment)


def check_can_roll_back(model: RegisteredModel, environment: str, rules: Rules, user) -> None:
    """Members of the groups that approve there; where the policies name none, the owner team and reviewers."""
    require(user, "promotion.rollback", model)
    belongs = Belonging([user.pk], timezone.now()).of(user.pk, model.team_id, environment)
    named = [roles.approve for roles in rules.roles if roles.approve]
    if not (has_role(rules, APPROVE, belongs) if named else belongs & {OWNER, REVIEWER}):
        groups = dict.fromkeys(group for groups in named or [(OWNER, REVIEWER)] for group in groups)
        raise Forbidden("rollback.group", groups=[group_name(group) for group in groups])


can_roll_back = asking(check_can_roll_back)


def under_way(version: ModelVersion, environment: str) -> Promotion | None:
    """The request for the same version and environment that is open or being carried out."""
    return Promotion.objects.filter(version=version, environment=environment, state__in=("open", "approved")).first()


def _stood(model: RegisteredModel, environment: str) -> list[Placement]:
    rows = stood_by_approval(environment).filter(model=model, version__deleted_at=None)
    standing = Placement.objects.filter(model=model, environment=environment, until=None)
    rows = rows.exclude(version__in=standing.values("version")).select_related("version", "promotion")
    return _once(rows.order_by("-until", "-id")[: MOST_OFFERED * 5])


def _once(placements: Iterable[Placement]) -> list[Placement]:
    """The last place of each version."""
    found: dict[int, Placement] = {}
    for placement in placements:
        found.setdefault(placement.version_id, placement)
    return list(found.values())[:MOST_OFFERED]
