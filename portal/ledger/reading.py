"""Events made readable: names for pseudonyms, words for codes, before → after."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, gettext

from portal.accounts.models import User
from portal.ledger.models import Event
from portal.ledger.words import (
    action_text,
    field_text,
    label_text,
    link_of,
    names_of_field,
    part_text,
    subject_text,
    value_text,
)
from portal.web.names import read_once, title_of
from portal.web.say import localised, say

SYSTEM = "Sekisho"
# Fields that hold a pseudonym
PEOPLE = ("user", "approver", "owner", "proposed_by", "deputy", "member", "acting_for")


@dataclass(frozen=True)
class Change:
    """One field of a record: what it was, and what it became."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ReadEvent:
    """An event as a page shows it."""

    event: Event
    who: str
    action: str
    kind: str
    subject: str
    url: str
    changes: list[Change] = field(default_factory=list)
    params: list[Change] = field(default_factory=list)


@read_once()
def read(events: Iterable[Event]) -> list[ReadEvent]:
    """Make events readable, with one query for all the people in them, and one for each kind of titles."""
    events = list(events)
    contents = [event.content for event in events]
    names = names_of(_pseudonyms(events, contents))
    return [_read(event, content, names) for event, content in zip(events, contents, strict=True)]


def names_of(pseudonyms: Iterable[Any]) -> dict[str, str]:
    """Pseudonym → name, for those who still have one."""
    people = User.objects.filter(pseudonym__in=set(pseudonyms)).only("pseudonym", "name", "email")
    return {str(person.pseudonym): str(person) for person in people}


def name_of(pseudonym: Any, names: Mapping[str, str]) -> str:
    """A person's name, the system's, or what is left of a pseudonym whose person was erased."""
    if pseudonym is None:
        return SYSTEM
    return names.get(str(pseudonym)) or gettext("Person %(code)s") % {"code": str(pseudonym)[:8]}


def _pseudonyms(events: list[Event], contents: list[dict[str, Any]]) -> set[uuid.UUID]:
    found = {event.actor for event in events if event.actor}
    for content in contents:
        if content["subject"]["type"] == "user":
            found |= _uuids(content["subject"]["id"])
        for part in ("before", "after", "params"):
            for name in PEOPLE:
                found |= _uuids(content[part].get(name))
    return found


def _uuids(value: Any) -> set[uuid.UUID]:
    try:
        return {uuid.UUID(value)}
    except (ValueError, TypeError, AttributeError):
        return set()


def _read(event: Event, content: dict[str, Any], names: Mapping[str, str]) -> ReadEvent:
    before, after = content["before"], content["after"]
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key) or key not in before]
    person = event.subject_type == "user"
    return ReadEvent(
        event=event,
        who=name_of(event.actor, names),
        action=gettext(action_text(event.action)),
        kind=gettext(subject_text(event.subject_type)),
        subject=name_of(event.subject_id, names) if person else label_text(event.subject_type, event.subject_label),
        url=link_of(event.subject_type, event.subject_id),
        changes=[
            Change(_label(key), _shown(key, before.get(key), names), _shown(key, after.get(key), names))
            for key in sorted(keys)
        ],
        params=[Change(_label(key), "", _shown(key, value, names)) for key, value in sorted(content["params"].items())],
    )


def _label(key: str) -> str:
    if words := part_text(key):
        field, part = words
        return gettext("%(field)s, %(part)s") % {"field": gettext(field), "part": part}
    return gettext(field_text(key))


def _shown(key: str, value: Any, names: Mapping[str, str]) -> str:
    if value is None or value == [] or value == {} or value == "":
        return "–"
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, Mapping) and "code" in value:
        return say(value)
    joiner, colon = ("、", "：") if (get_language() or "").startswith("ja") else (", ", ": ")
    if isinstance(value, Mapping):
        return joiner.join(
            f"{_word(key, part)}{colon}{_shown(key, item, names)}" for part, item in sorted(value.items())
        )
    if isinstance(value, list):
        return joiner.join(_shown(key, item, names) for item in value)
    if key in PEOPLE:
        return name_of(value, names)
    if key == "text":
        return gettext(field_text(value))
    return _word(key, str(value))


def _word(key: str, value: str) -> str:
    word = value_text(key, value)
    return gettext(word) if word else localised(title_of(names_of_field(key), value))
