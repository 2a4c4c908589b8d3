"""Maturity with 200 teams, six frameworks and years of quarterly assessments, on a database of its own.

Four pages against the simplest signed-in page of the site (an empty inbox), and a
new version of a framework tried on every team against one plain read of the rows that it needs.
The goals are upper bounds: a page may take ten times that page, a dry run three times that read.
"""

from __future__ import annotations

import gc
import os
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from multiprocessing import get_context
from typing import Any

from benchmarks import Figure, size

TEAMS, UNITS, VARIANTS, FACTS = 200, 12, 8, 30
PAGES = 10.0  # times the simplest signed-in page
RESCORING = 3.0  # times one plain read
UPGRADED = ("mlops-maturity", 1, 2)


@dataclass(frozen=True)
class Taken:
    """Seconds of each page, of the simplest one, of the dry run and of the plain read; and whether all is right."""

    pages: dict[str, float]
    simplest: float
    rescored: float
    read: float
    rows: int
    agreed: bool


def run() -> list[Figure]:
    """Fill a database and ask for the pages, in a process whose settings point to it."""
    with tempfile.TemporaryDirectory() as home, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        taken = pool.submit(measured, home, size(4, 20)).result()
    baseline = "an empty inbox, the simplest signed-in page"
    figures = [
        Figure(f"maturity: {name}", baseline, taken.rows, "cpu", taken.simplest / seconds, 1 / PAGES, taken.agreed)
        for name, seconds in taken.pages.items()
    ]
    ratio = taken.read / taken.rescored
    rescoring = Figure(
        "maturity: a new version tried", "one plain read", taken.rows, "cpu", ratio, 1 / RESCORING, taken.agreed
    )
    return [*figures, rescoring]


