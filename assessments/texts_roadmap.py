"""Sentences of the way up, by code. Pure: no Django."""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        "maturity.step.prove": gettext_noop(
            "Level %(level)s requires it. The team says that it is done; evidence or a review is to show it."
        ),
        "maturity.step.instead": gettext_noop("It is enough in place of %(counts_as)s."),
        "maturity.way.top": gettext_noop("There is no level %(asked)s: the highest is %(top)s."),
        "maturity.way.lacking": gettext_noop("The target cannot be reached: nothing that can be done meets %(ids)s."),
    }
)
