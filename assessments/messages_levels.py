"""Sentences of levels, contradictions, targets and milestones as records and refusals, by code."""

from __future__ import annotations

from django.urls import reverse

from assessments import texts_levels  # noqa: F401  (registers the messages)
from portal.ledger.words import register_actions, register_fields, register_subjects
from portal.message import gettext_noop, register

register_actions(
    {
        "contradiction.open": gettext_noop("Contradiction opened"),
        "contradiction.assign": gettext_noop("Contradiction assigned"),
        "contradiction.close": gettext_noop("Contradiction resolved"),
        "target.set": gettext_noop("Target level set"),
        "target.clear": gettext_noop("Target level removed"),
        "milestone.add": gettext_noop("Milestone added"),
        "milestone.remove": gettext_noop("Milestone removed"),
    }
)
register_subjects(
    {
        "contradiction": gettext_noop("Contradiction"),
        "target": gettext_noop("Target level"),
        "milestone": gettext_noop("Milestone"),
    },
    links={"contradiction": lambda identifier: reverse("contradiction", args=[identifier])},
)
register_fields(
    {
        "kind.levels.refresh": gettext_noop("Refresh levels"),
        "contradiction_state": gettext_noop("State"),
        "contradiction_state.open": gettext_noop("Open"),
        "contradiction_state.resolved": gettext_noop("Resolved"),
        "resolution": gettext_noop("Resolution"),
        "resolution.claim": gettext_noop("The claim was corrected"),
        "resolution.evidence": gettext_noop("The evidence changed"),
        "resolution.mistaken": gettext_noop("The evidence was found to be mistaken"),
        "target_level": gettext_noop("Target level"),
        "dimension": gettext_noop("Dimension"),
        "on": gettext_noop("Day"),
        "official": gettext_noop("Official level"),
        "official.training": gettext_noop("Official level, training"),
        "official.release": gettext_noop("Official level, release"),
        "official.integration": gettext_noop("Official level, integration"),
        "reviewed": gettext_noop("Reviewed level"),
        "reviewed.training": gettext_noop("Reviewed level, training"),
        "reviewed.release": gettext_noop("Reviewed level, release"),
        "reviewed.integration": gettext_noop("Reviewed level, integration"),
    }
)

register(
    {
        "levels.refreshing": gettext_noop("Refreshing the levels of %(team)s."),
        "levels.refreshed": gettext_noop("Levels refreshed: %(n)s."),
        "contradiction.closed": gettext_noop("This contradiction is resolved already."),
        "contradiction.owner": gettext_noop("Choose a member of the team."),
        "contradiction.reason": gettext_noop("Write why the evidence is mistaken."),
        "contradiction.reason_long": gettext_noop("The reason is longer than %(limit)s characters. Shorten it."),
        "contradiction.until": gettext_noop("Choose a day from tomorrow on, at most a year ahead."),
        "target.level": gettext_noop("Choose a level of the framework."),
        "target.reason": gettext_noop("Write why this level is enough."),
        "target.reason_long": gettext_noop("The reason is longer than %(limit)s characters. Shorten it."),
        "target.dimension": gettext_noop("The framework has no such dimension."),
        "milestone.label": gettext_noop("Say in a few words what happened (at most %(limit)s characters)."),
        "milestone.day": gettext_noop("Choose a day between 2000 and ten years from now."),
    }
)
