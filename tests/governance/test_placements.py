"""What ran on a day, who approved it, and on which data: by page and by API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from governance.actions.rollback import rollback
from governance.models import ModelVersion, Placement
from governance.placements import within
from portal.ledger.models import Event
from tests.governance.fake_registry import FakeRegistry
from tests.governance.promotions_made import approved, audited, make_model, make_version
from tests.governance.test_move_steps import again, fake  # noqa: F401
from tests.remembered import remembered

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
RUN = {"datasets": [{"name": "loans", "digest": "4be190aa", "context": "training", "source": {"uri": "s3://x"}}]}


@pytest.fixture
@remembered
def history(cast, fake: FakeRegistry) -> list[Placement]:  # noqa: F811
    """In production version 1, then 2, then 1 again, each for a day; in staging version 2."""
    model = make_model(cast)
    one, two = (audited(make_version(model, number, run=RUN)) for number in (1, 2))
    again(approved(cast, one))
    again(approved(cast, two))
    again(rollback(version=one, environment="production", reason="Wrong limits.", by=cast.member))
    again(approved(cast, two, environment="staging"))
    for index, place in enumerate(Placement.objects.filter(environment="production").order_by("seq")):
        since = NOON + timedelta(days=index)
        until = None if place.until is None else since + timedelta(days=1)
        Placement.objects.filter(pk=place.pk).update(since=since, until=until)
    Placement.objects.filter(environment="staging").update(since=NOON)
    return list(Placement.objects.order_by("seq"))


@pytest.fixture
def ask(client, cast):
    def get(user=None, **asked):
        client.force_login(user or cast.member)
        return client.get(reverse("api-placements"), asked)

    return get


def numbers(answer) -> list[tuple[str, int]]:
    return [(row["environment"], row["version"]) for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("on", "versions"),
    [
        ("2026-11-09", []),
        ("2026-11-10", [1]),
        ("2026-11-11", [2, 1]),  # both ran on that day
        ("2026-11-11T11:59:59Z", [1]),
        ("2026-11-11T12:00:00Z", [2]),
        ("2026-11-30", [1]),
        ("2026-11-11T21:00:00+09:00", [2]),
    ],
)
def test_what_ran_on_a_day_or_at_a_moment(history, ask, on, versions):
    found = ask(registry="registry-9", model="credit-limit", environment="production", on=on)
    assert [version for _environment, version in numbers(found)] == versions


def test_who_approved_it_and_on_which_data(cast, history, ask):
    (row,) = ask(environment="production", on="2026-11-10").json()["results"]
    promotion = history[0].promotion
    decision = promotion.decisions.get()
    (given,) = row["approved_by"]
    assert given["person"] == {"pseudonym": str(cast.reviewer.pseudonym), "name": str(cast.reviewer)}
    assert given["number"] == row["decision_number"] == Event.objects.get(uuid=decision.event).seq
    assert row["requested_by"]["pseudonym"] == str(cast.member.pseudonym)
    assert row["digests"] == promotion.bound
    assert {audit["kind"] for audit in row["audits"]} == {"lineage", "fairness", "explanation"}
    assert row["datasets"] == [{"name": "loans", "digest": "4be190aa", "context": "training"}]
    assert (row["kind"], row["emergency"], row["copy"]) == ("move", False, None)
    (back,) = ask(environment="production", on="2026-11-20").json()["results"]
    assert (back["kind"], back["version"], back["until"]) == ("rollback", 1, None)
    assert [(one["decision"], one["person"]) for one in back["approved_by"]] == [("automatic", None)]


def test_all_places_by_version_and_environment(history, ask):
    assert numbers(ask()) == [("staging", 2), ("production", 1), ("production", 2), ("production", 1)]
    assert numbers(ask(version=2, environment="staging")) == [("staging", 2)]
    assert numbers(ask(model="another")) == []


def test_places_of_others_are_not_there(cast, history, ask):
    assert numbers(ask(cast.stranger)) == []
    assert len(numbers(ask(cast.auditor))) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        "yesterday",
        "2026-13-01",
        "2026-11-10T99:00:00",
        "<script>",
        "9999-12-31",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_date_is_refused_with_a_sentence(history, ask, wrong):
    answer = ask(on=wrong)
    assert answer.status_code == 422
    assert "2026-11-20" in answer.json()["errors"]["on"]


def test_a_place_that_was_left_at_once_ran_on_no_day(history):
    Placement.objects.filter(pk=history[0].pk).update(until=NOON)
    assert not within(Placement.objects.filter(pk=history[0].pk), NOON, NOON).exists()
    assert not within(Placement.objects.filter(pk=history[0].pk), NOON - timedelta(1), NOON + timedelta(1)).exists()


def test_many_places_take_as_many_queries_as_one(history, ask, django_assert_max_num_queries):
    with django_assert_max_num_queries(40) as one:
        ask(on="2026-11-10", environment="production")
    with django_assert_max_num_queries(len(one.captured_queries)):
        assert len(numbers(ask())) == 4


def test_the_page_shows_every_environment_with_approvals_and_data(cast, history, client):
    model = history[0].model
    ModelVersion.objects.filter(number=1).update(run={"datasets": [{"name": "<b>loans", "digest": "4be190aa"}]})
    client.force_login(cast.auditor)
    address = reverse("model-on", args=[model.pk])
    assert address in client.get(reverse("model", args=[model.pk])).content.decode()
    page = client.get(address, {"date": "2026-11-11"}).content.decode()
    assert page.count("<dt>Approved by</dt>") == 3
    assert "&lt;b&gt;loans" in page
    assert str(cast.reviewer) in page
    assert reverse("record", args=[history[0].promotion.decisions.get().event]) in page
    assert "No promoted version was there." in client.get(address, {"date": "2020-01-01"}).content.decode()
    for wrong in ("9999-12-31", "x", "2026-02-30"):
        refused = client.get(address, {"date": wrong})
        assert refused.status_code == 422
        assert "year-month-day" in refused.content.decode()
    client.force_login(cast.stranger)
    assert client.get(address).status_code == 404
