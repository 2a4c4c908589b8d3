"""What leaves the portal as tables: compare, portfolio, campaign, one team's criteria. The figures are the pages'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from assessments import comparison, explanation, wording
from assessments.campaigns import Progress
from assessments.exports import Column, Table
from assessments.framework import Framework
from assessments.levels import Current
from assessments.models import Campaign
from assessments.portfolio import Part, Portfolio
from assessments.standing import KINDS
from assessments.tasklist import MARKS
from assessments.team_list import Row, TeamList
from portal.accounts.models import Team
from portal.web.say import say


def about(framework: Framework, **more: Any) -> dict[str, Any]:
    """What a table was made of: enough to make it again."""
    return {
        "framework": framework.key,
        "version": framework.version,
        "digest": framework.digest,
        "as_of": timezone.now().isoformat(timespec="seconds"),
        **more,
    }


def compare(shown: TeamList) -> Table:
    """All teams that match what the address asks for, on whatever page they are."""
    framework, kind = shown.framework, shown.kind
    parts = [("", _("Overall"))] + [(part.key, wording.text(part.title)) for part in framework.dimensions]
    columns = [
        Column("team", _("Team")),
        Column("unit", _("Unit")),
        *(column for key, words in parts for column in figure_columns(framework, key or "overall", words)),
        Column("held_by", _("What holds it back")),
        Column("since", _("Official level since")),
    ]
    rows = []
    for row in shown.matching:
        cells = [comparison.cell(framework, row.standing.score, kind, key) for key, _words in parts]
        figures = [value for cell in cells for value in figures_of(framework, cell)]
        rows.append([row.team.name, row.team.unit.name, *figures, held(framework, row, kind), _day(row)])
    return Table(f"compare-{framework.key}", about(framework, kind=kind), columns, rows)


def portfolio(shown: Portfolio) -> Table:
    """The units with their distribution and weakest link, and the whole in the last row."""
    framework = shown.framework
    columns = [
        Column("unit", _("Unit")),
        Column("teams", _("Teams")),
        *(Column(f"step.{step}", _step(framework, step)) for step in comparison.steps(framework)),
        Column("unknown", _("not assessed")),
        Column("weakest.team", _("Weakest link: team")),
        Column("weakest.figure", _("Weakest link: met of required") if framework.is_checklist else _("Lowest level")),
        Column("weakest.criterion", _("Weakest link: criterion")),
    ]
    rows = [_unit_row(part) for part in (*shown.units, shown.whole)]
    spreads = [
        {"quarter": q.name, "end": q.end.isoformat(), "counts": list(q.spread.counts), "unknown": q.spread.unknown}
        for q in shown.quarters
    ]
    return Table(f"portfolio-{framework.key}", about(framework, kind="official", quarters=spreads), columns, rows)


def _unit_row(part: Part) -> list[Any]:
    weak = part.weakest
    names: list[Any] = ["", None, ""]
    if weak:
        low = weak.cell.figure if weak.cell.level is None else weak.cell.level
        names = [weak.team.name, low, wording.text(weak.criterion.title)]
    return [part.name or _("All units"), part.spread.total, *part.spread.counts, part.spread.unknown, *names]


def _step(framework: Framework, step: int) -> str:
    if not framework.is_checklist:
        return _("Teams on level %(level)s") % {"level": step}
    low, high = comparison.BANDS[step]
    return _("Teams that meet %(share)s") % {"share": f"{low}%" if low == high else f"{low}–{high}%"}


def figure_columns(framework: Framework, key: str, words: str) -> list[Column]:
    if framework.is_checklist:
        names: Sequence[tuple[str, Callable[[], str]]] = (
            ("met", lambda: _("met")),
            ("required", lambda: _("required")),
            ("unknown", lambda: _("unknown")),
        )
    else:
        names = (("level", lambda: _("level")), ("at_most", lambda: _("at most")))
    return [Column(f"{key}.{name}", f"{words}: {word()}") for name, word in names]


def figures_of(framework: Framework, cell: comparison.Cell) -> Iterable[int | None]:
    """The cell's figures; none where nothing is known, so that nobody reads a nought."""
    known = cell.step is not None
    if framework.is_checklist:
        return (cell.count.met if known else None, cell.count.required, cell.count.unknown)
    return (cell.level, cell.at_most if known else None)


