"""What happens at one moment: of two that cannot both be, one is, and the records say the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from governance.actions import policies, promotions
from governance.actions.break_glass import open_break_glass, second_break_glass
from governance.actions.exceptions import end_exception, waive
from governance.actions.groups import add_member, make_group, remove_member
from governance.models import Decision, Finding, GroupMember, Move, Promotion
from governance.policy import DEFAULT
from governance.warrant import lacking
from portal.accounts.models import User
from portal.ledger.models import Event
from portal.web.errors import DomainError
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audited, make_model, make_version, requested
from tests.governance.test_rulings import policy_with

pytestmark = pytest.mark.django_db(transaction=True)
TWO = """approvals:
      stages:
        - {group: model-risk, quorum: 2}
"""


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Each act in a thread of its own, let go together; ``"done"`` or the code of the refusal, in their order."""
    gate, outcomes = threading.Barrier(len(acts)), [""] * len(acts)

    def run(number: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
            outcomes[number] = "done"
        except DomainError as error:
            outcomes[number] = error.message.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(outcomes), outcomes
    return outcomes


def fresh(promotion: Promotion) -> Promotion:
    return Promotion.objects.select_related("version__model__profile").get(pk=promotion.pk)


def approve(promotion: Promotion, by) -> Callable[[], object]:
    seen = fresh(promotion)
    return lambda: promotions.approve(promotion=fresh(promotion), rev=seen.rev, by=by)


def group_of(cast, key: str, *names: str) -> list[User]:
    group = make_group(key=key, name_en=key, name_ja=key, by=cast.admin)
    people = [
        User.objects.create_user(f"{name.lower()}@example.org", "x", name=name, is_auditor=True) for name in names
    ]
    for person in people:
        add_member(group=group, user=person, by=cast.admin)
    return people


def check_history(promotion: Promotion) -> None:
    """One move for an approved promotion and none for another, and one event a decision."""
    state = fresh(promotion).state
    assert Move.objects.count() == (state == "approved")
    for decision in Decision.objects.all():
        assert Event.objects.filter(uuid=decision.event).count() == 1
    revisions = [
        event.content["params"]["rev"]
        for event in Event.objects.about("promotion", promotion.pk).exclude(action="promotion.ask_break_glass")
        if event.action != "promotion.lapse"
    ]
    assert len(revisions) == len(set(revisions))
    assert max(revisions) == fresh(promotion).rev


def test_two_last_approvers(cast):
    people = group_of(cast, "model-risk", "Abe", "Baba", "Chiba")
    policies.publish(text=DEFAULT.read_text("utf-8").rpartition("approvals:")[0] + TWO, by=cast.admin)
    promotion = requested(cast)
    approve(promotion, people[0])()
    outcomes = at_once(approve(promotion, people[1]), approve(promotion, people[2]))
    assert sorted(outcomes)[0] == "done"
    assert outcomes.count("done") == 1
    assert fresh(promotion).state == "approved"
    assert Decision.objects.filter(lapsed_at=None).count() == 2
    check_history(promotion)


def test_approve_against_withdraw(cast):
    promotion = requested(cast)
    outcomes = at_once(
        approve(promotion, cast.reviewer),
        lambda: promotions.withdraw(promotion=fresh(promotion), by=User.objects.get(pk=cast.member.pk)),
    )
    state = fresh(promotion).state
    assert outcomes.count("done") == 1
    assert state == ("approved" if outcomes[0] == "done" else "withdrawn")
    assert Decision.objects.count() == (state == "approved")
    check_history(promotion)


def test_approve_against_the_end_of_a_waiver(cast):
    (signer,) = group_of(cast, "model-risk", "Abe")
    policies.publish(text=policy_with("        waivable: {group: model-risk, max_days: 30}\n"), by=cast.admin)
    version = audited(make_version(make_model(cast)), fairness=fairness(0.17, 0.12, 0.22))
    promotion, until = requested(cast, version), timezone.now() + timedelta(days=9)
    waiver = waive(version=version, environment="production", gate="fairness", reason="Known", until=until, by=signer)
    outcomes = at_once(
        approve(promotion, cast.reviewer), lambda: end_exception(exception=waiver, by=User.objects.get(pk=signer.pk))
    )
    assert outcomes[1] == "done"
    if outcomes[0] == "done":  # it was approved first: the move will not be made
        assert lacking(fresh(promotion)).code == "promotion.lapsed"
    else:
        assert (fresh(promotion).state, fresh(promotion).outcome) == ("open", "fail")
    check_history(promotion)


def test_approve_against_a_lost_role(cast):
    people = group_of(cast, "model-risk", "Abe", "Baba")
    policies.publish(text=DEFAULT.read_text("utf-8").rpartition("approvals:")[0] + TWO, by=cast.admin)
    promotion = requested(cast)
    approve(promotion, people[0])()
    member = GroupMember.objects.get(user=people[0])
    outcomes = at_once(
        approve(promotion, people[1]),
        lambda: remove_member(member=member, by=User.objects.get(pk=cast.admin.pk)),
    )
    assert outcomes[1] == "done"
    state = fresh(promotion).state
    if state == "approved":
        assert lacking(fresh(promotion)).code == "promotion.lapsed.role"
    else:
        assert Decision.objects.get(by=people[0]).lapsed_at
    check_history(promotion)


def test_two_second_persons_of_an_emergency(cast):
    people = group_of(cast, "on-call", "Abe", "Baba", "Chiba")
    passage = "    break_glass: {group: on-call, hours: 4, review_days: 3}\n"
    policies.publish(text=DEFAULT.read_text("utf-8").rstrip() + "\n" + passage, by=cast.admin)
    promotion = requested(cast)
    open_break_glass(promotion=promotion, reason="Down.", by=people[0])
    rev = fresh(promotion).rev
    outcomes = at_once(
        *(
            lambda person=person: second_break_glass(promotion=fresh(promotion), rev=rev, by=person)
            for person in people[1:]
        )
    )
    assert outcomes.count("done") == 1
    assert Decision.objects.filter(decision="break_glass").count() == 2
    assert Finding.objects.count() == 1
    check_history(promotion)