def measured(home: str, quarters: int) -> Taken:
    """What `run` measures; `home` is an empty folder."""
    os.environ |= {"SEKISHO_HOME": home, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    reader = fill(quarters)
    return ask(reader)


def ask(reader: Any) -> Taken:
    from django.test import Client
    from django.urls import reverse

    from assessments import catalogue, standings
    from assessments.levels import currents
    from assessments.models import Answer
    from portal.accounts.models import Team

    client = Client(SERVER_NAME="localhost")
    client.force_login(reader)
    team = Team.objects.order_by("name").first()
    addresses = {
        "Home": reverse("home"),
        "Team": reverse("team", args=[team.slug]),
        "Compare": reverse("teams"),
        "Portfolio": reverse("portfolio"),
    }
    pages = {name: least(lambda at=address: _get(client, at)) for name, address in addresses.items()}
    simplest = least(lambda: _get(client, reverse("inbox")))
    rescored, read, all_judged = rescoring()
    framework = catalogue.current(UPGRADED[0])
    some = list(Team.objects.order_by("pk")[:5])
    shown, anew = standings.of(some, [framework]), currents(some, framework)
    same = all(
        shown[one.pk, framework.key].level(kind) == anew[one.pk].score.overall.level(kind)
        for one in some
        for kind in ("official", "claimed", "evidenced", "reviewed")
    )
    return Taken(pages, simplest, rescored, read, Answer.objects.count(), same and all_judged)


def rescoring() -> tuple[float, float, bool]:
    """Seconds of a dry run over all teams and of one plain read of its rows; whether every team was judged.

    The plain read asks for the same rows, and the same columns of them, as model instances and does nothing with them.
    """
    from assessments import catalogue, levels, upgrades
    from assessments.models import Answer, Assessment, Contradiction, CriterionReview, Evidence, Target
    from portal.accounts.models import Team

    key, old, new = UPGRADED
    versions = {framework.version: framework for framework in catalogue.versions(key)}
    done = upgrades.dry_run(versions[old], versions[new])
    practices = {criterion.practice for version in (old, new) for criterion in versions[version].criteria}
    found = levels.inputs(Team.objects.all(), versions[new], also=versions[old])
    newest = [row.pk for one in found.values() for row, _place in one.counted.values()]

    def read() -> int:
        teams = list(Team.objects.all())
        ids = [team.pk for team in teams]
        rows = [
            list(Assessment.objects.filter(pk__in=newest).defer("score")),
            list(Answer.objects.filter(assessment__in=newest, practice__in=practices)),
            list(Evidence.objects.filter(team__in=ids)),
            list(CriterionReview.objects.filter(assessment__in=newest)),
            list(Contradiction.objects.filter(team__in=ids)),
            list(Target.objects.filter(team__in=ids, framework=key)),
        ]
        return sum(map(len, rows))

    given = sum(len(one.given) for one in found.values())
    asked_alike = given == Answer.objects.filter(assessment__in=newest, practice__in=practices).count()
    del found
    rescored = least(lambda: upgrades.dry_run(versions[old], versions[new]), repeat=5)
    return rescored, least(read, repeat=5), len(done.teams) == TEAMS and asked_alike


def least(call: Callable[[], Any], repeat: int = 9) -> float:
    """The least CPU time of some calls, once it has been called; the database runs in the same process."""
    call()
    times = []
    for _ in range(repeat):
        gc.collect()
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def _get(client: Any, address: str) -> None:
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")


# The database


def fill(quarters: int) -> Any:
    """Teams, their assessments of each framework in each quarter, evidence, records and standings; the reader."""
    from assessments import catalogue
    from assessments.framework import history
    from portal.accounts.models import Team, Unit, User

    key, old, _new = UPGRADED
    catalogue.keep(history()[key, old])  # in use, so that the shipped one is the newer version
    reader = User.objects.create_user("auditor@example.org", None, name="Auditor", is_auditor=True)
    units = Unit.objects.bulk_create(Unit(name=f"Unit {number:02}") for number in range(UNITS))
    Team.objects.bulk_create(
        Team(unit=units[number % UNITS], name=f"Team {number:03}", slug=f"team-{number:03}") for number in range(TEAMS)
    )
    teams = list(Team.objects.order_by("pk"))
    _evidence(teams)
    for framework in catalogue.currents().values():
        _assessments(teams, framework, quarters, reader)
    for framework in catalogue.currents().values():
        _standings(teams, framework)
    return reader


def _evidence(teams: list) -> None:
    from django.utils import timezone

    from assessments.facts import CATALOGUE
    from assessments.models import Evidence

    chance, now = random.Random(4), timezone.now()
    names = sorted(CATALOGUE)

    def value(name: str) -> Any:
        unit = CATALOGUE[name].unit
        return (
            chance.random() < 0.7 if unit == "flag" else chance.random() if unit == "share" else chance.randint(0, 60)
        )

    Evidence.objects.bulk_create(
        Evidence(team=team, fact=name, source="benchmark", grade="A", value=value(name), items=60, observed_at=now)
        for team in teams
        for name in chance.sample(names, FACTS)
    )


def _assessments(teams: list, framework: Any, quarters: int, reader: Any) -> None:
    """Of each team one a quarter; eight ways of answering, each with its real score."""
    from django.utils import timezone

    from assessments.comparison import cell
    from assessments.models import Answer, Assessment, LevelRecord
    from assessments.scoring import Answer as Said
    from assessments.scoring import score
    from assessments.stored_score import to_json

    chance, now = random.Random(framework.key), timezone.now()
    ways = []
    for place in range(VARIANTS):
        values = {
            c.id: "yes" if chance.random() < 0.3 + place / 10 else chance.choice(["no", "partly", ""])
            for c in framework.criteria
        }
        stored = to_json(score(framework, {key: Said(value or None) for key, value in values.items()}))
        ways.append((values, stored, cell(framework, stored, "official").step))
    given = [
        (team, (team.pk + back) % VARIANTS, now - timedelta(days=91 * back))
        for team in teams
        for back in range(quarters)
    ]
    rows = Assessment.objects.bulk_create(
        [
            Assessment(
                team=team,
                framework=framework.key,
                framework_version=str(framework.version),
                framework_digest=framework.digest,
                state="submitted",
                submitted_by=reader,
                started_at=at,
                submitted_at=at,
                score=ways[way][1],
            )
            for team, way, at in given
        ],
        batch_size=200,
    )
    LevelRecord.objects.bulk_create(
        (
            LevelRecord(team=team, framework=framework.key, at=at, score=ways[way][1], step=ways[way][2])
            for team, way, at in given
        ),
        batch_size=200,
    )
    practice = {criterion.id: criterion.practice for criterion in framework.criteria}
    answers = (
        Answer(assessment=row, criterion=key, practice=practice[key], value=value, rev=1, answered_by=reader)
        for row, (_team, way, _at) in zip(rows, given, strict=True)
        for key, value in ways[way][0].items()
    )
    while batch := list(islice(answers, 5000)):
        Answer.objects.bulk_create(batch)


def _standings(teams: list, framework: Any) -> None:
    """As `standings.refresh` would have left them, without its events."""
    from django.utils import timezone

    from assessments import levels, standings
    from assessments.models import TeamStanding

    now = timezone.now()
    found = levels.currents(teams, framework)
    TeamStanding.objects.bulk_create(
        standings.filled(TeamStanding(team=team, framework=framework.key), found[team.pk], now) for team in teams
    )
