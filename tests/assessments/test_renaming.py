"""What points at a criterion or a dimension by its name, after a framework's upgrade."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from assessments.actions import upgrading
from assessments.actions.renaming import renamed_dimensions
from assessments.models import Contradiction, Target
from tests.assessments.framework_rows import CHANGES, FIRST, SECOND, assessed, row

OURS = {"framework": "ours", "because": {"code": "x", "params": {}}}


@pytest.mark.django_db
def test_contradictions_follow_their_criterion(cast):
    first = row()
    row(2, SECOND, CHANGES, state="published")
    assessed(cast.team, first, {"training.tracked": "yes"}, by=cast.member)
    made = OURS | {"team": cast.team, "criterion": "training.tracked", "practice": "training-tracked"}
    accepted = Contradiction.objects.create(
        **made,
        state="resolved",
        resolution="mistaken",
        resolved_at=timezone.now(),
        accepted_until=timezone.now() + timedelta(days=30),
    )
    past = Contradiction.objects.create(**made, state="resolved", resolution="claim", resolved_at=timezone.now())
    upgrading.upgrade(key="ours", by=cast.admin)
    accepted.refresh_from_db()
    past.refresh_from_db()
    assert accepted.criterion == "training.recorded"
    assert past.criterion == "training.tracked"  # what is over is told as it was


@pytest.mark.django_db
def test_a_target_follows_its_dimension(cast):
    first = row()
    assessed(cast.team, first, {"training.tracked": "yes"}, by=cast.member)
    moved = Target.objects.create(team=cast.team, framework="ours", dimension="training", level=2, reason="Enough.")
    whole = Target.objects.create(team=cast.team, framework="ours", level=1, reason="For now.")
    changes = [
        {
            "kind": "renamed",
            "from": [key],
            "to": [key.replace("training", "learning")],
            "answers": "keep",
            "reviews": "keep",
            "why": {"en": "A better name.", "ja": "よりよい名前です。"},
        }
        for key in ("training.tracked", "training.repeated", "training.old")
    ]
    second = [part | {"id": part["id"].replace("training", "learning")} for part in FIRST]
    row(2, second, changes, state="published", dimensions=("learning", "release"))
    upgrading.upgrade(key="ours", by=cast.admin)
    moved.refresh_from_db()
    whole.refresh_from_db()
    assert (moved.dimension, moved.level) == ("learning", 2)
    assert (whole.dimension, whole.level) == ("", 1)


def framework(*keys: str):
    parts = {key.partition(".")[0] for key in keys}
    return SimpleNamespace(
        dimensions=[SimpleNamespace(key=key) for key in parts],
        by_id={key: SimpleNamespace(dimension=key.partition(".")[0]) for key in keys},
    )


@pytest.mark.parametrize(
    ("targets", "found"),
    [
        ({"a.one": ["b.one"], "a.two": ["b.two"]}, {"a": "b"}),
        ({"a.one": ["b.one"], "a.two": []}, {"a": "b"}),
        ({"a.one": ["b.one"], "a.two": ["c.one"]}, {}),  # torn apart: which is meant is for a person
        ({"a.one": []}, {}),
        ({"b.one": ["b.one"], "c.one": ["b.two"]}, {}),  # c is still there
    ],
)
def test_a_dimension_is_renamed_only_where_all_of_it_went_one_way(targets, found):
    assert renamed_dimensions(framework("b.one", "b.two", "c.one"), targets) == found
