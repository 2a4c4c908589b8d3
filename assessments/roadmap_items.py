"""What a team has taken on, kept in step with what is shown to be done."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from assessments import evidence_rules
from assessments.actions.roadmap import OPEN, record_item
from assessments.framework import Framework
from assessments.levels import fact_of
from assessments.models import Evidence, ItemState, RoadmapItem
from assessments.scoring import Score
from portal.accounts.models import Team
from portal.message import Message


def follow(team: Team, framework: Framework, score: Score, by=None) -> list[RoadmapItem]:
    """Close the items that are now shown to be done, and take up anew those that no longer are.

    An item closes when its criterion is officially met: by fresh evidence or a current review, and
    denied by nothing. A closed item stays as it was. When what closed it is lost (it lapsed, or
    evidence denies it now), a new item says so, with the same owner and no date; what a person
    closed by hand is left alone. The caller holds the transaction.

    Returns
    -------
    list of RoadmapItem
        Those closed or opened.
    """
    rows = list(RoadmapItem.objects.filter(team=team).select_related("team", "owner").order_by("pk"))
    items = [item for item in rows if item.framework == framework.key and item.criterion in framework.by_id]
    if not items:
        return []
    met = {key for key, state in score.standing("official").items() if state == "met"}
    closing = [item for item in items if item.state in OPEN and item.criterion in met]
    newest = {item.practice: item for item in items}
    in_work = {item.practice for item in rows if item.state in OPEN}  # perhaps through another framework
    lost = [
        item
        for item in newest.values()
        if _was_shown(item) and item.criterion not in met and item.practice not in in_work
    ]
    if closing:
        facts = _facts(team)
        for item in closing:
            _close(item, framework, _what_shows(framework, item.criterion, facts, score), by)
    return closing + [_open_again(item, framework, by) for item in lost]


def _was_shown(item: RoadmapItem) -> bool:
    """Whether evidence or a review closed it, not a person."""
    return item.state == ItemState.DONE and bool(item.closed_because)


def _facts(team: Team) -> list[evidence_rules.Fact]:
    return [fact_of(row) for row in Evidence.objects.filter(team=team)]


def _what_shows(framework: Framework, criterion: str, facts: Iterable[evidence_rules.Fact], score: Score) -> Message:
    """What shows that a criterion is met: the facts, else the review."""
    asked, now = framework.by_id[criterion], timezone.now()
    for key in (asked.id, *asked.any_of):
        weighed = evidence_rules.weigh(framework.by_id[key], facts, now)
        if weighed.verdict == "supports" and score.standing("evidenced")[key] == "met":
            return Message("roadmap.closed.evidence", {"facts": [fact.message() for fact in weighed.because]})
    return Message("roadmap.closed.review")


def _close(item: RoadmapItem, framework: Framework, because: Message, by) -> None:
    before = {"item_state": str(item.state)}
    item.state, item.closed_at, item.closed_because = ItemState.DONE, timezone.now(), because.to_json()
    item.rev += 1
    item.save()
    record_item(
        item,
        framework,
        "roadmap.shown",
        by,
        before=before,
        after={"item_state": str(item.state)},
        params={"shown_by": because.code.rpartition(".")[-1]},
    )


def _open_again(item: RoadmapItem, framework: Framework, by) -> RoadmapItem:
    again = RoadmapItem.objects.create(
        team=item.team,
        framework=item.framework,
        criterion=item.criterion,
        practice=item.practice,
        owner=item.owner if item.owner and item.owner.is_active else None,
        place=item.place,
        opened_because=Message("roadmap.lost", {"on": item.closed_at.date().isoformat()}).to_json(),
    )
    record_item(again, framework, "roadmap.lost", by, after={"item_state": str(again.state)}, params={"item": item.pk})
    return again
