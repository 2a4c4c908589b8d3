"""A promotion as its page shows it: checks by gravity, approvals, the decision bar, the history."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from governance import approving
from governance.actions.conditions import conditions_of
from governance.actions.exceptions import can_sign, signing_of
from governance.at_hand import way_of
from governance.environment_roles import may_ask
from governance.gates import GateResult, Verdict
from governance.lane import overtaken_by
from governance.models import (
    AuditKind,
    DecisionKind,
    ExceptionKind,
    ModelVersion,
    Outcome,
    Placement,
    Promotion,
    PromotionState,
)
from governance.policy import Environment, Rules
from governance.preflight import preflight
from governance.seats import principals_of, progress_of
from governance.verdict import environments, judge_request, rules_kept
from governance.views.break_glass import glass_context
from governance.way import Way
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.ledger.reading import read
from portal.message import Message
from portal.web.errors import DomainError
from portal.web.lists import Facet
from portal.web.say import localised

HISTORY = 30
STATE_KINDS = {  # state of a promotion → glyph
    PromotionState.OPEN: "queued",
    PromotionState.APPROVED: "running",
    PromotionState.DONE: "pass",
    PromotionState.SENT_BACK: "warn",
    PromotionState.REFUSED: "fail",
    PromotionState.WITHDRAWN: "not_applicable",
    PromotionState.FAILED: "fail",
    PromotionState.OVERTAKEN: "not_applicable",
}
WAITS = ("inconclusive", "not_evaluated")
WITH_A_WAY = (PromotionState.OPEN, PromotionState.SENT_BACK, PromotionState.REFUSED)


@dataclass(frozen=True)
class Check:
    """One gate's result, with whether its audit is under way."""

    result: GateResult
    running: Job | None
    said: int = 0


@dataclass(frozen=True)
class Checks:
    """The results of a verdict: what fails, what waits for somebody, what passes, what does not apply."""

    failed: list[Check]
    waiting: list[Check]
    passed: list[Check]
    other: list[Check]

    @property
    def all_pass(self) -> bool:
        return not self.failed and not self.waiting

    @property
    def count(self) -> int:
        return len(self.failed) + len(self.waiting) + len(self.passed) + len(self.other)


def checks_of(verdict: Verdict, jobs: Iterable[Job], said: Mapping[str, int] | None = None) -> Checks:
    """Sort a verdict's results by what a reader has to do with them."""
    under_way = {job.kind.removeprefix("audit."): job for job in jobs}
    found: dict[str, list[Check]] = {"fail": [], "wait": [], "pass": [], "other": []}
    for result in verdict.results:
        group = "wait" if result.outcome in WAITS else result.outcome
        check = Check(result, under_way.get(result.audit), (said or {}).get(result.id, 0))
        found[group if group in found else "other"].append(check)
    return Checks(found["fail"], found["wait"], found["pass"], found["other"])


def audit_jobs(request: HttpRequest, version: ModelVersion) -> list[Job]:
    """The audits of a version that are under way."""
    jobs = Job.objects.for_user(request.user).about("version", version.pk).active()
    return list(jobs.filter(kind__in=[f"audit.{kind}" for kind in AuditKind.values]))


def places() -> dict[str, Any]:
    """Environment → its title by the policies in force."""
    return {key: environment.title for key, environment in environments().items()}


def environment_facet() -> Facet:
    """A list's environments, by their titles."""
    words = {key: localised(title) for key, title in places().items()}
    return Facet("environment", gettext_lazy("Environment"), words=lambda: words)


def promotion_context(request: HttpRequest, promotion: Promotion) -> dict[str, Any]:
    """All that the page shows. An open promotion is judged as of now; a decided one as it was frozen."""
    version, user = promotion.version, request.user
    rules = rules_kept(promotion)
    decisions, asked = list(promotion.decisions.select_related("by", "acting_for")), conditions_of(promotion)
    standing = [d for d in decisions if d.decision == DecisionKind.APPROVE and not d.lapsed_at]
    if promotion.state == PromotionState.OPEN:
        judgement = judge_request(promotion)
        verdict, bound, at = judgement.verdict, dict(judgement.bound), judgement.at
    else:
        verdict = Verdict.from_json(promotion.verdict) if promotion.verdict else None
        bound, at = (decisions[-1].bound if decisions else {}), promotion.verdict_at
    needed = verdict.approvals_required if verdict else rules.approvals_required
    if any(one.decision == DecisionKind.AUTOMATIC and not one.lapsed_at for one in decisions):
        needed = 0
    stages = progress_of(promotion).progress if promotion.state == PromotionState.OPEN and verdict else None
    jobs = audit_jobs(request, version) if promotion.state == PromotionState.OPEN else []
    said = dict(promotion.comments.order_by().values_list("gate").annotate(Count("pk")))
    move_jobs = Job.objects.for_user(user).about("promotion", promotion.pk)
    return {
        "promotion": promotion,
        "version": version,
        "model": version.model,
        "rules": rules,
        "needed": needed,
        "kind": STATE_KINDS[promotion.state],
        "verdict": verdict,
        "verdict_at": at,
        "checks": checks_of(verdict, jobs, said) if verdict else None,
        "bound": bound,
        "decisions": [(decision, asked.get(decision.event, ())) for decision in decisions],
        "last_decision": decisions[-1] if decisions else None,
        "standing": standing,
        "still_needed": range(stages.remaining if stages else 0),
        "stages": stages.stages if stages else (),
        "said": sum(said.values()),
        "may_waive": _may_sign(ExceptionKind.WAIVER, promotion, user, rules, verdict),
        "may_rule": _may_sign(ExceptionKind.RULING, promotion, user, rules, verdict),
        "jobs": jobs,
        "move": getattr(promotion, "move", None),
        "move_job": move_jobs.first() if promotion.state == PromotionState.APPROVED else None,
        "live": _live(promotion),
        "overtaken_by": overtaken_by(promotion),
        "way": _way(promotion, verdict, rules),
        "history": read(Event.objects.for_user(user).about("promotion", promotion.pk).order_by("-id")[:HISTORY]),
        **glass_context(promotion, user),
        **_rights(promotion, user, verdict),
    }


