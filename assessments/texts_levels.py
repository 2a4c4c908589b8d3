"""Sentences about levels: why one is what it is, until when it holds, and what changed it.

Pure: no Django. ``criterion`` and ``dimensions`` are titles in both languages.
"""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        # why a level is what it is
        "maturity.why.reached.claimed": gettext_noop(
            "Level %(level)s, since the team says that every criterion required up to it is met."
        ),
        "maturity.why.reached.evidenced": gettext_noop(
            "Level %(level)s, since evidence shows every criterion required up to it."
        ),
        "maturity.why.reached.reviewed": gettext_noop(
            "Level %(level)s, since a current review confirms every criterion required up to it."
        ),
        "maturity.why.reached.official": gettext_noop(
            "Level %(level)s, since fresh evidence or a current review meets every criterion required up to it, "
            "and no contradiction denies one."
        ),
        "maturity.why.zero": gettext_noop("Level 0, which requires nothing."),
        "maturity.why.lowest": gettext_noop("Level %(level)s, that of the lowest dimension: %(dimensions)s."),
        "maturity.why.not": gettext_noop("Not level %(level)s, since %(reasons)s."),
        "maturity.why.top": gettext_noop("There is no higher level."),
        "maturity.why.counted": gettext_noop("Met: %(met)s of %(required)s required."),
        "maturity.why.lacking": gettext_noop("Not all, since %(reasons)s."),
        "maturity.why.more": gettext_noop("further criteria that lack: %(n)s"),
        # why a criterion does not count
        "maturity.why.no": gettext_noop("the team answers “%(criterion)s” with no"),
        "maturity.why.partly": gettext_noop("“%(criterion)s” is met only in part"),
        "maturity.why.unanswered": gettext_noop("nobody has answered “%(criterion)s” yet"),
        "maturity.why.na-refused": gettext_noop("the reviewer did not accept that “%(criterion)s” does not apply"),
        "maturity.why.no-live": gettext_noop("“%(criterion)s” speaks of live models, and none is live"),
        "maturity.why.disputed": gettext_noop("an open contradiction denies “%(criterion)s”"),
        "maturity.why.denied": gettext_noop("evidence denies “%(criterion)s”"),
        "maturity.why.aside": gettext_noop("the evidence of “%(criterion)s” was found to be mistaken"),
        "maturity.why.stale": gettext_noop("the evidence of “%(criterion)s” is out of date"),
        "maturity.why.person": gettext_noop("evidence supports “%(criterion)s”, but a person must answer yes too"),
        "maturity.why.no-evidence": gettext_noop("no evidence shows “%(criterion)s”"),
        "maturity.why.refused": gettext_noop("the reviewer did not confirm “%(criterion)s”"),
        "maturity.why.lapsed": gettext_noop("the review of “%(criterion)s” lapsed on %(on)s"),
        "maturity.why.unreviewed": gettext_noop("no current review confirms “%(criterion)s”"),
        "maturity.why.neither": gettext_noop("neither fresh evidence nor a current review shows “%(criterion)s”"),
        # the same where the criterion's title stands beside it
        "maturity.blocks.no": gettext_noop("Answered no."),
        "maturity.blocks.partly": gettext_noop("Met only in part."),
        "maturity.blocks.unanswered": gettext_noop("Not answered yet."),
        "maturity.blocks.na-refused": gettext_noop("The reviewer did not accept that it does not apply."),
        "maturity.blocks.no-live": gettext_noop("It speaks of live models, and none is live."),
        "maturity.blocks.disputed": gettext_noop("An open contradiction denies it."),
        "maturity.blocks.denied": gettext_noop("Evidence denies it."),
        "maturity.blocks.aside": gettext_noop("Its evidence was found to be mistaken."),
        "maturity.blocks.stale": gettext_noop("Its evidence is out of date."),
        "maturity.blocks.person": gettext_noop("Evidence supports it, but a person must answer yes too."),
        "maturity.blocks.no-evidence": gettext_noop("No evidence shows it."),
        "maturity.blocks.refused": gettext_noop("The reviewer did not confirm it."),
        "maturity.blocks.lapsed": gettext_noop("Its review lapsed on %(on)s."),
        "maturity.blocks.unreviewed": gettext_noop("No current review confirms it."),
        "maturity.blocks.neither": gettext_noop("Neither fresh evidence nor a current review shows it."),
        # until when it holds
        "maturity.holds.until": gettext_noop(
            "Holds until %(on)s: then “%(criterion)s” no longer counts, unless its evidence or review is renewed."
        ),
        "maturity.holds.more": gettext_noop(
            "Holds until %(on)s: then “%(criterion)s” and others no longer count (criteria: %(n)s), "
            "unless evidence or reviews are renewed."
        ),
        "maturity.holds.open": gettext_noop("No day is known on which it lapses."),
        # what changed it
        "maturity.change.fell": gettext_noop("Fell from %(before)s to %(after)s, since %(reasons)s."),
        "maturity.change.rose": gettext_noop("Rose from %(before)s to %(after)s."),
        "maturity.change.fewer": gettext_noop("Met before: %(before)s. Met now: %(after)s, since %(reasons)s."),
        "maturity.change.dimension": gettext_noop("%(dimension)s: %(change)s"),
        # the command
        "maturity.level.name": gettext_noop("%(name)s:"),
        "maturity.level.four": gettext_noop(
            "%(name)s: official level %(official)s (claimed %(claimed)s, evidenced %(evidenced)s, "
            "reviewed %(reviewed)s)"
        ),
        # positions
        "maturity.position.framework": gettext_noop(
            "this version of the framework does not come with the product, and the file does not hold it"
        ),
        "maturity.position.changed": gettext_noop("the framework in the file is not the one whose digest it names"),
    }
)
