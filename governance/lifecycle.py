"""The states of a promotion and every change between them that is legal.

Pure: no Django. The diagram of the documentation is made from the table, so that the two cannot differ.
"""

from __future__ import annotations

from portal.message import Message, gettext_noop, register

# (state, event) → state
CHANGES: dict[tuple[str, str], str] = {
    ("open", "agree"): "open",  # one approval of several
    ("open", "approve"): "approved",  # the last approval: the move waits in the outbox
    ("open", "automatic"): "approved",  # the policy asks for no person
    ("open", "break_glass"): "approved",  # two people, past the gates
    ("open", "send_back"): "sent_back",
    ("open", "refuse"): "refused",
    ("open", "withdraw"): "withdrawn",
    ("sent_back", "resubmit"): "open",
    ("sent_back", "withdraw"): "withdrawn",
    ("approved", "place"): "done",  # the alias was set and read back
    ("approved", "lapse"): "open",  # what the approval binds changed before the move
    ("approved", "fail"): "failed",  # the move was given up
    ("approved", "overtake"): "overtaken",  # a later decision was carried out first
    ("failed", "retry"): "approved",
    ("failed", "withdraw"): "withdrawn",
}
STATES = tuple(dict.fromkeys([state for state, _ in CHANGES] + list(CHANGES.values())))
EVENTS = tuple(dict.fromkeys(event for _, event in CHANGES))
CLOSED = tuple(state for state in STATES if not any(before == state for before, _ in CHANGES))

register(
    {
        "promotion.illegal": gettext_noop("This cannot be done to a promotion that is %(state)s."),
        "promotion.state.open": gettext_noop("open"),
        "promotion.state.approved": gettext_noop("approved and being moved"),
        "promotion.state.done": gettext_noop("already in place"),
        "promotion.state.sent_back": gettext_noop("sent back"),
        "promotion.state.refused": gettext_noop("refused"),
        "promotion.state.withdrawn": gettext_noop("withdrawn"),
        "promotion.state.failed": gettext_noop("approved, but not moved"),
        "promotion.state.overtaken": gettext_noop("overtaken by a later one"),
    }
)


class IllegalChange(ValueError):
    """The change is not in the table; ``message`` says so to a person."""

    def __init__(self, state: str, event: str):
        self.message = Message("promotion.illegal", {"state": Message(f"promotion.state.{state}")})
        super().__init__(f"{event} of a promotion that is {state}")


def can(state: str, event: str) -> bool:
    """Whether the event may happen in the state."""
    return (state, event) in CHANGES


def check(state: str, event: str) -> str:
    """The state that follows; raises `IllegalChange` where none does."""
    if not can(state, event):
        raise IllegalChange(state, event)
    return CHANGES[state, event]


def mermaid() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {STATES[0]}: request"]
    lines += [f"    {before} --> {after}: {event}" for (before, event), after in CHANGES.items()]
    lines += [f"    {state} --> [*]" for state in CLOSED]
    return "\n".join(lines) + "\n"
