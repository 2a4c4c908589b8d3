"""The way out for development where no sandbox works: the model runs as the worker itself.

It has to be asked for, and whoever keeps what came of it is told, so that it can be branded: nothing that was
made this way opens a gate.
"""

from __future__ import annotations

from contextvars import ContextVar

_allowed = False
_runs: ContextVar[list[str] | None] = ContextVar("unsandboxed_runs", default=None)


def allow(wanted: bool) -> None:
    """Allow runs without walls where no sandbox works, or forbid them; the application does so when it starts."""
    global _allowed
    _allowed = wanted


def allowed() -> bool:
    return _allowed


def note(program: str) -> None:
    """Tell whoever watches that a program is run without walls."""
    runs = _runs.get()
    if runs is not None:
        runs.append(program)


def watch() -> list[str]:
    """From now on the programs that this thread runs without walls are listed here, until it watches anew."""
    runs: list[str] = []
    _runs.set(runs)
    return runs
