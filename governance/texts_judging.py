"""Sentences of judging what is live."""

from __future__ import annotations

from portal.ledger.words import register_fields
from portal.message import gettext_noop, register

register(
    {
        "finding.not_passing": gettext_noop(
            "%(model)s %(number)s stands in %(environment)s and would not pass today's policies."
        )
    }
)
register_fields(
    {
        "found.pass": gettext_noop("Pass"),
        "found.fail": gettext_noop("Fail"),
        "found.inconclusive": gettext_noop("Undecided"),
        "found.not_evaluated": gettext_noop("Not evaluated"),
    }
)
