"""What pipelines tell of a version: recorded, never changed, and computed into open promotions at once."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.actions.promotions import recompute
from governance.models import EvidenceLabel, Fact, ModelVersion, Promotion, digest_of
from governance.supplied import SKEW
from governance.verdicts import outdate
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.ledger.models import Event
from portal.message import Message
from portal.web.errors import Conflict, Invalid

KEY = re.compile(r"[a-z][a-z0-9_.-]{0,79}")  # as policies name facts
LONGEST_TEXT, LONGEST_UNIT = 500, 40
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # no time zone or database is at the end of its calendar there
LARGEST = 2**53  # a whole number that every program reads alike
Value = bool | int | float | str


def push_fact(
    *, version: ModelVersion, key: str, value: Value, unit: str = "", at: datetime | None = None, token: str = "", by
) -> tuple[Fact, bool]:
    """Keep what a pipeline says of a version. It is declared: nothing of it is recomputed.

    Parameters
    ----------
    at : datetime or None
        When it was observed; now, if nothing is said.
    token : str
        The name of the token that it came with.

    Returns
    -------
    (Fact, bool)
        And whether it is new: the same fact sent again is the same fact.

    Raises
    ------
    Invalid
        For a key, value or time that cannot be.
    Conflict
        For one that is older than what is known, so that nobody brings a better past back.
    """
    require(by, "fact.push", version)
    now = timezone.now()
    at = at or now
    _check(key, value, unit, at, now)
    if version.deleted_at or version.model.deleted_at:
        raise Conflict("promotion.gone")
    with transaction.atomic():
        ModelVersion.objects.select_for_update().get(pk=version.pk)  # two at one moment come in order
        newest = Fact.objects.filter(version=version, key=key).first()
        if newest and at <= newest.at:
            if _same(newest, value, unit, at):
                return newest, False
            raise Conflict("fact.older", key=key, at=_said(newest.at))
        digest = digest_of({"key": key, "value": value, "unit": unit, "at": at.isoformat()})
        event = _keep_record(version, key, value, unit, at, newest, digest, token, by)
        fact = Fact.objects.create(
            version=version,
            key=key,
            value=value,
            unit=unit,
            at=at,
            pushed_at=now,
            label=EvidenceLabel.DECLARED,
            by=by,
            token_name=token,
            digest=digest,
            event=event.uuid,
        )
        outdate(version=version)
        for promotion in Promotion.objects.waiting().filter(version=version):
            recompute(promotion=promotion)
    return fact, True


def _same(fact: Fact, value: Value, unit: str, at: datetime) -> bool:
    return (type(fact.value), fact.value, fact.unit, fact.at) == (type(value), value, unit, at)


def _check(key: str, value: Any, unit: str, at: datetime, now: datetime) -> None:
    wrong: dict[str, Message] = {}
    if not KEY.fullmatch(key):
        wrong["key"] = Message("fact.key")
    if not _is_scalar(value):
        wrong["value"] = Message("fact.value", {"longest": LONGEST_TEXT})
    if len(unit) > LONGEST_UNIT:
        wrong["unit"] = Message("fact.unit", {"longest": LONGEST_UNIT})
    if at > now + SKEW:
        wrong["at"] = Message("fact.future", {"at": _said(at), "now": _said(now)})
    if at < EARLIEST:
        wrong["at"] = Message("fact.past", {"at": _said(at)})
    if wrong:
        raise Invalid(next(iter(wrong.values())), wrong)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, bool):
        return True
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_TEXT and not re.search("[\x00\ud800-\udfff]", value)
    if isinstance(value, int):
        return abs(value) <= LARGEST
    return isinstance(value, float) and math.isfinite(value)


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _keep_record(
    version: ModelVersion, key: str, value: Value, unit: str, at: datetime, newest: Fact | None, digest: str, token, by
) -> Event:
    """Figures as strings: the ledger holds no floats. Texts stand beside it, and so does the token's name."""
    texts = {"fact_value": value} if isinstance(value, str) else {}
    return record(
        action="fact.push",
        by=by,
        subject=("version", version.pk, str(version)),
        before=_written(newest.value) if newest else {},
        after=_written(value) | {"digest": digest, "label": str(EvidenceLabel.DECLARED)},
        params={"fact_key": key, "fact_unit": unit, "observed_at": at.isoformat()},
        texts=texts | {"token_name": token},
        team=version.team,
    )


def _written(value: Value) -> dict[str, str]:
    if isinstance(value, str):
        return {}
    return {"fact_value": str(value).lower() if isinstance(value, bool) else str(value)}
