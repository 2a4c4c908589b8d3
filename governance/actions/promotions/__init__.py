"""Every change of a promotion until its move: asking, computing, deciding, withdrawing."""

from governance.actions.promotions.computing import recompute
from governance.actions.promotions.deciding import approve, refuse, send_back
from governance.actions.promotions.ending import retry_move, withdraw
from governance.actions.promotions.requesting import request, resubmit
from governance.actions.promotions.writing import advance, locked

__all__ = [
    "advance",
    "approve",
    "locked",
    "recompute",
    "refuse",
    "request",
    "resubmit",
    "retry_move",
    "send_back",
    "withdraw",
]
