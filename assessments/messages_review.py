"""Sentences of reviewing, of campaigns and of the pulse: records and refusals, by code."""

from django.urls import reverse

from portal.ledger.words import register_actions, register_fields, register_subjects
from portal.message import gettext_noop, register

register_actions(
    {
        "assessment.review": gettext_noop("Verdict on an answer"),
        "assessment.review_evidenced": gettext_noop("Answers confirmed by their evidence"),
        "assessment.sign": gettext_noop("Assessment signed"),
        "assessment.send_back": gettext_noop("Assessment sent back"),
        "campaign.create": gettext_noop("Campaign started"),
        "campaign.close": gettext_noop("Campaign closed"),
        "pulse.open": gettext_noop("Pulse opened"),
        "pulse.answer": gettext_noop("Pulse answered by a member"),
        "pulse.close": gettext_noop("Pulse closed"),
    }
)
register_subjects(
    {"campaign": gettext_noop("Campaign"), "pulse": gettext_noop("Pulse")},
    links={"campaign": lambda identifier: reverse("campaign", args=[identifier])},
)
register_fields(
    {
        "verdict": gettext_noop("Verdict"),
        "verdict.confirmed": gettext_noop("Confirmed"),
        "verdict.refused": gettext_noop("Not confirmed"),
        "confirmed_by_evidence": gettext_noop("Confirmed by evidence"),
        "reviews_confirmed": gettext_noop("Answers confirmed by the reviewer"),
        "reviews_refused": gettext_noop("Answers not confirmed by the reviewer"),
        "reviews_digest": gettext_noop("Digest of the verdicts"),
        "reviews_until": gettext_noop("The review is current until"),
        "opened_again": gettext_noop("Answers opened again"),
        "draft": gettext_noop("Draft"),
        "draft_was_there": gettext_noop("A draft was in progress"),
        "draft_was_there.yes": gettext_noop("Yes"),
        "draft_was_there.no": gettext_noop("No"),
        "campaign_teams": gettext_noop("Teams"),
        "drafts_joined": gettext_noop("Drafts in progress that joined"),
        "submitted_teams": gettext_noop("Teams that submitted"),
        "invited": gettext_noop("Members asked"),
        "closes_on": gettext_noop("Closes on"),
        "answered_members": gettext_noop("Members who answered"),
    }
)
register(
    {
        # review
        "review.own": gettext_noop(
            "You belong to this team or gave answers yourself. Somebody from outside reviews this assessment."
        ),
        "review.verdict": gettext_noop("Choose a verdict first; the note is saved with it."),
        "review.why": gettext_noop("Write why you do not confirm it."),
        "review.reason": gettext_noop("Write what the team should look at again."),
        "review.conflict": gettext_noop(
            "Somebody else saved this verdict after you opened the page. Both texts are shown; nothing is lost."
        ),
        "review.no_answer": gettext_noop("The team gave no answer here, so there is nothing to confirm."),
        "review.answer_changed": gettext_noop("The answer has changed since you looked at it. Look at it again."),
        "review.nothing": gettext_noop("Nothing is reviewed yet. Give at least one verdict before you sign."),
        "review.unfinished": gettext_noop("The official level depends on answers that have no verdict yet: %(n)s."),
        "review.signed": gettext_noop("This assessment is signed. Nothing of it changes any more."),
        "review.not_submitted": gettext_noop("This assessment is not submitted yet."),
        "review.returned": gettext_noop("This assessment was sent back to the team."),
        # campaigns
        "campaign.title": gettext_noop("Give it a title of at most %(limit)s characters."),
        "campaign.teams": gettext_noop("Choose at least one team."),
        "campaign.due": gettext_noop("Choose a day from today on."),
        "campaign.closed": gettext_noop("This campaign is closed already."),
        # pulse
        "pulse.no_sentences": gettext_noop("This framework asks members nothing."),
        "pulse.running": gettext_noop("A pulse of this framework is open already."),
        "pulse.too_few": gettext_noop(
            "The team has too few members besides its managers: %(members)s. Results are shown from %(least)s answers "
            "on, so that nobody can be recognised."
        ),
        "pulse.too_soon": gettext_noop("The last pulse closed less than %(days)s days ago. Open the next from %(on)s."),
        "pulse.closes_on": gettext_noop("Choose a day from tomorrow on, at most %(days)s days ahead."),
        "pulse.closed": gettext_noop("This pulse is closed."),
        "pulse.not_asked": gettext_noop("You are not among those who are asked."),
        "pulse.answered": gettext_noop("You have answered already. Nobody can tell your answers from the others."),
        "pulse.agreement": gettext_noop("Choose a step from 1 to 5, or leave the sentence out."),
        "pulse.empty": gettext_noop("Answer at least one sentence."),
        "pulse.not_open": gettext_noop("No pulse is open."),
        "review.overtaken": gettext_noop("The team has submitted a newer assessment. Review that one."),
    }
)
