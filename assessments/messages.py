"""Sentences of assessments as records and refusals, by code."""

from django.urls import reverse
from django.utils.translation import get_language

from assessments.framework import shipped
from portal.ledger.words import keep_within_team, register_actions, register_fields, register_parts, register_subjects
from portal.message import gettext_noop, register

register_actions(
    {
        "assessment.start": gettext_noop("Assessment started"),
        "assessment.answer": gettext_noop("Answer saved"),
        "assessment.submit": gettext_noop("Assessment submitted"),
        "assessment.discard": gettext_noop("Assessment discarded"),
        "levels.change": gettext_noop("Levels changed"),
    }
)
# A draft is its members' business until it is submitted.
keep_within_team("assessment.start", "assessment.answer", "assessment.discard")
register_subjects(
    {"assessment": gettext_noop("Assessment")},
    links={"assessment": lambda identifier: reverse("assessment-record", args=[identifier])},
)
register_fields(
    {
        "kind.report.maturity": gettext_noop("Maturity report"),
        "kind.report.portfolio": gettext_noop("Portfolio report"),
        "kind.report.campaign": gettext_noop("Campaign report"),
        "framework": gettext_noop("Framework"),
        "framework_version": gettext_noop("Version of the framework"),
        "framework_digest": gettext_noop("Digest of the framework"),
        "carried": gettext_noop("Answers taken over"),
        "answered": gettext_noop("Answers given"),
        "criterion": gettext_noop("Criterion"),
        "note": gettext_noop("Note"),
        "answer_rev": gettext_noop("Revision"),
        "answer": gettext_noop("Answer"),
        "answer.yes": gettext_noop("Yes"),
        "answer.partly": gettext_noop("Partly"),
        "answer.no": gettext_noop("No"),
        "answer.na": gettext_noop("Not applicable"),
        "claimed": gettext_noop("Claimed level"),
        "evidenced": gettext_noop("Evidenced level"),
        "at_most": gettext_noop("At most"),
    }
)


def dimension_title(key: str) -> str:
    """What a dimension is called, in the reader's language; of a framework that is only kept here, its key."""
    known = (dimension for model in shipped().values() for dimension in model.dimensions if dimension.key == key)
    return next((dimension.title.in_(get_language()) for dimension in known), key)


register_parts(("official", "reviewed", "evidenced", "claimed", "at_most"), dimension_title)

register(
    {
        # refusals
        "maturity.missing": gettext_noop("It does not exist, or it belongs to a team that is not yours."),
        "assessment.running": gettext_noop("An assessment is already in progress. Continue with that one."),
        "assessment.closed": gettext_noop("This assessment has been submitted. Start a new one to change answers."),
        "assessment.gone": gettext_noop("This assessment was discarded."),
        "assessment.no_criterion": gettext_noop("There is no criterion %(id)s."),
        "assessment.value": gettext_noop("Choose one of the answers."),
        "assessment.na_not_allowed": gettext_noop("This criterion applies to every team; choose another answer."),
        "assessment.na_reason": gettext_noop("Write in the note why it does not apply."),
        "assessment.na_group": gettext_noop("At least one of these must apply: %(titles)s."),
        "assessment.note_long": gettext_noop("The note is longer than %(limit)s characters. Shorten it."),
        "assessment.conflict": gettext_noop(
            "Somebody else saved this answer after you opened the page. Both texts are shown; nothing is lost."
        ),
        "assessment.nothing": gettext_noop("No criterion is answered yet. Answer at least one before you submit."),
        "assessment.not_ready": gettext_noop("Some answers cannot be submitted as they are. Each says what it lacks."),
        # the job
        "evidence.collecting": gettext_noop("Collecting for %(team)s."),
        "evidence.collected": gettext_noop("Teams collected for: %(teams)s."),
    }
)
