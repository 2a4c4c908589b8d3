"""While moves are held: they wait, nobody is called for them, and their hour does not run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import moves
from governance.models import Move
from governance.moves import outbox
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from portal.ledger.hold import release_hold
from portal.ledger.restored import begin_epoch
from portal.ledger.signing import checkpoint_now
from tests.governance.promotions_made import approved

pytestmark = pytest.mark.django_db


@pytest.fixture
def touched(monkeypatch):
    """Whoever would reach the registry is noted."""
    asked = []
    monkeypatch.setattr(outbox, "connect", lambda registry: asked.append(registry) or _refuse())
    return asked


def _refuse():
    from governance.registry import RegistryError
    from portal.message import Message

    raise RegistryError(Message("registry.unreachable", {"address": "x"}))


def attempt() -> Move:
    job = Job.objects.filter(kind="move.run").latest("id")
    Job.objects.filter(pk=job.pk).update(not_before=None)
    run_job(job.pk)
    return Move.objects.get()


@pytest.mark.parametrize("state", ["waiting", "moving"])
def test_a_held_move_stays_where_it_is(cast, touched, state):
    promotion = approved(cast)
    checkpoint_now()
    begin_epoch(by=cast.admin, made="2026-11-02", manifest="0" * 64, size=3, last_seen=None)
    Move.objects.update(state=state, created_at=timezone.now() - timedelta(days=2))
    move = attempt()
    assert (move.state, move.error["code"], touched) == (state, "hold.waits", [])
    assert moves.watch() == 0
    assert not Job.objects.active().filter(kind="move.run").exists()
    promotion.refresh_from_db()
    assert promotion.state == "approved"

    cast.reviewer.is_administrator = True
    cast.reviewer.save()
    release_hold(reason="Compared with MLflow.", by=cast.reviewer)
    assert moves.watch() == 1
    move = attempt()
    assert len(touched) == 1
    # Two days old, and the registry is away: without the hold it would have been given up.
    assert (move.state, move.error["code"]) == (state, "move.retry")
