"""Taking up steps of the roadmap, changing and moving them, and talking about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from assessments import texts_roadmap  # noqa: F401  (registers the messages)
from assessments.actions.inputs import cleaned_within, invalid
from assessments.framework import Framework
from assessments.locking import lock_row, lock_team
from assessments.models import ItemComment, ItemState, RoadmapItem
from portal.accounts.models import Team, User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Invalid

OPEN = (ItemState.PLANNED, ItemState.DOING)
TEXT_LIMIT = 4_000
FURTHEST = dt.timedelta(days=3 * 366)


def take_up(
    *,
    team: Team,
    framework: Framework,
    criteria: Iterable[str],
    by: User,
    owner: User | None = None,
    due: dt.date | None = None,
) -> list[RoadmapItem]:
    """Make items of steps of the plan, in their order.

    What is in work already, be it through another framework that shares the practice, is left as it is.
    """
    require(by, "roadmap.change", team)
    asked = list(dict.fromkeys(criteria))
    for key in asked:
        if key not in framework.by_id:
            raise Invalid("roadmap.no_criterion", id=key)
    if not asked:
        raise invalid("criterion", "roadmap.nothing_chosen")
    _check_owner(team, owner)
    _check_due(due)
    with transaction.atomic():
        team = lock_team(team.pk)
        taken = set(RoadmapItem.objects.filter(team=team, state__in=OPEN).values_list("practice", flat=True))
        place = RoadmapItem.objects.filter(team=team).aggregate(last=Max("place"))["last"] or 0
        made = []
        for criterion in (framework.by_id[key] for key in asked):
            if criterion.practice in taken:
                continue
            taken.add(criterion.practice)
            place += 1
            item = RoadmapItem.objects.create(
                team=team,
                framework=framework.key,
                criterion=criterion.id,
                practice=criterion.practice,
                owner=owner,
                due=due,
                place=place,
                created_by=by,
            )
            made.append(item)
            record_item(item, framework, "roadmap.take_up", by, after=_plain(item))
    return made


def change_item(
    *,
    item: RoadmapItem,
    framework: Framework,
    owner: User | None,
    due: dt.date | None,
    link: str,
    note: str,
    rev: int,
    by: User,
) -> RoadmapItem:
    """Set who does it, by when, where the work is, and a note."""
    require(by, "roadmap.change", item)
    note, link = _text(note, "note"), link.strip()
    _check_link(link)
    with transaction.atomic():
        item = _lock(item, rev)
        if owner != item.owner:
            _check_owner(item.team, owner)
        if due != item.due:
            _check_due(due)
        before, told = _plain(item), item.note
        item.owner, item.due, item.link, item.note = owner, due, link, note
        if (after := _plain(item)) == before and note == told:
            return item
        _save(item)
        texts = {"note": note} if note != told else {}
        record_item(item, framework, "roadmap.change", by, before=before, after=after, texts=texts)
    return item


def move_item(
    *, item: RoadmapItem, framework: Framework, state: str, rev: int, by: User, reason: str = ""
) -> RoadmapItem:
    """Bring an item into another state. What is dropped needs a reason, which becomes a comment."""
    require(by, "roadmap.change", item)
    if state not in ItemState.values:
        raise Invalid("roadmap.state")
    reason = _text(reason, "reason")
    if state == ItemState.DROPPED and not reason:
        raise invalid("reason", "roadmap.reason")
    with transaction.atomic():
        item = _lock(item, rev)
        if item.state == state:
            return item
        if state in OPEN and item.state not in OPEN:
            _check_free(item)
        before = _plain(item)
        closing = state not in OPEN
        item.state, item.closed_because = state, None
        item.closed_by, item.closed_at = (by, timezone.now()) if closing else (None, None)
        _save(item)
        if reason:
            ItemComment.objects.create(item=item, by=by, text=reason)
        record_item(
            item,
            framework,
            "roadmap.move",
            by,
            before={"item_state": before["item_state"]},
            after={"item_state": state},
            texts={"reason": reason},
        )
    return item


def comment_on(*, item: RoadmapItem, framework: Framework, text: str, by: User) -> ItemComment:
    """Say something about an item."""
    require(by, "roadmap.comment", item)
    text = _text(text, "text")
    if not text:
        raise invalid("text", "roadmap.comment_empty")
    with transaction.atomic():
        item = lock_row(RoadmapItem.objects.select_related("team"), item.pk)
        comment = ItemComment.objects.create(item=item, by=by, text=text)
        record_item(item, framework, "roadmap.comment", by, texts={"comment": text})
    return comment


def record_item(item: RoadmapItem, framework: Framework, action: str, by: User | None, **parts) -> None:
    """The event of a change to an item; the caller holds the transaction."""
    criterion = framework.by_id.get(item.criterion)
    label = f"{item.team.name} · {criterion.title.en if criterion else item.criterion}"
    params = {"framework": framework.key, "criterion": item.criterion} | parts.pop("params", {})
    record(action=action, by=by, subject=("roadmap-item", item.pk, label), params=params, team=item.team, **parts)


def _plain(item: RoadmapItem) -> dict[str, str | None]:
    return {
        "item_state": str(item.state),
        "owner": str(item.owner.pseudonym) if item.owner else None,
        "due": item.due.isoformat() if item.due else None,
        "link": item.link or None,
    }


def _lock(item: RoadmapItem, rev: int) -> RoadmapItem:
    lock_team(item.team_id)
    locked = lock_row(RoadmapItem.objects.select_related("team", "owner"), item.pk)
    if locked.rev != rev:
        raise Conflict("roadmap.conflict")
    return locked


def _save(item: RoadmapItem) -> None:
    item.rev += 1
    item.save()


def _check_free(item: RoadmapItem) -> None:
    others = RoadmapItem.objects.filter(team=item.team, practice=item.practice, state__in=OPEN)
    if others.exclude(pk=item.pk).exists():
        raise Conflict("roadmap.open_already")


def _check_owner(team: Team, owner: User | None) -> None:
    if owner and not (owner.is_active and team.memberships.filter(user=owner).exists()):
        raise invalid("owner", "roadmap.owner")


def _check_due(due: dt.date | None) -> None:
    today = timezone.localdate()
    if due and not today <= due <= today + FURTHEST:
        raise invalid("due", "roadmap.due")


def _check_link(link: str) -> None:
    if not link:
        return
    try:
        URLValidator(schemes=["https"])(link)
        good = len(link) <= 500 and not urlsplit(link).username
    except (ValidationError, ValueError):
        good = False
    if not good:
        raise invalid("link", "roadmap.link")


def _text(text: str, field: str) -> str:
    return cleaned_within(TEXT_LIMIT, text, field, "roadmap.long")
