"""Moves: what was decided is carried out in MLflow, checked once more, read back, and recorded once.

MLflow has no compare-and-set, so the moves of a model's alias go one at a time, in the order in which the ledger
numbered their decisions. A move may stop anywhere and run again: what it finds done it records once. Each worker
that takes a move gets a number of its own, the fence: one that was stopped and woken later writes nothing any more.

`outbox` runs them, `checks` says whether and when, `copying` and `transferring` bring a version to where the
environment lies, `alias` sets, `ending` records; `stopping` says why one stops.
"""

from governance.moves.outbox import enqueue_move, run, watch

__all__ = ["enqueue_move", "run", "watch"]
