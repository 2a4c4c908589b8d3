"""Approval with conditions: findings in the same transaction, asked no more when the approval counts no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape

from governance.actions import policies, promotions
from governance.actions.conditions import Condition
from governance.actions.findings import resolve
from governance.dossier import dossier
from governance.models import Decision, Finding, ModelVersion, Promotion
from governance.policy import DEFAULT
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance import factories as make
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audit, requested

pytestmark = pytest.mark.django_db
TEXT = "Measure the gap again on November's cases."


def soon(days: int = 10):
    return timezone.localdate() + timedelta(days=days)


def approve(cast, promotion, *conditions: Condition, **more) -> Promotion:
    return promotions.approve(
        promotion=promotion, rev=promotion.rev, conditions=conditions, by=more.pop("by", cast.reviewer), **more
    )


def condition(cast, **changed) -> Condition:
    return Condition(**{"text": TEXT, "owner": cast.member, "due": soon()} | changed)


def test_each_becomes_a_finding_of_its_owner(cast):
    promotion = requested(cast)
    done = approve(cast, promotion, condition(cast), condition(cast, text="Write it down.", owner=cast.manager))
    assert done.state == "approved"
    first, second = Finding.objects.order_by("pk")
    assert (first.kind, first.owner, first.due) == ("condition", cast.member, soon())
    assert (first.promotion, first.version, first.model) == (promotion, promotion.version, promotion.version.model)
    assert first.detail["condition"] == TEXT
    assert TEXT not in str(first.title)  # it is mailed
    assert second.owner == cast.manager
    event = Event.objects.get(action="promotion.approve")
    assert event.texts.get(name="conditions").text == f"{TEXT}\nWrite it down."
    assert TEXT not in event.body
    assert resolve(finding=first, resolution="corrected", reason="Done.", by=cast.member).state == "resolved"


@pytest.mark.parametrize("wrong", [{"text": " "}, {"text": "x" * 1001}, {"due": None}, {"owner": None}])
def test_what_a_condition_may_not_be(cast, wrong):
    if "due" in wrong:
        wrong = {"due": soon(-1)}
    if "owner" in wrong:
        wrong = {"owner": cast.stranger}
    promotion = requested(cast)
    with pytest.raises(Invalid):
        approve(cast, promotion, condition(cast), condition(cast, **wrong))
    assert not Finding.objects.exists()
    assert not Decision.objects.exists()


def test_who_may_not_approve_sets_no_condition(cast):
    promotion = requested(cast)
    with pytest.raises(Forbidden):
        approve(cast, promotion, condition(cast), by=cast.manager)
    with pytest.raises(Conflict):
        promotions.approve(promotion=promotion, rev=0, conditions=[condition(cast)], by=cast.reviewer)
    assert not Finding.objects.exists()


@pytest.mark.parametrize("how", ["lapses", "refused", "withdrawn", "sent back"])
def test_it_is_asked_no_more_when_the_approval_counts_no_more(cast, how):
    policies.publish(text=DEFAULT.read_text("utf-8").replace("required: 1", "required: 2"), by=cast.admin)
    promotion = approve(cast, requested(cast), condition(cast))
    assert promotion.state == "open"
    if how == "lapses":
        audit(promotion.version, "fairness", fairness(0.04, 0.02, 0.06))
        promotions.recompute(promotion=promotion)
    elif how == "withdrawn":
        promotions.withdraw(promotion=promotion, by=cast.member)
    else:
        action = promotions.refuse if how == "refused" else promotions.send_back
        action(promotion=promotion, rev=promotion.rev, reason="No.", by=cast.reviewer)
    assert Finding.objects.get().resolution == "ended"


def test_on_the_page(cast, as_user):
    promotion = requested(cast)
    url = f"/promotions/{promotion.pk}/decide/"
    asked = {"rev": promotion.rev, "decision": "approve", "condition-2-text": "<i>Again</i>"}
    refused = as_user(cast.reviewer).post(url, asked)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "&lt;i&gt;Again" in page
    assert "Nothing was recorded" in page
    assert not Decision.objects.exists()
    asked |= {"condition-2-owner": str(cast.member.pk), "condition-2-due": soon().isoformat()}
    assert as_user(cast.reviewer).post(url, asked | {"condition-2-owner": cast.stranger.pk}).status_code == 422
    assert as_user(cast.reviewer).post(url, asked).status_code == 302
    finding = Finding.objects.get()
    assert finding.detail["condition"] == "<i>Again</i>"
    page = as_user(cast.member).get(f"/findings/{finding.pk}/").content.decode()
    assert "&lt;i&gt;Again" in page


def test_each_check_has_its_comments(cast, as_user):
    promotion = requested(cast)
    url = f"/promotions/{promotion.pk}/discussion/?gate=fairness"
    page = as_user(cast.member).get(f"/promotions/{promotion.pk}/").content.decode()
    assert url in page
    assert "Comments: 1" not in page
    assert as_user(cast.reviewer).post(url, {"gate": "fairness", "text": "Why so few?"}).status_code == 302
    assert "Comments: 1" in as_user(cast.member).get(f"/promotions/{promotion.pk}/").content.decode()


def test_the_promotion_and_the_dossier_tell_them(cast, as_user):
    promotion = requested(cast)
    done = approve(cast, promotion, condition(cast), condition(cast, text="Write it down.", owner=cast.manager))
    first = Finding.objects.earliest("pk")
    page = as_user(cast.member).get(f"/promotions/{done.pk}/").content.decode()
    assert f'<a href="/findings/{first.pk}/">{escape(TEXT)}</a>' in page


def test_the_dossier_tells_them(cast):
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"))
    promotion = promotions.request(version=version, environment="production", by=cast.member)
    approve(cast, promotion, condition(cast), condition(cast, text="Write it down.", owner=cast.manager))
    context = dossier(ModelVersion.objects.get(pk=version.pk))
    (line,) = context["decisions"]
    assert line.conditions == list(Finding.objects.order_by("pk"))
    printed = render_to_string("pdf/_decisions.html", context)
    assert "Write it down." in printed
    assert str(cast.manager) in printed
