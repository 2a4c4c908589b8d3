"""The table of changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance import lifecycle
from governance.models import PromotionState


def test_the_table_and_the_database_know_the_same_states():
    assert set(lifecycle.STATES) == set(PromotionState.values)


def test_every_state_is_reached_from_open():
    reached = {"open"}
    while True:
        more = {after for (before, _), after in lifecycle.CHANGES.items() if before in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(lifecycle.STATES)


@pytest.mark.parametrize("state", lifecycle.STATES)
@pytest.mark.parametrize("event", lifecycle.EVENTS)
def test_only_what_stands_in_the_table_may_happen(state, event):
    if (state, event) in lifecycle.CHANGES:
        assert lifecycle.check(state, event) == lifecycle.CHANGES[state, event]
        assert lifecycle.can(state, event)
    else:
        assert not lifecycle.can(state, event)
        with pytest.raises(lifecycle.IllegalChange) as caught:
            lifecycle.check(state, event)
        assert "%(" not in str(caught.value.message)


def test_nothing_leaves_a_closed_state():
    assert set(lifecycle.CLOSED) == {"done", "refused", "withdrawn", "overtaken"}


def test_only_the_approved_is_put_in_place():
    assert [before for (before, _), after in lifecycle.CHANGES.items() if after == "done"] == ["approved"]


def test_the_diagram_holds_every_change():
    diagram = lifecycle.mermaid()
    for (before, event), after in lifecycle.CHANGES.items():
        assert f"{before} --> {after}: {event}\n" in diagram


def test_the_documentation_shows_this_very_diagram():
    text = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
    shown = text.partition("<!-- lifecycle -->\n```mermaid\n")[2].partition("```\n<!-- /lifecycle -->")[0]
    assert shown == lifecycle.mermaid()
