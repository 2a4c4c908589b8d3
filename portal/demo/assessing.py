"""The assessments of the demo's teams, each at another level."""

from __future__ import annotations

from dataclasses import dataclass

from assessments import actions, catalogue
from assessments.framework import Framework
from assessments.models import Assessment
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


def _answer(criterion, level: int) -> str:
    if criterion.level <= level:
        return "yes"
    if criterion.level == level + 1:
        return "partly" if criterion.required else "no"
    return "no" if criterion.level == level + 2 else ""
