"""Changing a profile: what stands on it moves with it, and free text stays erasable."""

from __future__ import annotations

import pytest

from governance.actions import policies, promotions
from governance.forms import ProfileForm
from governance.models import Decision, Profile
from governance.policy import DEFAULT
from portal.accounts.models import User
from portal.jobs.models import Job
from portal.ledger.actions import erase_text
from portal.ledger.models import Event
from portal.web.errors import Conflict
from tests.governance.agreed import set_profile
from tests.governance.promotions_made import audited, make_model, make_version, requested

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(cast):
    """With one more reviewer, who has no part in anything else."""
    cast.second = User.objects.create_user("second@example.org", cast.password, name="Second", is_reviewer=True)
    return cast


def change(cast, model, by=None, rev=1, **fields) -> Profile:
    content = model.profile.content | fields
    return set_profile(
        model=model, team=cast.team, fields=content, rev=rev, by=by or cast.member, agreed_by=cast.second
    )


def test_approvals_lapse_with_the_change_and_not_later(cast):
    policies.publish(text=DEFAULT.read_text("utf-8").replace("required: 1", "required: 2"), by=cast.admin)
    promotion = requested(cast)
    promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)
    change(cast, promotion.version.model, intended_use="Something else")
    promotion.refresh_from_db()
    assert promotion.outcome == "not_evaluated"
    assert Decision.objects.get().lapsed_at
    lapse = Event.objects.get(action="promotion.lapse")
    assert lapse.actor == cast.second.pseudonym  # whose agreement let the change take effect


def test_what_people_wrote_stands_beside_the_record(cast):
    model = make_model(cast, intended_use="Ask Ms Abe")
    change(cast, model, intended_use="Ask Mr Baba", population="Adults")
    event = Event.objects.get(action="profile.change")
    assert "Abe" not in event.body
    assert "Baba" not in event.body
    texts = {text.name: text.text for text in event.texts.all()}
    assert texts == {"intended_use": "Ask Mr Baba", "intended_use_before": "Ask Ms Abe"}
    erase_text(event_text=event.texts.get(name="intended_use_before"), by=cast.admin)
    assert "Abe" not in str(list(event.texts.values_list("text", flat=True)))


def test_a_change_during_an_audit_asks_for_another(cast):
    """The one under way reads the old profile, and its result would count for nothing."""
    version = audited(make_version(make_model(cast)))
    profile = change(cast, version.model, population="All")
    Job.objects.update(state="running")
    change(cast, version.model, rev=profile.rev, population="Adults only")
    assert Job.objects.filter(kind="audit.fairness").count() == 2


def test_who_saw_another_revision_is_told(cast):
    model = make_model(cast)
    change(cast, model, population="All")
    with pytest.raises(Conflict):
        change(cast, model, population="None", rev=1)


@pytest.mark.parametrize("line", ["age: nan", "age: 1, inf", "age: 1e999"])
def test_edges_are_numbers(cast, line):
    form = ProfileForm({"bins": line}, user=cast.member)
    assert "bins" in form.errors


@pytest.mark.parametrize("edges", [[1234567.0], [0.1, 0.30000000000000004], [30.0, 45.0], [1e-7]])
def test_edges_come_back_as_they_were_typed(cast, edges):
    """Shown with fewer digits, they would be saved with fewer."""
    field = ProfileForm(user=cast.member).fields["bins"]
    assert field.to_python(field.prepare_value({"age": edges})) == {"age": edges}