def _may_sign(kind: ExceptionKind, promotion: Promotion, user, rules: Rules, verdict: Verdict | None) -> bool:
    """Whether the reader may sign such an exception to one of the gates; a decision only where one is undecided."""
    if promotion.state != PromotionState.OPEN or not verdict:
        return False
    undecided = {one.id for one in verdict.results if one.outcome == Outcome.INCONCLUSIVE and not one.waived}
    gates = [gate for gate in rules.gates if signing_of(kind, gate)]
    if kind == ExceptionKind.RULING:
        gates = [gate for gate in gates if gate.id in undecided]
    return any(can_sign(kind, promotion.version, promotion.environment, gate, user) for gate in gates)


def _live(promotion: Promotion) -> Placement | None:
    """What stands in the environment now."""
    standing = promotion.version.model.placements.filter(environment=promotion.environment, until=None)
    return standing.select_related("version").first()


def _way(promotion: Promotion, verdict: Verdict | None, rules: Rules) -> Way | None:
    """What would let it pass and who can act, while it can still go or has just been turned away."""
    if promotion.state not in WITH_A_WAY or verdict is None:
        return None
    return way_of(promotion.version, verdict, rules, timezone.now(), promotion=promotion)


def _rights(promotion: Promotion, user, verdict: Verdict | None) -> dict[str, Any]:
    """Which buttons are open, and why the closed ones are not."""
    is_open = promotion.state == PromotionState.OPEN
    lent = principals_of(promotion, user) if is_open else []
    principals = [one for one in lent if approving.can_approve(promotion, user, one)]
    why_not = _why_not(approving.check_can_approve, promotion, user)
    if why_not is None and verdict and not verdict.passes:
        why_not = verdict.message
    return {
        "decides": is_open and (approving.can_refuse(promotion, user) or bool(principals)),
        "can_approve": why_not is None,
        "principals": principals,
        "why_not": why_not,
        "can_send_back": approving.can_send_back(promotion, user),
        "can_refuse": approving.can_refuse(promotion, user),
        "can_resubmit": approving.can_resubmit(promotion, user),
        "can_withdraw": approving.can_withdraw(promotion, user),
        "can_retry": approving.can_retry(promotion, user),
    }


def _why_not(check: Callable[..., None], promotion: Promotion, user) -> Message | None:
    try:
        check(promotion, user)
    except DomainError as error:
        return error.message
    return None


def preflight_context(request: HttpRequest, version: ModelVersion, asked: str, draft: str = "") -> dict[str, Any]:
    """What the gates of one environment would say now; the first environment unless another is asked for.

    With the key of a draft, what they would say if it were published.
    """
    known: Mapping[str, Environment] = environments()
    chosen = asked or next(iter(known), "")
    if not chosen:
        return {"environments": {}, "chosen": "", "verdict": None}
    found = preflight(version, chosen, user=request.user, draft=draft)
    jobs = audit_jobs(request, version)
    active = version.promotions.filter(environment=chosen, state__in=("open", "approved")).first()
    return {
        "environments": known,
        "chosen": chosen,
        "draft": draft,
        "rules": found.judgement.rules,
        "sources": found.judgement.rules.sources,
        "verdict": found.judgement.verdict,
        "way": found.way,
        "checks": checks_of(found.judgement.verdict, jobs),
        "jobs": jobs,
        "active": active,
        "may_ask": not draft and may_ask(version, found.judgement.rules, request.user),
        "command": _command(version, chosen),
    }


def _command(version: ModelVersion, environment: str) -> str:
    """The same question for a shell, with every word quoted that needs it."""
    asked = {
        "registry": version.model.registry.slug,
        "model": version.model.name,
        "version": str(version.number),
        "environment": environment,
    }
    return " \\\n  ".join(
        ["uv run manage.py preflight", *(f"--{name} {shlex.quote(value)}" for name, value in asked.items())]
    )
