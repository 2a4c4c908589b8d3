"""What a newer version of a framework would do to every team: read once, judged twice, nothing written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from assessments import catalogue, evidence_rules, impact, levels, migration
from assessments.evidence_rules import Fact
from assessments.framework import Criterion, Framework, shipped
from assessments.impact import Move
from assessments.levels import Inputs
from assessments.migration import Migrated, MigrationError
from assessments.models import Answer, Assessment, CriterionReview, FrameworkState, FrameworkVersion
from assessments.scoring import Answer as Said
from assessments.scoring import Review, Score
from portal.accounts.models import Team
from portal.message import Message
from portal.web.errors import Conflict, Missing

KEPT = ("rev", "carried", "from_evidence", "answered_by_id", "answered_at")  # of a row that is carried over


@dataclass(frozen=True)
class TeamUpgrade:
    """One team: its newest assessment, what becomes of its answers, and its levels before and after."""

    team: Team
    assessment: Assessment
    rows: Mapping[str, Answer]
    reviews: Mapping[str, CriterionReview]
    migrated: Migrated
    before: Score
    after: Score
    moves: tuple[Move, ...]

    @property
    def drops(self) -> bool:
        return any(move.drops for move in self.moves)


class Carried(NamedTuple):
    """An answer as the new version has it, and the row that it comes from."""

    criterion: str
    practice: str
    value: str
    note: str
    reconfirm: bool
    home: Answer

    @property
    def rev(self) -> int:
        return self.home.rev


@dataclass(frozen=True)
class Upgrade:
    """From the version in use to a later one, team by team; those whose level drops come first."""

    old: Framework
    new: Framework
    teams: tuple[TeamUpgrade, ...]
    drafts: int

    @property
    def moved(self) -> tuple[TeamUpgrade, ...]:
        return tuple(one for one in self.teams if one.moves)

    @property
    def dropping(self) -> tuple[TeamUpgrade, ...]:
        return tuple(one for one in self.teams if one.drops)


class Ways:
    """The versions to go through from each version that answers may have been given to."""

    def __init__(self, new: Framework):
        self.new, self.known = new, catalogue.versions(new.key)
        self._weighing: dict[str, list[Criterion]] = {}
        self._ways: dict[str, tuple[Framework, ...]] = {}

    def of(self, assessment: Assessment) -> tuple[Framework, ...]:
        """Raises `Conflict` where no map leads to the new version."""
        digest = assessment.framework_digest
        if digest not in self._ways:
            old = catalogue.of(assessment)
            try:
                self._ways[digest] = migration.path(old, self.new, self.known)
            except MigrationError as error:
                raise Conflict(error.message) from None
        return self._ways[digest]

    def weighed(self, old: Framework, facts: Sequence[Fact], now: datetime) -> tuple[dict, dict]:
        """What the facts say of both versions' criteria; where the rules are the same, weighed once."""
        if old.digest not in self._weighing:
            self._weighing[old.digest] = [c for c in self.new.criteria if not _same_rules(c, old.by_id.get(c.id))]
        changed = self._weighing[old.digest]
        before = evidence_rules.weigh_all(old.criteria, facts, now)
        return before, before | evidence_rules.weigh_all(changed, facts, now)


def _same_rules(new: Criterion, old: Criterion | None) -> bool:
    return old is not None and (new.supports, new.contradicts, new.auto) == (old.supports, old.contradicts, old.auto)


def target(key: str, version: int | None = None) -> tuple[Framework, Framework]:
    """The version of a framework that is in use, and the one to upgrade to: the newest, or the one named.

    Raises
    ------
    Missing
        There is no such framework or version.
    Conflict
        Nothing later is there.
    """
    try:
        old = catalogue.current(key)
    except KeyError:
        raise Missing("framework.unknown", key=key) from None
    if version is None:
        new = catalogue.waiting([old]).get(key)
        if new is None:
            raise Conflict("framework.no_upgrade")
        return old, new
    published = FrameworkVersion.objects.filter(key=key, state=FrameworkState.PUBLISHED)
    numbers = set(published.values_list("version", flat=True)) | (
        {shipped()[key].version} if key in shipped() else set()
    )
    new = next((one for one in catalogue.versions(key) if one.version == version and version in numbers), None)
    if new is None:
        raise Missing("framework.unknown_version", key=key, version=version)
    if new.version <= old.version:
        raise Conflict("framework.no_upgrade")
    return old, new


def dry_run(old: Framework, new: Framework, teams: Iterable[Team] | None = None) -> Upgrade:
    """What would become of every team that was assessed with the framework, in a bounded number of queries.

    Raises
    ------
    Conflict
        No map leads from a version that a team answered to the new one.
    """
    assessed = Team.objects.filter(assessments__framework=old.key).distinct().order_by("name")
    teams = list(assessed if teams is None else teams)
    found = levels.inputs(teams, new, also=old)
    ways, now = Ways(new), timezone.now()
    reviews = _reviews([one.counted[old.key][0] for one in found.values() if old.key in one.counted])
    elsewhere = levels.reviews_of([team.pk for team in teams], but_of=old.key)
    rows = [
        _team(team, old, ways, found[team.pk], reviews, elsewhere[team.pk], now)
        for team in teams
        if old.key in found[team.pk].counted
    ]
    drafts = Assessment.objects.filter(framework=old.key, state="draft", team__in=teams)
    for draft in drafts:
        ways.of(draft)
    rows.sort(key=lambda one: (not one.drops, not one.moves))
    return Upgrade(old, new, tuple(rows), len(drafts))


