"""Where teams stand, kept ready: what lists read of many teams at once, and what follows a change.

Each action that changes an answer, a review, a contradiction or evidence calls `refresh` in its own
transaction. What only time changes is refreshed by a duty every hour; until it has run, `of` computes
what has lapsed anew, so that nothing old looks good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from assessments import catalogue, contradictions, levels, roadmap_items
from assessments.comparison import cell
from assessments.explanation import dimension_title, reason
from assessments.framework import Framework
from assessments.levels import Current
from assessments.locking import lock_team
from assessments.models import LevelRecord, RoadmapItem, TeamStanding
from assessments.position import Lapse, holds_until, lapses
from assessments.standing import Kind
from assessments.stored_score import level, levels_of, pack, to_json, unpack
from portal.accounts.models import Team
from portal.ledger.actions import record
from portal.message import Message

REASONS = 3  # of a fall that a record tells


@dataclass(frozen=True)
class Standing:
    """A team's score in a framework as lists show it."""

    team: int
    framework: str
    version: str
    digest: str
    assessment: int | None
    score: Mapping[str, Any]
    official: int
    since: datetime | None
    computed_at: datetime
    lapse: Mapping[str, Any] | None = None

    @property
    def assessed(self) -> bool:
        """Whether the team claims anything."""
        return self.assessment is not None or any(state != "unknown" for state in self.score["claimed"].values())

    def level(self, kind: Kind = "official", dimension: str = "") -> int | None:
        return level(self.score, kind, dimension)

    def met(self, framework: Framework, kind: Kind = "official", dimension: str = "") -> tuple[int, int]:
        """How many of the required criteria are met, and how many there are."""
        ids = [c.id for key, required in framework.ladders.items() if dimension in ("", key) for c in required]
        return sum(self.score[kind].get(key) == "met" for key in ids), len(ids)


def of(teams: Iterable[Team], frameworks: Iterable[Framework]) -> dict[tuple[int, str], Standing]:
    """The standings of teams by (team id, framework key).

    One query, and six where a standing has lapsed, was computed with another version, or was never computed.
    """
    by_id, by_key = {team.pk: team for team in teams}, {framework.key: framework for framework in frameworks}
    now = timezone.now()
    kept = TeamStanding.objects.filter(team__in=by_id, framework__in=by_key)
    rows = {(row.team_id, row.framework): row for row in kept}
    found, old = {}, {}
    for key, framework in by_key.items():
        for team in by_id:
            row = rows.get((team, key)) or TeamStanding(team_id=team, framework=key)
            if row.pk and _holds(row, framework, now):
                found[team, key] = _shown(row, framework)
            else:
                old[team, key] = row
    if old:
        anew = levels.in_each((by_id[team], by_key[key]) for team, key in old)
        found |= {place: _shown(filled(row, anew[place], now), by_key[place[1]]) for place, row in old.items()}
    return found


def refresh(team: Team, framework: Framework, by=None, *, recorded: bool = False) -> Current:
    """Compute a team's standing anew, with its contradictions, roadmap and trend, in the caller's transaction.

    Parameters
    ----------
    recorded : bool
        The caller's own event tells the levels, so that none is written here.
    """
    lock_team(team.pk)
    now = levels.current(team, framework)
    if contradictions.follow(now, team, by):
        now = levels.current(team, framework)
    roadmap_items.follow(team, framework, now.score, by)
    row = TeamStanding.objects.filter(team=team, framework=framework.key).first()
    _keep(team, now, row, by, recorded)
    return now


def refresh_all(team: Team, by=None, *, recorded: str = "") -> None:
    """`refresh` for every framework in use, since one answer counts in several.

    What it is computed from is read once for all of them, and again after a contradiction opened or closed.

    Parameters
    ----------
    recorded : str
        The key of the framework whose levels the caller's own event tells.
    """
    lock_team(team.pk)
    in_use = catalogue.currents()
    wanted = [(team, framework) for framework in in_use.values()]
    now = levels.in_each(wanted)
    rows = {row.framework: row for row in TeamStanding.objects.filter(team=team, framework__in=in_use)}
    planned = RoadmapItem.objects.filter(team=team).exists()
    for key, framework in in_use.items():
        if contradictions.follow(now[team.pk, key], team, by):
            now = levels.in_each(wanted)
        found = now[team.pk, key]
        if planned:
            roadmap_items.follow(team, framework, found.score, by)
        _keep(team, found, rows.get(key), by, key == recorded)


def _keep(team: Team, now: Current, row: TeamStanding | None, by, recorded: bool) -> None:
    """Store a standing, and what changed in it; the caller holds the transaction."""
    if now.assessed:
        _record_change(team, now, row, by, recorded)
    filled(row or TeamStanding(team=team, framework=now.framework.key), now, timezone.now()).save()


