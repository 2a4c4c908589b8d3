"""Sentences of judging what is live."""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        "finding.not_passing": gettext_noop(
            "%(model)s %(number)s stands in %(environment)s and would not pass today's policies."
        )
    }
)
