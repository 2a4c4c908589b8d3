"""What people say of a promotion."""

from __future__ import annotations

import pytest

from governance.actions.discussion import comment
from governance.models import Comment
from portal.ledger.models import Event
from portal.web.errors import Invalid, Missing
from tests.governance.promotions_made import requested

pytestmark = pytest.mark.django_db


def test_a_word_stands_beside_the_record(cast):
    promotion = requested(cast)
    comment(promotion=promotion, gate="fairness", text=" Ask Ms Abe ", by=cast.reviewer)
    kept = Comment.objects.get()
    assert (kept.text, kept.gate, kept.by) == ("Ask Ms Abe", "fairness", cast.reviewer)
    event = Event.objects.get(action="promotion.comment")
    assert "Abe" not in event.body
    assert event.texts.get().text == "Ask Ms Abe"


def test_what_is_no_word_and_who_sees_nothing(cast):
    promotion = requested(cast)
    for wrong in ({"text": " "}, {"text": "x" * 5001}, {"text": "x", "gate": "nothing"}):
        with pytest.raises(Invalid):
            comment(promotion=promotion, by=cast.member, **wrong)
    with pytest.raises(Missing):
        comment(promotion=promotion, text="Hello", by=cast.stranger)
    assert not Comment.objects.exists()


def test_the_page(cast, as_user):
    promotion = requested(cast)
    url = f"/promotions/{promotion.pk}/discussion/"
    said = as_user(cast.member).post(url, {"text": "<i>Why?</i>", "gate": "fairness"})
    assert said.status_code == 302
    page = as_user(cast.reviewer).get(url).content.decode()
    assert "&lt;i&gt;Why?" in page
    assert as_user(cast.member).post(url, {"text": "", "gate": ""}).status_code == 422
    assert as_user(cast.stranger).get(url).status_code == 404
    assert "Discussion: 1" in as_user(cast.reviewer).get(f"/promotions/{promotion.pk}/").content.decode()