def overdue(now: datetime | None = None) -> list[tuple[Team, Framework]]:
    """The teams and frameworks whose standing has lapsed, is of another version, or was never computed."""
    now, in_use = now or timezone.now(), catalogue.currents()
    rows = {(row.team_id, row.framework): row for row in TeamStanding.objects.defer("score", "lapse")}
    return [
        (team, framework)
        for team in Team.objects.order_by("pk")
        for key, framework in in_use.items()
        if (team.pk, key) not in rows or not _holds(rows[team.pk, key], framework, now)
    ]


def _holds(row: TeamStanding, framework: Framework, now: datetime) -> bool:
    return row.framework_digest == framework.digest and (row.valid_until is None or row.valid_until > now)


def _shown(row: TeamStanding, framework: Framework) -> Standing:
    return Standing(
        row.team_id,
        row.framework,
        row.framework_version,
        row.framework_digest,
        row.assessment_id,
        unpack(framework, row.score),
        row.official,
        row.since,
        row.computed_at,
        row.lapse,
    )


def filled(row: TeamStanding, now: Current, moment: datetime) -> TeamStanding:
    """The row with the score of now; not saved."""
    score = pack(now.framework, to_json(now.score))
    official = now.score.overall.official
    if row.score is None or row.official != official:
        row.since = _lapsed_at(row, official, moment) or moment
    row.framework_version, row.framework_digest = str(now.framework.version), now.framework.digest
    row.assessment, row.score, row.official, row.computed_at = now.assessment, score, official, moment
    row.valid_until = next(iter(lapses(now.judged.position)), None)
    row.lapse = lapse_json(holds_until(now.judged))
    return row


def _lapsed_at(row: TeamStanding, official: int, moment: datetime) -> datetime | None:
    """When the level fell as was foreseen, though it is only seen now."""
    foreseen = row.lapse and datetime.fromisoformat(row.lapse["at"])
    return foreseen if foreseen and foreseen <= moment and row.lapse["level"] == official else None


def lapse_json(lapse: Lapse | None) -> dict[str, Any] | None:
    if lapse is None:
        return None
    return {"at": lapse.at.isoformat(), "level": lapse.level, "criteria": list(lapse.criteria)}


def _record_change(team: Team, now: Current, row: TeamStanding | None, by, recorded: bool) -> None:
    """Append to the trend where a level changed, and say why the official one did."""
    last = LevelRecord.objects.filter(team=team, framework=now.framework.key).last()
    score = to_json(now.score)
    before, after = levels_of(last.score) if last else {}, levels_of(score)
    step = cell(now.framework, score, "official").step
    if before == after and last and last.step == step:
        return
    because = [message.to_json() for message in changes(now, last.score if last else None)]
    LevelRecord.objects.create(team=team, framework=now.framework.key, score=score, because=because, step=step)
    if before != after and not recorded:
        record(
            action="levels.change",
            by=by,
            subject=("team", team.slug, team.name),
            before=before,
            after=after,
            params={"framework": now.framework.key},
            team=team,
        )


def changes(now: Current, stored: Mapping[str, Any] | None) -> list[Message]:
    """What became of the official levels since a stored score: a sentence for each dimension that moved.

    Of a checklist, one sentence where fewer criteria are met.
    """
    if now.framework.is_checklist:
        return _fewer(now, (stored or {}).get("official", {}))
    said = []
    for key, part in now.score.dimensions.items():
        before = level(stored, "official", key)
        if before is None or before == part.official:
            continue
        params: dict[str, Any] = {"before": before, "after": part.official}
        if part.official < before:
            lost = [c for c in part.official_blocking if stored.get("official", {}).get(c) == "met"]
            named = (lost or list(part.official_blocking))[:REASONS]
            params["reasons"] = [reason(now.judged, criterion, "official") for criterion in named]
        change = Message(f"maturity.change.{'fell' if 'reasons' in params else 'rose'}", params)
        title = dimension_title(now.framework, key)
        said.append(Message("maturity.change.dimension", {"dimension": title, "change": change}))
    return said


def _fewer(now: Current, earlier: Mapping[str, str]) -> list[Message]:
    required = [c.id for c in now.framework.criteria if c.required]
    before, after = (sum(standing.get(key) == "met" for key in required) for standing in (earlier, now.score.official))
    lost = [key for key in required if earlier.get(key) == "met" and now.score.official[key] != "met"]
    if not lost or after >= before:
        return []
    why = [reason(now.judged, key, "official") for key in lost[:REASONS]]
    return [Message("maturity.change.fewer", {"before": before, "after": after, "reasons": why})]
