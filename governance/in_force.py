"""Which policies are in force, and the rules that they make for a version, or made when a request opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Q, QuerySet

from governance.models import Brand, ModelVersion, Placement, Policy, Promotion, PromotionKind
from governance.policies_apply import RulesError, combine
from governance.policy import Environment, Gate, InForce, Rules, Source, digest_of_text, of_environment, parse
from governance.policy import Policy as Content
from governance.profile_change import higher_risk
from governance.way_back import RECENT_DAYS, way_back
from portal.web.errors import Conflict, Invalid

PRODUCTION = "production"


def rules_now(version: ModelVersion, environment: str) -> Rules:
    """The rules for a version by all policies in force that apply to it.

    Raises
    ------
    Invalid
        No published policy knows the environment, or none applies to such a model.
    """
    return rules_by(in_force_parsed(), version, environment)


def rules_by(policies: Sequence[InForce], version: ModelVersion, environment: str) -> Rules:
    """The same by policies that are given."""
    kind, risk = known_of(version)
    try:
        return combine(policies, environment, kind, risk)
    except RulesError as error:
        raise Invalid(error.message) from error


def known_of(version: ModelVersion) -> tuple[str, str]:
    """Kind and risk of the model; empty while nobody has agreed to its profile, and then no policy is left out."""
    profile = getattr(version.model, "profile", None)
    return (profile.kind, profile.risk) if profile and profile.agreed else ("", "")


def rules_kept(promotion: Promotion) -> Rules:
    """The rules that were frozen when a request opened, whatever has been published since.

    A lower risk does not soften them; where the risk has become higher, the policies that are for it come in too.
    A rollback goes by what they say of going back.
    """
    rules = _kept(promotion)
    if promotion.kind != PromotionKind.ROLLBACK:
        return rules
    return way_back(rules, recent=stood_recently(promotion.version, promotion.environment, promotion.requested_at))


def stood_recently(version: ModelVersion, environment: str, at: datetime) -> bool:
    """Whether a version left an environment, where it stood by approval, not long before a moment."""
    since = at - timedelta(days=RECENT_DAYS)
    return stood_by_approval(environment).filter(version=version, until__gte=since, since__lte=at).exists()


def stood_by_approval(environment: str) -> QuerySet[Placement]:
    """Places that versions took by approval, and left."""
    return Placement.objects.filter(environment=environment, branded=Brand.NONE, until__isnull=False)


def _kept(promotion: Promotion) -> Rules:
    more = _for_higher_risk(promotion)
    if len(promotion.rules) < 2 and not more:
        return rules_of_policy(promotion.policy, promotion.environment)
    sources = [Source(kept["policy"], kept["version"], kept["digest"]) for kept in promotion.rules]
    rows = published(sources) if sources else [promotion.policy]
    policies = [*(InForce(content(row), row.version) for row in rows), *more]
    try:
        return combine(policies, promotion.environment, "", "")
    except RulesError as error:
        raise Invalid(error.message) from error


def _for_higher_risk(promotion: Promotion) -> list[InForce]:
    """The policies in force that are for such a model now, and were not when the request opened."""
    kind, risk = known_of(promotion.version)
    if not promotion.risk_at_request or higher_risk(risk, promotion.risk_at_request) == promotion.risk_at_request:
        return []
    kept = {promotion.policy.key, *(source["policy"] for source in promotion.rules)}
    fitting = [one for one in in_force_parsed() if one.policy.is_for(promotion.environment, kind, risk)]
    return [one for one in fitting if one.policy.key not in kept]


def rules_of_policy(policy: Policy, environment: str) -> Rules:
    """The rules of one policy alone."""
    return of_environment(rules_of(policy, environment), environment, Source(policy.key, policy.version, policy.digest))


def current_policy(version: ModelVersion, environment: str) -> Policy:
    """Of the policies in force that know an environment, the last one published.

    Raises
    ------
    Invalid
        No published policy knows the environment.
    """
    fitting = [policy for policy in in_force() if environment in parsed(policy.text).environments]
    if not fitting:
        raise Invalid("policy.no-environment", environment=environment)
    return fitting[-1]


def in_force() -> list[Policy]:
    """The newest version of each policy, the last published last."""
    newest = {policy.key: policy for policy in Policy.objects.order_by("version")}
    return sorted(newest.values(), key=lambda policy: (policy.published_at, policy.pk))


def in_force_parsed() -> list[InForce]:
    """The same, parsed."""
    return [InForce(content(policy), policy.version) for policy in in_force()]


def published(sources: Sequence[Source]) -> list[Policy]:
    """The rows of some policies, in the order of the sources."""
    which = Q(pk__in=())
    for source in sources:
        which |= Q(key=source.key, version=source.version)
    rows = {(row.key, row.version): row for row in Policy.objects.filter(which)}
    return [rows[source.key, source.version] for source in sources]


def environments() -> dict[str, Environment]:
    """All environments that can be asked for now, by key, each by the policy in force."""
    known: dict[str, Environment] = {}
    for policy in in_force():
        known |= parsed(policy.text).environments
    return known


def gates_in_force() -> list[Gate]:
    """All gates of all policies in force."""
    return [
        gate
        for one in in_force_parsed()
        for environment in one.policy.environments.values()
        for gate in environment.gates
    ]


def rules_of(policy: Policy, environment: str) -> Environment:
    """One environment's part of a policy."""
    known = content(policy).environments
    if environment not in known:
        raise Invalid("policy.no-environment", environment=environment)
    return known[environment]


def content(policy: Policy) -> Content:
    """What a published policy says, if its text is still the one that was published: approvals bind its digest."""
    if digest_of_text(policy.text) != policy.digest:
        raise Conflict("policy.altered", key=policy.key, version=policy.version)
    return parsed(policy.text)


@lru_cache(maxsize=64)
def parsed(text: str):
    """A published policy, parsed once a process."""
    return parse(text)
