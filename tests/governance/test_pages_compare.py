"""Two versions of a model side by side."""

from __future__ import annotations

import pytest
from django.urls import reverse

from governance.comparison import Figure, NumberRow, compare
from governance.models import Audit
from tests.governance import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(cast):
    """Version 1 with a certain gap, version 2 without."""
    model = make.make_model(cast.team)
    one, other = make.make_version(model, 1), make.make_version(model, 2)
    for version, gap in ((one, 0.2), (other, 0.0)):
        make.audit_fairness(version, gap=gap)
    Audit.objects.update(inputs={"data": "sha256:1"})
    return one, other


def page(browser, model, **query):
    return browser.get(reverse("model-compare", args=[model.pk]), query)


def test_by_itself_the_newest_stands_beside_its_predecessor(cast, as_user, pair):
    answer = page(as_user(cast.member), pair[0].model)
    assert (answer.context["one"].number, answer.context["other"].number) == (1, 2)
    assert "From version 1 to 2 the outcome of <b>1</b> audits changed." in answer.content.decode()


def test_intervals_that_do_not_touch_are_certain_on_the_same_data_only(pair):
    found = compare(*pair)
    fairness = found.numbers[0]
    assert fairness.same_data
    assert found.apart == sum(row.apart for row in fairness.rows) > 0
    pair[1].audits.update(inputs={"data": "sha256:2"})
    again = compare(*pair)
    assert not again.numbers[0].same_data
    assert again.apart == 0


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (Figure(0.2, 0.1, 0.3), Figure(0.5, 0.4, 0.6), True),
        (Figure(0.5, 0.4, 0.6), Figure(0.2, 0.1, 0.3), True),
        (Figure(0.2, 0.1, 0.3), Figure(0.4, 0.3, 0.5), False),
        (Figure(0.2), Figure(0.5, 0.4, 0.6), False),
        (None, Figure(0.5, 0.4, 0.6), False),
    ],
)
def test_apart(one, other, apart):
    assert NumberRow("accuracy", one, other).apart is apart


def test_a_missing_audit_is_not_evaluated_and_no_pass(cast, as_user, pair):
    make.audit_explanation(pair[1])
    text = page(as_user(cast.member), pair[0].model).content.decode()
    assert "Not evaluated" in text


def test_what_cannot_be_compared_is_said(cast, as_user, pair):
    member = as_user(cast.member)
    model = pair[0].model
    assert "Choose two different versions." in page(member, model, one=1, other=1).content.decode()
    assert page(member, model, one=7).status_code == 404
    assert page(member, model, one="<script>").status_code == 200
    alone = make.make_model(cast.team, "alone")
    assert "Nothing to compare" in page(member, alone).content.decode()
    assert page(as_user(cast.stranger), model).status_code == 404


def test_origin_shows_the_parameters_that_differ(pair):
    for version, depth in zip(pair, ("3", "5"), strict=True):
        version.run = {"params": {"depth": depth, "trees": "100"}, "tags": {"mlflow.source.git.commit": "abc"}}
    names = {row.name if isinstance(row.name, str) else row.name["code"]: row.same for row in compare(*pair).origin}
    assert names["depth"] is False
    assert names["compare.commit"] is True
    assert "trees" not in names
