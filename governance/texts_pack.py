"""Words of the period pack."""

from __future__ import annotations

from portal.ledger.words import register_fields, register_subjects
from portal.message import gettext_noop, register

register(
    {
        "pack.environment": gettext_noop("No policy knows the environment %(environment)s."),
        "pack.order": gettext_noop("The last day lies before the first."),
        "pack.future": gettext_noop("The period has not begun yet."),
        "pack.long": gettext_noop("Choose a period of at most %(days)s days."),
        "pack.many": gettext_noop("There are more than %(most)s entries in this period. Choose a shorter one."),
        "pack.sample": gettext_noop("Give a number from 0 to %(most)s, and a seed of at most 60 characters."),
        "pack.kit": gettext_noop("Emergency kit %(kit)s set %(alias)s of %(model)s to version %(number)s. %(review)s"),
        "pack.review.none": gettext_noop("Nobody was asked to review it."),
        "pack.review.open": gettext_noop("Not reviewed yet; due %(day)s."),
        "pack.review.late": gettext_noop("Not reviewed yet; it was due %(day)s."),
        "pack.review.justified": gettext_noop("Reviewed on %(day)s: justified."),
        "pack.review.unjustified": gettext_noop("Reviewed on %(day)s: not justified."),
        # settled before reviews said which
        **{f"pack.review.{how}": gettext_noop("Reviewed on %(day)s.") for how in ("reviewed", "corrected", "accepted")},
        "pack.dates": gettext_noop("Give both days as in 2026-07-01."),
    }
)
register_subjects({"period": gettext_noop("Period")})
register_fields({"kind.report.pack": gettext_noop("Period pack")})

COLUMN_WORDS = {
    "moves": gettext_noop("Moves"),
    "refusals": gettext_noop("Refusals"),
    "exceptions": gettext_noop("Exceptions"),
    "findings": gettext_noop("Findings"),
    "others": gettext_noop("Others"),
}
WAY_WORDS = {
    "approved": gettext_noop("Approved"),
    "automatic": gettext_noop("Approved by the policy"),
    "emergency": gettext_noop("In an emergency"),
    "rollback": gettext_noop("Rollback"),
    "undecided": gettext_noop("No decision found"),
}
