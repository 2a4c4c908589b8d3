"""Writing to the ledger: every change records its event in its own transaction."""

from __future__ import annotations

import functools
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Field
from django.utils import timezone

from portal.accounts.models import Team
from portal.accounts.permissions import require
from portal.ledger.canonical import canonical_json, leaf_hash, text_hash
from portal.ledger.models import Event, EventText
from portal.web.errors import Conflict, unwritable

FORM = "sekisho.event/1"


def record(
    *,
    action: str,
    by,
    subject: tuple[str, Any, str],
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    team=None,
) -> Event:
    """Record an event; the caller holds the transaction of the change.

    Its number comes with the worker's next tick: a writer that took one would hold all others up until its commit.

    Parameters
    ----------
    action : str
        A code registered in `portal.ledger.words`, such as ``"promotion.approve"``.
    by : User or None
        Who acts; None is the system itself. Only the pseudonym is written.
    subject : (kind, id, label)
        What is acted on. The label must not be a person's name.
    before, after : mapping
        What changed: strings, whole numbers, lists and maps.
    texts : mapping
        Free texts, which stand beside the log with a salted hash in it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{action} was recorded outside the transaction of its change")
    kind, identifier, label = subject
    at = timezone.now()
    texts = {name: text for name, text in (texts or {}).items() if text}
    salts = {name: secrets.token_hex(16) for name in texts}
    key = uuid.uuid4()
    entry = canonical_json(
        {
            "form": FORM,
            "id": str(key),
            "at": at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "actor": str(by.pseudonym) if by else None,
            "action": action,
            "subject": {"type": kind, "id": str(identifier), "label": label},
            "before": dict(before or {}),
            "after": dict(after or {}),
            "params": dict(params or {}),
            "texts": {name: text_hash(salts[name], text) for name, text in texts.items()},
        }
    )
    event = Event(
        uuid=key,
        at=at,
        actor=by.pseudonym if by else None,
        action=action,
        subject_type=kind,
        subject_id=str(identifier),
        subject_label=label[:300],
        team_id=team.pk if team else None,
        body=entry.decode(),
        leaf_hash=leaf_hash(entry),
    )
    try:
        _insert(event)
        if texts:
            EventText.objects.bulk_create(
                EventText(event=event, name=name, salt=salts[name], text=text) for name, text in texts.items()
            )
    except DatabaseError as error:  # no record, no action: the change goes with it
        raise unwritable(error) or error from error
    return event


def _insert(event: Event) -> None:
    """What `event.save()` does, with the SQL made once: every change waits for it, and `save` makes it anew each time.

    As with `save`, a transaction in which it failed can only be rolled back, whoever swallows the error.
    """
    fields = _written_fields()
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in fields]
    with transaction.mark_for_rollback_on_error(connection.alias), connection.cursor() as cursor:
        cursor.execute(_insert_sql(), values)
        (event.pk,) = cursor.fetchone()
    event._state.adding, event._state.db = False, connection.alias


def _written_fields() -> list[Field]:
    return [field for field in Event._meta.local_concrete_fields if not field.primary_key]


@functools.cache
def _insert_sql() -> str:
    columns = [f'"{field.column}"' for field in _written_fields()]
    table = Event._meta.db_table
    return f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({", ".join(["%s"] * len(columns))}) RETURNING id'


@transaction.atomic
def erase_text(*, event_text: EventText, by) -> None:
    """Blank a free text and its salt: the hash stays in the log, which is whole as before and tells nothing."""
    require(by, "records.erase")
    if not EventText.objects.filter(pk=event_text.pk).exclude(salt="").update(salt="", text=""):
        raise Conflict("ledger.text_erased")
    event = event_text.event
    record(
        action="ledger.erase_text",
        by=by,
        subject=("event", event.uuid, str(event.seq or event.uuid)),
        params={"text": event_text.name},
        team=Team.objects.filter(pk=event.team_id).first(),
    )
