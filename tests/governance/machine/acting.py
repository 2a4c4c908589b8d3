"""The ground of the machine: a world of its own for each run, and attempts that succeed or change nothing."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from governance.models import Promotion
from portal.ledger.models import Event
from portal.web.errors import DomainError
from tests.governance.machine.watching import Watching, everything
from tests.governance.machine.world import World

BEGIN = datetime(2026, 11, 23, 3, tzinfo=UTC)  # a Monday at noon in Tokyo


class Acting(Watching, RuleBasedStateMachine):
    """What all rules stand on. The world is put back when a run of the machine ends."""

    def __init__(self, world: World, clock) -> None:
        super().__init__()
        self.watch(world, clock)
        self.scene = transaction.atomic()
        self.scene.__enter__()
        clock.move_to(BEGIN)
        self.looked_at: tuple[int | None, int] = (None, 0)

    # -- attempts ----------------------------------------------------------------------------------------------

    def attempt(self, act, *, allowed: bool | None = None, tells: str = "") -> Any:
        """Act: either it is done and told once, or it is refused with a sentence and nothing has changed."""
        before, told = everything(), Event.objects.filter(action=tells).count()
        found, refused = None, None
        try:
            found = act()
        except DomainError as error:
            refused = error
        if refused:
            assert everything() == before, f"refused with {refused}, and yet something changed"
            assert allowed is not True, f"refused with {refused}"
            return None
        assert allowed is not False, "this was not to be done"
        if tells:
            assert Event.objects.filter(action=tells).count() == told + 1, f"{tells} was not told once"
        self.note()
        return found if found is not None else True

    def pick(self, number: int, *states: str) -> Promotion | None:
        """One of the promotions, of those in such states if there are any."""
        rows = list(Promotion.objects.order_by("-pk").values_list("pk", "state"))
        fitting = [pk for pk, state in rows if state in states] or [pk for pk, _state in rows]
        return self.world.promotion(fitting[number % len(fitting)]) if fitting else None

    # -- what must always hold ---------------------------------------------------------------------------------

    @invariant()
    def nothing_was_caught(self) -> None:
        self.check_moves()

    @invariant()
    def the_history_adds_up(self) -> None:
        """Looked at where something was recorded, or set."""
        newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first(), len(self.server.log)
        if newest != self.looked_at:
            self.looked_at = newest
            self.check_history()

    # -- the end -----------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.bring_to_an_end()
        finally:
            transaction.set_rollback(True)
            self.scene.__exit__(None, None, None)
