"""The short anonymous question to members: opening, answering, closing.

What a member says is kept without the person and without the moment. Each answer stirs all answers
of the pulse into a new random order, so that not even the order of the rows tells whose is whose.
The ledger records that somebody answered, never who or what.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from contextlib import suppress

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments import catalogue
from assessments.framework import Framework
from assessments.locking import lock_row, lock_team
from assessments.models import Pulse, PulseAnswer, PulseInvitation
from portal.accounts.models import Team, TeamRole, User
from portal.accounts.permissions import require
from portal.ledger.actions import record
from portal.web.errors import Conflict, Forbidden, Invalid, Missing

LONGEST = dt.timedelta(days=60)
PAUSE = dt.timedelta(days=28)  # two pulses in a row would tell what the one said who came between
STEPS = (1, 2, 3, 4, 5)


def open_pulse(*, team: Team, framework: Framework, closes_on: dt.date, by: User) -> Pulse:
    """Ask all members who manage nothing; it must be possible that enough of them answer."""
    require(by, "pulse.open", team)
    if not any(criterion.pulse for criterion in framework.criteria):
        raise Invalid("pulse.no_sentences")
    today = timezone.localdate()
    if not today < closes_on <= today + LONGEST:
        raise Invalid("pulse.closes_on", days=LONGEST.days)
    try:
        with transaction.atomic():
            lock_team(team.pk)
            _check_pause(team, framework, today)
            asked = list(team.memberships.filter(role=TeamRole.MEMBER, user__is_active=True).values_list("user"))
            if len(asked) < settings.PULSE_MINIMUM:
                raise Invalid("pulse.too_few", members=len(asked), least=settings.PULSE_MINIMUM)
            catalogue.keep(framework)
            pulse = Pulse.objects.create(
                team=team,
                framework=framework.key,
                framework_digest=framework.digest,
                opened_by=by,
                closes_on=closes_on,
            )
            PulseInvitation.objects.bulk_create(PulseInvitation(pulse=pulse, person_id=person) for (person,) in asked)
            record(
                action="pulse.open",
                by=by,
                subject=_subject(pulse),
                after={"framework": framework.key, "closes_on": closes_on.isoformat(), "invited": len(asked)},
                team=team,
            )
    except IntegrityError:
        raise Conflict("pulse.running") from None
    return pulse


def answer_pulse(*, pulse: Pulse, agreements: Mapping[str, int], by: User) -> None:
    """Answer once. What is left out is not counted; nothing can be changed, since nobody knows whose it is.

    Parameters
    ----------
    agreements : mapping of criterion id to 1 (disagree strongly) … 5 (agree strongly)
    """
    require(by, "pulse.answer", pulse)
    sentences = {c.id for c in catalogue.by_digest(pulse.framework_digest).criteria if c.pulse}
    if not agreements:
        raise Invalid("pulse.empty")
    if not sentences.issuperset(agreements) or not set(agreements.values()) <= set(STEPS):
        raise Invalid("pulse.agreement")
    with transaction.atomic():
        locked = _lock_open(pulse)
        if locked.closes_on < timezone.localdate():
            raise Conflict("pulse.closed")
        asked = locked.invitations.select_for_update().filter(person=by).first()
        if asked is None:
            raise Forbidden("pulse.not_asked")
        if asked.answered:
            raise Conflict("pulse.answered")
        asked.answered = True
        asked.save(update_fields=["answered"])
        _stir_in(locked, agreements)
        record(action="pulse.answer", by=None, subject=_subject(locked), team=locked.team)
        if not locked.invitations.filter(answered=False).exists():
            _close(locked, by=None)


def close_pulse(*, pulse: Pulse, by: User | None) -> None:
    """End it, and only then show what was said; by a manager, or by the duty once its day is over."""
    if by is not None:
        require(by, "pulse.open", pulse)
    with transaction.atomic():
        _close(_lock_open(pulse), by=by)


def close_what_is_over() -> int:
    """The duty of every hour; how many pulses it closed."""
    closed = 0
    for pulse in Pulse.objects.filter(closed_at=None, closes_on__lt=timezone.localdate()).order_by("pk"):
        with suppress(Conflict, Missing):  # somebody was faster
            close_pulse(pulse=pulse, by=None)
            closed += 1
    return closed


def _close(pulse: Pulse, *, by: User | None) -> None:
    answered = pulse.invitations.filter(answered=True).count()
    pulse.closed_at = timezone.now()
    pulse.save(update_fields=["closed_at"])
    if answered < settings.PULSE_MINIMUM:
        pulse.answers.all().delete()  # they can never be shown, so they are not kept
    record(action="pulse.close", by=by, subject=_subject(pulse), after={"answered_members": answered}, team=pulse.team)


def _stir_in(pulse: Pulse, agreements: Mapping[str, int]) -> None:
    """Write all answers of the pulse anew in random order, the new ones among them."""
    said = [*pulse.answers.values_list("criterion", "agreement"), *agreements.items()]
    secrets.SystemRandom().shuffle(said)
    pulse.answers.all().delete()
    PulseAnswer.objects.bulk_create(
        PulseAnswer(pulse=pulse, criterion=criterion, agreement=agreement) for criterion, agreement in said
    )


def _check_pause(team: Team, framework: Framework, today: dt.date) -> None:
    last = Pulse.objects.filter(team=team, framework=framework.key, closed_at__isnull=False).order_by("-closed_at")
    closed = last.values_list("closed_at", flat=True).first()
    free = timezone.localdate(closed) + PAUSE if closed else today
    if today < free:
        raise Conflict("pulse.too_soon", days=PAUSE.days, on=free.isoformat())


def _lock_open(pulse: Pulse) -> Pulse:
    locked = lock_row(Pulse.objects.select_related("team"), pulse.pk)
    if locked.closed_at is not None:
        raise Conflict("pulse.closed")
    return locked


def _subject(pulse: Pulse) -> tuple[str, int, str]:
    return "pulse", pulse.pk, f"{pulse.team.name} · {pulse.framework}"
