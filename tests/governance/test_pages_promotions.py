"""The pages of promotions: asking, deciding, what is refused and why, and that nothing typed is lost."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.actions import promotions
from governance.models import Move, Profile, Promotion
from portal.jobs.models import Job
from portal.message import Message
from tests.governance import factories as make
from tests.governance.hostile_names import NAMES

SCRIPT = '<script>alert("x")</script>'


def url(name, *args):
    return reverse(name, args=args)


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def ready(cast):
    """A request whose checks all pass."""
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"))
    return promotions.request(version=version, environment="production", reason="Better on new rows.", by=cast.member)


@pytest.fixture
def blocked(cast):
    """A request that the fairness gate keeps shut."""
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"), gap=0.2)
    return promotions.request(version=version, environment="production", by=cast.member)


def decide(browser, promotion, decision, reason="", rev=None):
    form = {"decision": decision, "reason": reason, "rev": promotion.rev if rev is None else rev}
    return browser.post(url("promotion-decide", promotion.pk), form)


def is_closed(page: str, value: str) -> bool:
    return 'aria-disabled="true"' in re.search(rf'<button[^>]*value="{value}"[^>]*>', page).group()


# Who, and how


def test_a_foreign_team_gets_404(cast, as_user, ready):
    browser = as_user(cast.stranger)
    assert browser.get(url("promotion", ready.pk)).status_code == 404
    assert "credit-limit" not in text(browser.get(url("promotions")))
    for name in ("promotion-decide", "promotion-withdraw", "promotion-resubmit", "promotion-retry"):
        assert (
            browser.post(url(name, ready.pk), {"decision": "refuse", "reason": "x", "rev": ready.rev}).status_code
            == 404
        )
    ready.refresh_from_db()
    assert (ready.state, ready.rev) == ("open", 1)


def test_methods_csrf_and_sign_in(cast, client, ready):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.reviewer, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name in ("promotion-decide", "promotion-withdraw", "promotion-resubmit", "promotion-retry"):
        assert strict.get(url(name, ready.pk)).status_code == 405
        assert strict.post(url(name, ready.pk), {"decision": "approve", "rev": ready.rev}).status_code == 403
    assert strict.post(url("promotion-new", ready.version.model_id, 1), {}).status_code == 403
    assert client.get(url("promotion", ready.pk)).status_code == 302
    ready.refresh_from_db()
    assert ready.state == "open"


# Asking


def test_preflight_judges_without_asking(cast, as_user, blocked):
    version = make.make_version(blocked.version.model, 2)
    before = Promotion.objects.count()
    page = text(as_user(cast.member).get(url("promotion-new", version.model_id, 2), {"environment": "staging"}))
    assert "Cannot go yet" in page
    assert "has not run on this version" in page
    assert "verdict-pass" not in page
    assert "--environment staging" in page
    assert Promotion.objects.count() == before
    assert not Job.objects.exists()


def test_asking_opens_a_promotion_and_starts_what_is_due(cast, as_user, blocked):
    version = make.make_version(blocked.version.model, 2)
    address = url("promotion-new", version.model_id, 2)
    asked = as_user(cast.member).post(address, {"environment": "staging", "reason": "Soon"})
    made = Promotion.objects.first()
    assert asked["Location"] == url("promotion", made.pk)
    assert (made.environment, made.reason, made.requested_by) == ("staging", "Soon", cast.member)
    assert Job.objects.filter(kind__startswith="audit.").count() == 3
    page = text(as_user(cast.member).get(url("promotion", made.pk)))
    assert "Audits under way:" in page
    assert "being computed" in page
    assert "data-poll" not in page


@pytest.mark.parametrize(("who", "status"), [("reviewer", 403), ("auditor", 403), ("stranger", 404)])
def test_only_the_team_asks(cast, as_user, ready, who, status):
    version = make.make_version(ready.version.model, 2)
    browser = as_user(getattr(cast, who))
    answer = browser.post(url("promotion-new", version.model_id, 2), {"environment": "staging", "reason": "My reason"})
    assert answer.status_code == status
    assert Promotion.objects.count() == 1


def test_asking_twice_or_for_nowhere_keeps_the_reason(cast, as_user, ready):
    browser = as_user(cast.member)
    address = url("promotion-new", ready.version.model_id, 1)
    twice = browser.post(address, {"environment": "production", "reason": "Once more"})
    assert twice.status_code == 409
    assert "already under way" in text(twice)
    nowhere = browser.post(address, {"environment": "moon", "reason": SCRIPT})
    assert nowhere.status_code == 422
    assert "&lt;script&gt;" in text(nowhere)
    assert "<script>alert" not in text(nowhere)


def test_without_a_policy_nothing_can_be_asked(cast, as_user, version_without_policy):
    page = as_user(cast.member).get(url("promotion-new", version_without_policy.model_id, 1))
    assert page.status_code == 200
    assert "No policy has been published yet" in text(page)


@pytest.fixture
def version_without_policy(cast):
    from governance.models import Policy

    version = make.make_version(make.make_model(cast.team, "early"))
    Policy.objects.all().delete()
    return version


# Deciding


def test_the_page_of_a_blocked_promotion(cast, as_user, blocked):
    page = text(as_user(cast.reviewer).get(url("promotion", blocked.pk)))
    assert "Cannot go yet: The gap in the" in page
    assert page.index('id="gate-fairness"') < page.index('id="gate-lineage"')  # failures stand first
    assert "≤ 0.10" in page
    assert "?audit=" in page
    assert is_closed(page, "approve")
    assert not is_closed(page, "refuse")


def test_the_page_of_a_ready_promotion(cast, as_user, ready):
    page = text(as_user(cast.reviewer).get(url("promotion", ready.pk)))
    assert "Can go when you agree: every check passes." in page
    assert not is_closed(page, "approve")
    assert "Better on new rows." in page
    assert 'class="decide"' not in text(as_user(cast.member).get(url("promotion", ready.pk)))


def test_approving_binds_and_starts_the_move(cast, as_user, ready):
    browser = as_user(cast.reviewer)
    assert decide(browser, ready, "approve", "Sound.").status_code == 302
    ready.refresh_from_db()
    assert ready.state == "approved"
    page = text(browser.get(url("promotion", ready.pk)))
    assert "the alias @champion is being set to version 1" in page
    assert "Sound." in page
    assert ready.decisions.get().bound["artifact"].removeprefix("sha256:")[:12] in page
    assert "Promotion approved" in page  # from the ledger


@pytest.mark.parametrize(("decision", "state"), [("send-back", "sent_back"), ("refuse", "refused")])
def test_saying_no_needs_a_reason(cast, as_user, blocked, decision, state):
    browser = as_user(cast.reviewer)
    empty = decide(browser, blocked, decision, "  ")
    assert empty.status_code == 422
    assert "Give a reason" in text(empty)
    assert 'aria-invalid="true"' in text(empty)
    assert decide(browser, blocked, decision, "Retrain & return").status_code == 302
    blocked.refresh_from_db()
    assert blocked.state == state
    page = text(browser.get(url("promotion", blocked.pk)))
    assert "Retrain &amp; return" in page
    assert "The gap in the" in page


def test_a_stale_decision_says_what_changed_and_keeps_the_text(cast, as_user, blocked):
    promotions.send_back(promotion=blocked, rev=blocked.rev, reason="No", by=cast.reviewer)
    blocked.refresh_from_db()
    promotions.resubmit(promotion=blocked, by=cast.member)
    stale = decide(as_user(cast.reviewer), blocked, "refuse", "My long reason", rev=1)
    assert stale.status_code == 409
    assert "it was sent back" in text(stale)
    assert "it was submitted again" in text(stale)
    assert "My long reason" in text(stale)
    blocked.refresh_from_db()
    assert blocked.state == "open"
    assert f'name="rev" value="{blocked.rev}"' in text(stale)


@pytest.mark.parametrize("rev", ["", "x", "-1", "²", "9" * 40])
def test_a_revision_that_never_was_is_stale(cast, as_user, ready, rev):
    assert decide(as_user(cast.reviewer), ready, "approve", rev=rev).status_code == 409
    ready.refresh_from_db()
    assert ready.state == "open"


def test_an_unknown_decision_is_a_bad_request(cast, as_user, ready):
    assert decide(as_user(cast.reviewer), ready, "wave-through").status_code == 400


def test_nobody_approves_what_they_asked_for_or_made(cast, as_user, ready):
    Promotion.objects.update(requested_by=cast.reviewer)
    own = decide(as_user(cast.reviewer), ready, "approve", "Mine")
    assert own.status_code == 403
    assert "Somebody else has to approve it" in text(own)
    assert "Mine" in text(own)
    assert is_closed(text(own), "approve")
    assert decide(as_user(cast.member), ready, "approve").status_code == 403
    ready.refresh_from_db()
    assert ready.state == "open"


def test_a_changed_profile_shuts_an_open_page(cast, as_user, ready):
    """The page judges as of now: evidence made with another profile does not count any more."""
    Profile.objects.update(population="Somebody else")
    page = text(as_user(cast.reviewer).get(url("promotion", ready.pk)))
    assert "another profile" in page
    assert is_closed(page, "approve")


# The requester's side, and the move


def test_withdrawing_and_submitting_again(cast, as_user, blocked):
    browser = as_user(cast.member)
    promotions.send_back(promotion=blocked, rev=blocked.rev, reason="Not yet", by=cast.reviewer)
    assert "Sent back: <q>Not yet</q>" in text(browser.get(url("promotion", blocked.pk)))
    assert browser.post(url("promotion-resubmit", blocked.pk), {"reason": "Now"}).status_code == 302
    assert browser.post(url("promotion-resubmit", blocked.pk), {"reason": "Typed twice"}).status_code == 409
    assert browser.post(url("promotion-withdraw", blocked.pk), {"reason": "Never mind"}).status_code == 302
    assert "Withdrawn." in text(browser.get(url("promotion", blocked.pk)))


def test_a_failed_move_says_why_and_can_be_tried_again(cast, as_user, ready):
    promotions.approve(promotion=ready, rev=ready.rev, by=cast.reviewer)
    Promotion.objects.update(state="failed")
    Move.objects.update(state="failed", error=Message("move.gone").to_json())
    browser = as_user(cast.member)
    page = text(browser.get(url("promotion", ready.pk)))
    assert "Approved, but not moved." in page
    assert "deleted in the registry" in page
    assert browser.post(url("promotion-retry", ready.pk)).status_code == 302
    assert browser.post(url("promotion-retry", ready.pk)).status_code == 409
    ready.refresh_from_db()
    assert ready.state == "approved"


def test_a_move_that_is_done_says_what_it_replaced(cast, as_user, ready):
    promotions.approve(promotion=ready, rev=ready.rev, by=cast.reviewer)
    Promotion.objects.update(state="done")
    Move.objects.update(state="done", done_at=timezone.now(), replaced=7)
    page = text(as_user(cast.member).get(url("promotion", ready.pk)))
    assert "In place: the alias @champion was set to version 1" in page
    assert "it replaced version 7" in page


# Lists


def test_the_list_finds_filters_and_counts(cast, as_user, ready):
    other = make.make_version(make.make_model(cast.team, "churn"))
    promotions.withdraw(
        promotion=promotions.request(version=other, environment="staging", by=cast.member), by=cast.member
    )
    browser = as_user(cast.reviewer)
    assert "Waiting for a decision: 1." in text(browser.get(url("promotions")))
    assert "churn" not in text(browser.get(url("promotions"), {"state": "open"}))
    assert "churn" in text(browser.get(url("promotions"), {"environment": "staging"}))
    assert "credit-limit" in text(browser.get(url("promotions"), {"q": "credit"}))
    assert "clear" in text(browser.get(url("promotions"), {"team": SCRIPT}))


def test_a_list_costs_the_same_for_one_and_for_many(cast, as_user, ready):
    browser = as_user(cast.reviewer)

    def queries() -> int:
        browser.get(url("promotions"))
        with CaptureQueriesContext(database) as caught:
            assert browser.get(url("promotions")).status_code == 200
        return len(caught)

    before = queries()
    for number in range(2, 12):
        version = make.make_version(ready.version.model, number)
        Promotion.objects.create(
            version=version,
            environment="staging",
            policy=ready.policy,
            requested_by=cast.member,
            reason=str(uuid.uuid4()),
        )
    assert queries() == before


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_and_reasons_are_text(cast, as_user, name):
    version = make.audit_all(make.make_version(make.make_model(cast.team, name), author="somebody"))
    promotion = promotions.request(version=version, environment="production", reason=SCRIPT, by=cast.member)
    promotions.send_back(promotion=promotion, rev=promotion.rev, reason=SCRIPT, by=cast.reviewer)
    browser = as_user(cast.reviewer)
    for address in (url("promotions"), url("promotion", promotion.pk), url("promotion-new", version.model_id, 1)):
        page = browser.get(address)
        assert page.status_code == 200
        assert "<script>alert" not in text(page)


def test_promotions_in_japanese(cast, as_user, blocked):
    page = text(as_user(cast.japanese).get(url("promotion", blocked.pk)))
    for words in ("審査項目", "不合格", "要件", "測定値", "承認が紐づくもの"):
        assert words in page
