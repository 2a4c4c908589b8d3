"""The assessments of the demo's teams, each at another level; one is reviewed and signed."""

from __future__ import annotations

from dataclasses import dataclass

from assessments import actions, catalogue
from assessments.actions import review
from assessments.framework import Framework
from assessments.models import Assessment, AssessmentState
from assessments.reviewing import reviewing
from portal.accounts.models import Team, User
from portal.demo.roadmaps import take_up_steps

FRAMEWORK = "mlops-maturity"


@dataclass(frozen=True)
class Claim:
    """Up to which level a team says yes, by dimension; what lies above is "partly", "no", or not known."""

    training: int
    release: int
    integration: int

    @property
    def overall(self) -> int:
        return min(self.training, self.release, self.integration)


CLAIMS = {
    "lending": Claim(training=3, release=2, integration=2),
    "diabetes-care": Claim(training=1, release=1, integration=1),
    "imaging": Claim(training=1, release=0, integration=0),
}


REVIEWED = "lending"
REASON = {
    "en": "Two of the four pipelines that I looked at are started by hand.",
    "ja": "確認した4つのパイプラインのうち2つは、手作業で起動されていました。",
}


def assess(team: Team, by: User) -> Assessment:
    """Fill out and submit the team's assessment through the product's own actions, once."""
    done = Assessment.objects.closed().filter(team=team, framework=FRAMEWORK).first()
    if done:
        return done
    framework: Framework = catalogue.current(FRAMEWORK)
    claim = CLAIMS[team.slug]
    assessment = Assessment.objects.filter(
        team=team, framework=FRAMEWORK, state="draft"
    ).first() or actions.start_assessment(team=team, framework=framework, by=by)
    answers = {answer.criterion: answer for answer in assessment.answers.all()}
    for criterion in framework.criteria:
        value = _answer(criterion, getattr(claim, criterion.dimension))
        saved = answers.get(criterion.id)
        if value and (saved is None or not saved.value):
            actions.save_answer(
                assessment=assessment,
                criterion=criterion.id,
                value=value,
                note="",
                rev=saved.rev if saved else 0,
                by=by,
            )
    actions.submit(assessment=assessment, by=by)
    take_up_steps(team, framework, by)
    assessment.refresh_from_db()
    return assessment


def review_and_sign(assessment: Assessment, by: User) -> Assessment:
    """Confirm what evidence supports, then what the official level depends on but the last of it, and sign; once.

    One claim is not confirmed, so that the pages show a review that did not nod everything through.
    """
    if assessment.state == AssessmentState.SIGNED:
        return assessment
    shown = {item.criterion.id: item.answer.rev for item in reviewing(assessment).evidenced}
    review.confirm_evidenced(assessment=assessment, answers=shown, by=by)
    seen = reviewing(assessment)
    doubted = max(seen.first, key=lambda item: item.criterion.level, default=None)
    for item in seen.missing:
        refused = item is doubted and item.criterion.level > 1
        review.save_verdict(
            assessment=assessment,
            criterion=item.criterion.id,
            verdict="refused" if refused else "confirmed",
            note=REASON[by.language] if refused else "",
            rev=0,
            answer_rev=item.answer.rev,
            by=by,
        )
    return review.sign(assessment=assessment, note="", by=by)


def _answer(criterion, level: int) -> str:
    if criterion.level <= level:
        return "yes"
    if criterion.level == level + 1:
        return "partly" if criterion.required else "no"
    return "no" if criterion.level == level + 2 else ""
