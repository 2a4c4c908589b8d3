"""What people are told about assessments, contradictions, roadmaps and what lapses.

``framework`` and ``criterion`` are titles in each language.
"""

from portal.inbox.kinds import notice_kind
from portal.message import gettext_noop, register

notice_kind(
    "assessment.delegated",
    title=gettext_noop("Criteria delegated to you"),
    text=gettext_noop("Somebody asks you for the answers to some criteria."),
)
notice_kind(
    "assessment.contradiction",
    title=gettext_noop("Contradiction"),
    text=gettext_noop("Evidence denies what your team claims, and you own it or manage the team."),
    channel="now",
)
notice_kind(
    "assessment.campaign",
    title=gettext_noop("Campaign"),
    text=gettext_noop("A team that you manage is asked for an assessment by a date."),
)
notice_kind(
    "assessment.review",
    title=gettext_noop("Review waiting"),
    text=gettext_noop("For reviewers: a team's assessment is submitted and nobody has signed it yet."),
    role="is_reviewer",
)
notice_kind(
    "assessment.signed",
    title=gettext_noop("Assessment signed"),
    text=gettext_noop("The assessment of a team that you manage was reviewed and signed."),
)
notice_kind(
    "assessment.returned",
    title=gettext_noop("Assessment sent back"),
    text=gettext_noop("The reviewer sent the assessment of a team that you manage back."),
    channel="now",
)
notice_kind(
    "assessment.draft",
    title=gettext_noop("Draft left lying"),
    text=gettext_noop("Nobody has worked for 14 days on an assessment that your team began."),
)
notice_kind(
    "assessment.lapse",
    title=gettext_noop("About to lapse"),
    text=gettext_noop("Evidence or reviews of a team that you manage lapse within 30 days."),
)
notice_kind(
    "assessment.pulse",
    title=gettext_noop("Question to members"),
    text=gettext_noop("Your team is asked anonymously how it works together."),
)
register(
    {
        "notice.delegated": gettext_noop("%(by)s asks you for answers: %(n)s (%(framework)s of %(team)s)."),
        "notice.answers_due": gettext_noop("Give your answers to %(framework)s of %(team)s."),
        "notice.contradiction": gettext_noop("Evidence denies what %(team)s claims: %(criterion)s."),
        "notice.roadmap": gettext_noop("Do what the roadmap of %(team)s holds: %(criterion)s."),
        "notice.campaign": gettext_noop("%(campaign)s: submit the assessment of %(team)s (%(framework)s)."),
        "notice.review": gettext_noop("Review the assessment of %(team)s (%(framework)s)."),
        "notice.reviews": gettext_noop("Review what was submitted on %(on)s: assessments: %(n)s (%(teams)s)."),
        "notice.signed": gettext_noop("The assessment of %(team)s is reviewed and signed (%(framework)s)."),
        "notice.returned": gettext_noop("The assessment of %(team)s was sent back (%(framework)s)."),
        "notice.draft": gettext_noop("Finish the assessment of %(team)s, or discard it (%(framework)s)."),
        "notice.reviews_lapse": gettext_noop(
            "Have %(team)s reviewed again: reviews that lapse by %(on)s: %(n)s (%(framework)s)."
        ),
        "notice.evidence_lapses": gettext_noop(
            "Renew the evidence of %(team)s: facts that count only until %(on)s: %(n)s."
        ),
        "notice.pulse": gettext_noop("Answer the short anonymous question to the members of %(team)s."),
    }
)
