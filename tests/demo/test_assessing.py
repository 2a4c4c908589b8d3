"""The demo's review: given from outside the team, signed, with one claim not confirmed; told twice it is done once."""

from __future__ import annotations

import pytest

from assessments import catalogue
from assessments.levels import current_score
from assessments.models import Assessment
from portal.accounts.models import Team
from portal.demo.assessing import CLAIMS, FRAMEWORK, REVIEWED, assess, review_and_sign
from portal.demo.people import make_people
from portal.web.errors import Forbidden

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return make_people("correct horse battery")


def test_the_reviewed_team_has_an_official_level(people):
    team = Team.objects.get(slug=REVIEWED)
    signed = review_and_sign(assess(team, people["ono"]), people["sato"])
    score = current_score(team, catalogue.current(FRAMEWORK))
    assert signed.state == "signed"
    assert signed.reviews.filter(verdict="refused").count() == 1
    assert 0 < score.overall.official <= score.overall.claimed == CLAIMS[REVIEWED].overall
    assert review_and_sign(Assessment.objects.get(pk=signed.pk), people["sato"]).signed_at == signed.signed_at


def test_nobody_of_the_team_could_have_signed_it(people):
    team = Team.objects.get(slug=REVIEWED)
    found = assess(team, people["ono"])
    with pytest.raises(Forbidden):
        review_and_sign(found, people["ito"])
