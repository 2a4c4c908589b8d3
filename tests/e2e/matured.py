"""A team that was assessed, reviewed, contradicted and asked again; the addresses of its pages."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from assessments import catalogue, collectors
from assessments.actions import campaigns, delegating, filling, frameworks, milestones, pulse, review, targets, tools
from assessments.models import Answer, Contradiction
from assessments.models.frameworks import FrameworkVersion
from portal.accounts.models import Membership, User


def addresses(cast, framework) -> list[tuple[User, dict[str, str]]]:
    """The pages of levels, reviews, frameworks, campaigns and pulses, full and in progress, by who opens them."""
    signed = _signed(cast)
    waiting, refused = _waiting(cast)
    _apart(cast)
    _denied(cast, framework)
    draft = _edited(cast)
    opened = _asked(cast, framework)
    team, day = cast.team, timezone.localdate()
    targets.set_target(
        team=team, framework=framework, dimension="", level=2, reason="Enough for a card.", by=cast.manager
    )
    milestones.add_milestone(team=team, on=day, label="New platform", by=cast.manager)
    tools.choose_tools(
        team=team, framework=catalogue.current("pipeline-coverage"), tools=["mlflow", "dvc"], by=cast.manager
    )

    def of(name: str, query: str = "", *parts, **names) -> str:
        return reverse(name, args=parts or [team.slug], kwargs=names or None) + query

    other, checklist = "?framework=cd4ml", "?framework=devops-practices"
    looked_at = {
        "team, a checklist": of("team", checklist),
        "team, a map": of("team-map"),
        "levels explained": of("levels-explained"),
        "levels of a checklist": of("levels-explained", checklist),
        "contradictions": of("contradictions"),
        "contradiction": of("contradiction", "", Contradiction.objects.first().pk),
        "record, signed": of("assessment-record", "", signed.pk),
        "record, submitted": of("assessment-record", "", waiting.pk),
        "campaigns": reverse("campaigns"),
        "campaign": of("campaign", "", opened.pk),
        "new campaign": reverse("campaign-new"),
        "frameworks": reverse("frameworks"),
        "framework": of("framework", "", "mlops-maturity"),
        "framework, a map": of("framework", "", "pipeline-coverage"),
        "copy": of("framework-copy", "", "cd4ml"),
        "edit": of("framework-edit", "", draft.key),
        "publish": of("framework-publish", "", draft.key),
        "upload": reverse("framework-upload"),
        "upgrade": of("framework-upgrade", "", draft.key),
        "compare, a checklist": reverse("teams") + checklist,
        "portfolio": reverse("portfolio"),
        "portfolio, a checklist": reverse("portfolio") + checklist,
    }
    managed = {
        "home of a manager": "/",
        "team of a manager": of("team"),
        "targets": of("targets"),
        "milestones": of("milestones"),
        "contradiction of an owner": of("contradiction", "", Contradiction.objects.first().pk),
        "assessment, in progress": of("assessment"),
        "unchanged": of("assessment-unchanged"),
        "asked of me": of("assessment-mine"),
        "delegate": of("assessment-delegate"),
        "apart": of("assessment-apart", other),
        "apart, in progress": of("assessment", other),
        "offline": of("assessment-offline"),
        "together": reverse("assessments-together"),
        "pulse": of("team-pulse"),
    }
    reviewed = {
        "home of a reviewer": "/",
        "reviews": reverse("reviews"),
        "review": of("review", "", waiting.pk),
        "review, a criterion": of("review-criterion", "", waiting.pk, refused),
        "review, evidenced": of("review-evidenced", "", waiting.pk),
        "sign": of("review-sign", "", waiting.pk),
        "send back": of("review-send-back", "", waiting.pk),
    }
    return [(cast.admin, looked_at), (cast.manager, managed), (cast.reviewer, reviewed)]


def _filled(cast, key: str):
    """A submitted assessment in which everything is claimed."""
    model = catalogue.current(key)
    draft = filling.start_assessment(team=cast.team, framework=model, by=cast.manager)
    for row in Answer.objects.filter(assessment=draft):
        filling.save_answer(
            assessment=draft, criterion=row.criterion, value="yes", note="ML-3", rev=row.rev, by=cast.manager
        )
    return filling.submit(assessment=draft, by=cast.manager)


def _judge(assessment, criterion: str, verdict: str, note: str, by) -> None:
    answer = Answer.objects.get(assessment=assessment, criterion=criterion)
    review.save_verdict(
        assessment=assessment, criterion=criterion, verdict=verdict, note=note, rev=0, answer_rev=answer.rev, by=by
    )


def _signed(cast):
    done = _filled(cast, "devops-practices")
    for row in Answer.objects.filter(assessment=done):
        _judge(done, row.criterion, "confirmed", "", cast.reviewer)
    return review.sign(assessment=done, note="", by=cast.reviewer)


def _waiting(cast):
    given = _filled(cast, "mlops-practices")
    first, second = Answer.objects.filter(assessment=given).values_list("criterion", flat=True)[:2]
    _judge(given, first, "confirmed", "", cast.reviewer)
    _judge(given, second, "refused", "ML-4", cast.reviewer)
    return given, second


def _apart(cast) -> None:
    model = catalogue.current("cd4ml")
    filling.start_assessment(team=cast.team, framework=model, by=cast.manager, apart=[cast.manager, cast.member])


def _denied(cast, framework) -> None:
    from assessments.evidence_rules import Fact

    def collect(team, now):
        return [Fact("git.unhosted", 2, None, "A", now, "limit-old")] if team == cast.team else []

    kept = dict(collectors.COLLECTORS)
    try:
        collectors.COLLECTORS.clear()
        collectors.register("git", collect)
        collectors.collect_for(cast.team)
    finally:
        collectors.COLLECTORS.clear()
        collectors.COLLECTORS.update(kept)


def _edited(cast) -> FrameworkVersion:
    """A framework of the organisation's own: one version in use, a second published, a third being edited."""
    title = {"en": "Our practices", "ja": "自社のプラクティス"}
    model = catalogue.current("mlops-practices")
    draft = frameworks.copy_framework(of=model, key="our-practices", title=title, by=cast.admin)
    for _ in range(2):
        frameworks.publish(draft=draft, rev=draft.rev, by=cast.admin)
        draft = frameworks.open_draft(key=draft.key, by=cast.admin)
    return draft


def _asked(cast, framework):
    soon = timezone.localdate() + dt.timedelta(days=14)
    draft = cast.team.assessments.get(framework=framework.key, state="draft")
    delegating.delegate(
        assessment=draft, criteria=[framework.criteria[2].id], to=cast.member, due=soon, note="", by=cast.manager
    )
    for n in range(3):
        person = User.objects.create_user(f"member{n}@example.org", cast.password, name=f"Member {n}")
        Membership.objects.create(user=person, team=cast.team, role="member")
    pulse.open_pulse(team=cast.team, framework=framework, closes_on=soon, by=cast.manager)
    return campaigns.create_campaign(
        title="Autumn", framework=framework, teams=[cast.team, cast.other_team], due=soon, note="", by=cast.admin
    )
