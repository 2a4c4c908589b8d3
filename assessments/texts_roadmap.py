"""Sentences of the way up, by code. Pure: no Django."""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        "maturity.step.prove": gettext_noop(
            "Level %(level)s requires it. The team says that it is done; evidence or a review is to show it."
        ),
        "maturity.step.denied": gettext_noop(
            "Level %(level)s requires it. The team says that it is done, and evidence or a review denies it."
        ),
        "maturity.step.denied-list": gettext_noop(
            "It is required. The team says that it is done, and evidence or a review denies it."
        ),
        "maturity.step.unmet-list": gettext_noop("It is required, and it is not met."),
        "maturity.step.unknown-list": gettext_noop("It is required, and nobody has answered it yet."),
        "maturity.step.prove-list": gettext_noop(
            "It is required. The team says that it is done; evidence or a review is to show it."
        ),
        "maturity.step.instead": gettext_noop("It is enough in place of %(counts_as)s."),
        # items
        "roadmap.closed.evidence": gettext_noop("Closed by evidence: %(facts)s"),
        "roadmap.closed.review": gettext_noop("Closed by a review that confirmed it."),
        "roadmap.lost": gettext_noop(
            "It was shown to be done on %(on)s, and no longer is: the evidence lapsed, or denies it now."
        ),
        "roadmap.no_criterion": gettext_noop("There is no criterion %(id)s."),
        "roadmap.nothing_chosen": gettext_noop("Choose at least one step."),
        "roadmap.owner": gettext_noop("Choose a member of the team."),
        "roadmap.due": gettext_noop("Choose a day from today to three years ahead."),
        "roadmap.link": gettext_noop("Give a full address that begins with https://, without a user name in it."),
        "roadmap.state": gettext_noop("There is no such state."),
        "roadmap.reason": gettext_noop("Say why it is dropped."),
        "roadmap.comment_empty": gettext_noop("Write something before you post it."),
        "roadmap.long": gettext_noop("The text is longer than %(limit)s characters. Shorten it."),
        "roadmap.conflict": gettext_noop(
            "Somebody else changed this item after you opened the page. Look at it again."
        ),
        "roadmap.open_already": gettext_noop("The team has another open item for the same practice."),
        # the way
        "maturity.way.top": gettext_noop("There is no level %(asked)s: the highest is %(top)s."),
        "maturity.way.lacking": gettext_noop("The target cannot be reached: nothing that can be done meets %(ids)s."),
    }
)