def held(framework: Framework, row: Row, kind: comparison.Kind) -> str:
    if row.cell.step is None:
        return ""
    keys = [key for key in comparison.held_by(row.standing.score, kind) if key in framework.by_id]
    return wording.joined([wording.text(framework.by_id[key].title) for key in keys])


def _day(row: Row) -> str:
    return timezone.localtime(row.standing.since).date().isoformat() if row.standing.since else ""


def campaign(shown: Campaign, progress: Iterable[Progress]) -> Table:
    """How far each team of a campaign is."""
    columns = [
        Column("team", _("Team")),
        Column("unit", _("Unit")),
        Column("state", _("State")),
        Column("answered", _("Answered")),
        Column("asked", _("Asked")),
        Column("submitted", _("Submitted")),
        Column("signed", _("Signed")),
        Column("due", _("Due date")),
        Column("overdue", _("Overdue")),
    ]
    rows = [
        [
            row.team.name,
            row.team.unit.name,
            str(row.word),
            row.answered,
            row.asked,
            _date(row.assessment and row.assessment.submitted_at),
            _date(row.assessment and row.assessment.signed_at),
            shown.due.isoformat(),
            _("Yes") if row.overdue else _("No"),
        ]
        for row in progress
    ]
    about_it = {"campaign": shown.title, "framework": shown.framework, "due": shown.due.isoformat()}
    return Table(f"campaign-{shown.pk}", about_it, columns, rows)


def criteria(team: Team, now: Current, *, with_notes: bool) -> Table:
    """One team: how each criterion stands in the four senses, the answer, and what the evidence says.

    Notes are the team's own.
    """
    framework, score = now.framework, now.score
    columns = [
        Column("id", _("Criterion")),
        Column("title", _("Title")),
        Column("dimension", _("Dimension")),
        Column("theme", _("Theme")),
        *([] if framework.is_checklist else [Column("level", _("Level"))]),
        Column("required", _("Required")),
        *(Column(kind, words) for kind, words in kind_words()),
        Column("answer", _("Answer")),
        Column("why", _("Why not official")),
        Column("evidence", _("Evidence")),
        *([Column("note", _("Note"))] if with_notes else []),
    ]
    states = {"met": _("met"), "unmet": _("unmet"), "unknown": _("unknown")}
    rows = []
    for one in framework.criteria:
        claim = now.claims.get(one.id)
        official = score.official[one.id] == "met"
        rows.append(
            [
                one.id,
                wording.text(one.title),
                wording.text(framework.dimension(one.dimension).title),
                wording.text(framework.themes[one.theme]),
                *([] if framework.is_checklist else [one.level]),
                _("Yes") if one.required else _("No"),
                *(states[score.standing(kind)[one.id]] for kind in KINDS),
                str(MARKS[(claim.value if claim else None) or ""][1]),
                "" if official else say(explanation.clause(now.judged, one.id)),
                say(now.weighed[one.id].message),
                *([claim.reason if claim else ""] if with_notes else []),
            ]
        )
    levels = {"": score.overall, **score.dimensions}

    def figure(key: str, kind: comparison.Kind) -> Any:
        if not framework.is_checklist:
            return levels[key].level(kind)
        return dict(zip(("met", "required"), explanation.count(now.judged, kind, key), strict=True))

    figures = {key or "overall": {kind: figure(key, kind) for kind in KINDS} for key in levels}
    return Table(f"{team.slug}-{framework.key}", about(framework, team=team.name, levels=figures), columns, rows)


def kind_words() -> list[tuple[str, str]]:
    words = {"claimed": _("Claimed"), "evidenced": _("Evidenced"), "reviewed": _("Reviewed"), "official": _("Official")}
    return [(kind, words[kind]) for kind in KINDS]


def _date(moment) -> str:
    return timezone.localtime(moment).date().isoformat() if moment else ""
