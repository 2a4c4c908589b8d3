"""A team's position as a file: page, API, PDF and command give the same levels from it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from assessments import actions, catalogue, collectors, positions, standings
from assessments.actions import targets
from assessments.evidence_rules import Fact
from assessments.models import CriterionReview
from assessments.report_content import maturity_report
from assessments.scoring import KINDS
from tests.remembered import remembered

pytestmark = pytest.mark.django_db
LEVEL_2 = {"training": 3, "release": 2, "integration": 2}


@pytest.fixture
def level(capsys, tmp_path):
    """`level(body, *options)`: what the command prints of a position."""

    def run(body, *options):
        path = tmp_path / "position.json"
        path.write_text(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False), encoding="utf-8")
        call_command("level", str(path), *options)
        return capsys.readouterr().out

    return run


@pytest.fixture
def git(monkeypatch):
    """The only collector: a repository that hosts no code."""

    def collect(team, now):
        return [Fact("git.unhosted", 2, None, "A", now), Fact("git.hosted", False, None, "A", now)]

    monkeypatch.setattr(collectors, "COLLECTORS", {"git": collect})


@pytest.fixture
@remembered
def rich(cast, framework, draft, answer, git):
    """A team with claims, evidence, reviews, a contradiction, one set aside, and targets."""
    for criterion in framework.criteria:
        value = "yes" if criterion.level <= LEVEL_2[criterion.dimension] else "no"
        answer(draft, criterion.id, value, note="ours")
    actions.submit(assessment=draft, by=cast.manager)
    now = timezone.now()
    for place, row in enumerate(draft.answers.exclude(criterion="release.managed")):
        CriterionReview.objects.create(
            assessment=draft,
            criterion=row.criterion,
            practice=row.practice,
            verdict="confirmed" if place % 9 else "refused",
            note="seen",
            at=now,
            until=now + timedelta(days=365),
        )
    draft.refresh_from_db()
    draft.state, draft.signed_at, draft.signed_by = "signed", now, cast.reviewer
    draft.save()
    collectors.collect_for(cast.team)
    targets.set_target(
        team=cast.team, framework=framework, dimension="", level=3, reason="Credit decisions", by=cast.manager
    )
    with transaction.atomic():
        standings.refresh_all(cast.team)
    return cast.team


def four(levels):
    return {kind: levels[kind] for kind in KINDS}


def test_page_api_pdf_and_command_agree_in_every_framework(rich, cast, as_user, level):
    client = as_user(cast.member)
    for key, framework in catalogue.currents().items():
        exported = client.get(f"/teams/{rich.slug}/position.json?framework={key}").content.decode()
        printed = json.loads(level(exported, "--json"))
        api = client.get(f"/api/v1/teams/{rich.slug}/levels/?framework={key}").json()
        assert printed["score"] == api["score"], key
        assert printed["digest"] == api["framework_digest"] == framework.digest
        page = client.get(f"/teams/{rich.slug}/?framework={key}").context
        pdf = maturity_report(rich, framework)
        for name in ("", *(dimension.key for dimension in framework.dimensions)):
            found = printed["score"]["dimensions"][name] if name else printed["score"]["overall"]
            for shown in (page["current"].score.levels(name), pdf["current"].score.levels(name)):
                assert {kind: shown.level(kind) for kind in KINDS} == four(found)
        standing = standings.of([rich], [framework])[rich.pk, key]
        assert standing.score == printed["score"]


def test_the_digit_on_the_page_and_in_the_pdf_is_the_commands(rich, cast, as_user, level, framework):
    client = as_user(cast.member)
    exported = client.get(f"/teams/{rich.slug}/position.json").content.decode()
    official = json.loads(level(exported, "--json"))["score"]["overall"]["official"]
    assert f"official level {official} (" in level(exported)
    html = client.get(f"/teams/{rich.slug}/").content.decode()
    assert f'<p class="fig">{official}</p>' in html
    with translation.override("en"):
        context = maturity_report(rich, framework) | {"made_at": timezone.now(), "paper": True}
        assert render_to_string("pdf/maturity.html", context)


def test_the_levels_are_not_trivial_here(rich, framework):
    """Else the agreement above would say little."""
    score = standings.of([rich], [framework])[rich.pk, framework.key]
    assert len({score.level(kind, "training") for kind in KINDS} | {score.level(kind) for kind in KINDS}) >= 3
    assert score.level("claimed", "training") == 3


def test_the_file_keeps_the_moment(rich, framework, level):
    """Levels are those of the export's day, whenever it is read."""
    body = positions.of(rich, framework, with_words=True)
    later = body | {"as_of": (timezone.now() + timedelta(days=400)).isoformat()}
    now, then = (json.loads(level(one, "--json"))["score"] for one in (body, later))
    assert "met" in now["reviewed"].values()
    assert "met" not in then["reviewed"].values()
    assert now["claimed"] == then["claimed"]


def test_words_stay_in_the_team(rich, cast, as_user):
    type(rich).objects.filter(pk=rich.pk).update(visibility="organisation")
    outside = as_user(cast.stranger).get(f"/teams/{rich.slug}/position.json").content.decode()
    assert "ours" not in outside
    assert "Credit decisions" not in outside
    inside = as_user(cast.member).get(f"/teams/{rich.slug}/position.json").content.decode()
    assert "ours" in inside
    assert "Credit decisions" in inside


def test_a_foreign_team_gives_none(cast, as_user):
    assert as_user(cast.stranger).get("/teams/credit-risk/position.json").status_code == 404
    assert as_user(cast.stranger).get("/api/v1/teams/credit-risk/position/").status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schema": "sekisho.position/9"}, "schema"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": "2026-11-20T10:00:00"}, "as_of"),
        ({"answers": {"training.nothing": {"answer": "yes"}}}, "There is no criterion training.nothing"),
        ({"answers": {"training.code-hosted": {"answer": "na"}}}, "cannot be answered with na"),
        ({"facts": [{"name": "x.y", "value": 1, "grade": "A", "observed_at": "2026-11-20T10:00:00Z"}]}, "no fact x.y"),
        ({"framework": {"key": "mlops-maturity", "version": 1, "digest": "0"}}, "framework.digest"),
        ({"extra": 1}, "extra: this field is not known"),
    ],
)
def test_a_file_that_was_changed_is_refused_in_one_sentence(rich, framework, level, change, sentence):
    body = positions.of(rich, framework, with_words=False)
    with pytest.raises(CommandError) as caught:
        level(body | change)
    assert sentence in str(caught.value)
    assert caught.value.returncode == 2


def test_the_command_says_why_in_either_language(rich, framework, level):
    body = positions.of(rich, framework, with_words=False)
    english, japanese = level(body), level(body, "--language", "ja")
    assert "Not level" in english
    title = framework.by_id["training.code-hosted"].title
    assert title.en in english or "an open contradiction" in english
    assert "Not level" not in japanese