def _team(
    team: Team,
    old: Framework,
    ways: Ways,
    found: Inputs,
    reviews: Mapping[int, Mapping[str, CriterionReview]],
    elsewhere: Mapping[tuple[str, str], Review],
    now: datetime,
) -> TeamUpgrade:
    assessment = found.counted[old.key][0]
    own = {row.criterion: row for key, row, _order in found.given if key == old.key}
    reviewed = reviews.get(assessment.pk, {})
    migrated = migrate(ways.of(assessment), own, reviewed)
    was, is_ = ways.weighed(old, found.facts, now)
    then = levels.judged(old, found, now, was)
    after = levels.judged(ways.new, _carried(ways.new, found, own, migrated, elsewhere), now, is_)
    moved = impact.moves(old, ways.new, then.score, after.score, migrated)
    return TeamUpgrade(team, assessment, own, reviewed, migrated, then.score, after.score, moved)


def migrate(way: Sequence[Framework], rows: Mapping[str, Answer], reviewed: Mapping[str, CriterionReview]) -> Migrated:
    """The answers and reviews of one assessment, carried along a way of versions.

    Raises
    ------
    Conflict
        A map on the way does not fit its versions.
    """
    answers = {key: Said(row.value or None, row.note) for key, row in rows.items()}
    reviews = {key: Review(row.verdict, row.at, row.until) for key, row in reviewed.items()}
    waiting = {key for key, row in rows.items() if row.reconfirm}
    try:
        return migration.plan_along(way, answers, reviews, waiting)
    except MigrationError as error:
        raise Conflict(error.message) from None


def carried(new: Framework, rows: Mapping[str, Answer], migrated: Migrated) -> list[Carried]:
    """The answers as the new version has them."""
    found = []
    for key, answer in migrated.answers.items():
        homes = [rows[part] for part in migrated.sources[key] if part in rows]
        home = max(homes, key=lambda row: (row.value == (answer.value or ""), row.rev)) if homes[1:] else homes[0]
        practice, asked = new.by_id[key].practice, key in migrated.reconfirm
        found.append(Carried(key, practice, answer.value or "", answer.reason, asked, home))
    return found


def new_rows(new: Framework, rows: Mapping[str, Answer], migrated: Migrated) -> list[Answer]:
    """The same as rows, not saved yet; who said it and when stays."""
    return [
        Answer(
            criterion=one.criterion,
            practice=one.practice,
            value=one.value,
            note=one.note,
            reconfirm=one.reconfirm,
            **{name: getattr(one.home, name) for name in KEPT},
        )
        for one in carried(new, rows, migrated)
    ]


def ended(new: Framework, rows: Mapping[str, Answer], migrated: Migrated) -> frozenset[str]:
    """The practices whose reviews end, older ones too: those of criteria whose reviews a map does not keep."""
    lost = {part.criterion for part in migrated.dropped if part.what == "review"}
    for change in migrated.changes:
        unconfirmed = change.kind == "merged" and not set(change.to) & migrated.reviews.keys()
        if unconfirmed or "drop" in (change.reviews, change.answers):
            lost.update(change.from_)
    parts = {part for part, targets in migrated.targets.items() if part in lost or lost.intersection(targets)}
    return frozenset(
        {rows[part].practice for part in parts if part in rows}
        | {new.by_id[key].practice for key in lost if key in new.by_id}
    )


def _carried(
    new: Framework,
    found: Inputs,
    own: Mapping[str, Answer],
    migrated: Migrated,
    elsewhere: Mapping[tuple[str, str], Review],
) -> Inputs:
    """The same inputs as they will be: migrated answers in place of the old ones, and reviews with them.

    ``elsewhere`` are the reviews of other frameworks, which no map of this one ends.
    """
    assessment, order = found.counted[new.key]
    given = [one for one in found.given if one[0] != new.key]
    given += [(new.key, row, order) for row in carried(new, own, migrated)]
    over = ended(new, own, migrated)
    reviews = {place: review for place, review in found.reviews.items() if place[0] not in over}
    reviews |= {place: review for place, review in elsewhere.items() if place[0] in over}
    if assessment.state == "signed":
        for key, review in migrated.reviews.items():
            value = migrated.answers[key].value if key in migrated.answers else None
            reviews[new.by_id[key].practice, value or ""] = review
    return replace(found, given=given, reviews=reviews)


def _reviews(assessments: list[Assessment]) -> dict[int, dict[str, CriterionReview]]:
    found: dict[int, dict[str, CriterionReview]] = {}
    for row in CriterionReview.objects.filter(assessment__in=assessments):
        found.setdefault(row.assessment_id, {})[row.criterion] = row
    return found


def as_data(upgrade: Upgrade) -> dict:
    """The dry run as JSON: for the API and the command."""

    def text(words) -> dict[str, str]:
        return {"en": words.en, "ja": words.ja}

    def said(message: Message) -> dict:
        return message.to_json()

    return {
        "framework": upgrade.new.key,
        "from": upgrade.old.version,
        "to": upgrade.new.version,
        "drafts": upgrade.drafts,
        "teams": [
            {
                "team": one.team.slug,
                "answers": len(one.migrated.answers),
                "to_confirm": sorted(one.migrated.reconfirm),
                "set_aside": [
                    {"what": part.what, "criterion": part.criterion, "said": part.said, "text": part.text}
                    for part in one.migrated.dropped
                ],
                "levels": [
                    {
                        "dimension": move.dimension,
                        "kind": move.kind,
                        "before": move.before,
                        "after": move.after,
                        "because": [
                            {"criterion": cause.criterion, "title": text(cause.title), "reason": said(cause.reason)}
                            | ({"why": text(cause.why)} if cause.why else {})
                            for cause in move.causes
                        ],
                    }
                    for move in one.moves
                ],
            }
            for one in upgrade.teams
        ],
    }
