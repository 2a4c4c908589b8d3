"""Which frameworks are in use, and which version an old assessment is read with."""

import importlib

import pytest
from django.apps import apps

from assessments import actions, catalogue
from assessments.framework import history, load, shipped
from assessments.framework_source import copied, shipped_text
from assessments.models import Assessment, FrameworkVersion

pytestmark = pytest.mark.django_db

TITLE = {"en": "Ours", "ja": "自社版"}


def text_of(key="ours", version=1, state="current", base="mlops-maturity"):
    """A row of a copy, as publishing leaves it."""
    text = copied(shipped_text(shipped()[base]), key=key, title=TITLE)
    text = text.replace("version: 1", f"version: {version}", 1)
    found = load(text)
    return FrameworkVersion.objects.create(
        key=key, version=version, digest=found.digest, source=text, state=state, copied_from=f"{base} 1"
    )


def test_what_is_shipped_is_in_use_until_another_version_is(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert catalogue.currents() == dict(shipped())
    with django_assert_num_queries(1):
        assert catalogue.current("mlops-maturity") is shipped()["mlops-maturity"]
    with pytest.raises(KeyError):
        catalogue.current("nothing")


def test_copies_are_in_use_beside_what_is_shipped(django_assert_max_num_queries):
    row = text_of()
    text_of(key="gone", state="retired")
    assert catalogue.current("ours").title.in_("ja") == "自社版"
    with django_assert_max_num_queries(1):
        assert [*catalogue.currents()] == [*shipped(), "ours"]
        assert catalogue.by_digest(row.digest).key == "ours"
    with pytest.raises(KeyError):
        catalogue.current("gone")


def test_starting_an_assessment_keeps_the_version(cast, framework):
    assessment = actions.start_assessment(team=cast.team, framework=framework, by=cast.member)
    row = FrameworkVersion.objects.get()
    assert (row.key, row.version, row.digest, row.shipped, row.state) == (
        framework.key,
        framework.version,
        framework.digest,
        True,
        "current",
    )
    assert load(row.source, complete=True) == framework
    assert catalogue.of(assessment) is framework
    catalogue.keep(framework)
    assert FrameworkVersion.objects.count() == 1


def test_the_version_in_use_stays_when_a_newer_one_is_shipped():
    old = text_of(key="mlops-maturity", version=1)
    newest = shipped()["mlops-maturity"]
    FrameworkVersion.objects.filter(pk=old.pk).update(version=0)  # whatever is shipped now is newer
    in_use = catalogue.current("mlops-maturity")
    assert in_use.digest == old.digest != newest.digest
    assert catalogue.currents()["mlops-maturity"] is in_use


def test_what_waits_is_the_newest_published_version(django_assert_num_queries):
    first = text_of()
    text_of(version=2, state="published")
    third = text_of(version=3, state="published")
    text_of(key="other")
    in_use = [catalogue.by_digest(first.digest), catalogue.current("other"), *shipped().values()]
    catalogue.by_digest(third.digest)
    with django_assert_num_queries(1):
        waiting = catalogue.waiting(in_use)
    assert {key: found.version for key, found in waiting.items()} == {"ours": 3}
    assert [found.version for found in catalogue.versions("ours")] == [1, 2, 3]


def test_an_assessment_is_read_with_its_own_version(cast, framework):
    old = text_of()
    assessment = Assessment(
        team=cast.team, framework="ours", framework_version="1", framework_digest=old.digest, started_by=cast.member
    )
    FrameworkVersion.objects.filter(pk=old.pk).update(state="retired")
    text_of(version=2)
    assert catalogue.of(assessment).version == 1
    assessment.framework_digest = "of content that nobody knows any more"
    assert catalogue.of(assessment).version == 2
    assessment.framework = "mlops-maturity"
    known = history().get(("mlops-maturity", 1), framework)
    assert catalogue.of(assessment) == known
    assessment.framework = "nothing"
    with pytest.raises(KeyError):
        catalogue.of(assessment)


def test_a_database_of_before_keeps_the_version_that_its_teams_use(cast):
    old = history().get(("mlops-maturity", 1), shipped()["mlops-maturity"])
    Assessment.objects.create(
        team=cast.team, framework=old.key, framework_version="1", framework_digest="x", started_by=cast.member
    )
    Assessment.objects.create(team=cast.team, framework="gone", framework_version="x", framework_digest="x")
    step = importlib.import_module("assessments.migrations.0005_frameworks_in_use")
    step.keep_versions_in_use(apps, None)
    row = FrameworkVersion.objects.get()
    assert (row.key, row.version, row.digest, row.state) == ("mlops-maturity", old.version, old.digest, "current")
    assert catalogue.current("mlops-maturity") == old
