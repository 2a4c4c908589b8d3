"""One row of everything that the maturity half keeps, all of the cast's first team."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from assessments import actions
from assessments.actions.campaigns import create_campaign
from assessments.framework import shipped
from assessments.models import (
    Answerer,
    Attachment,
    Contradiction,
    CriterionReview,
    Delegation,
    IndependentAnswer,
    ItemComment,
    Milestone,
    Pulse,
    PulseAnswer,
    PulseInvitation,
    RoadmapItem,
    Target,
    TeamTool,
)

FRAMEWORK = shipped()["devops-practices"]  # another than that of the tests' own draft
PULSE = shipped()["mlops-maturity"]


def everything_of(cast) -> SimpleNamespace:
    """The rows by name."""
    team, member, asked = cast.team, cast.member, FRAMEWORK.criteria[0]
    on = timezone.localdate() + timedelta(days=9)
    found = actions.start_assessment(team=team, framework=FRAMEWORK, by=member)
    actions.save_answer(assessment=found, criterion=asked.id, value="yes", note="Ours alone", rev=0, by=member)
    common = {"team": team, "framework": FRAMEWORK.key, "criterion": asked.id, "practice": asked.practice}
    IndependentAnswer.objects.create(assessment=found, person=member, criterion=asked.id, note="Ours alone")
    Answerer.objects.create(assessment=found, person=member, finished_at=timezone.now())
    Delegation.objects.create(assessment=found, criterion=asked.id, to=member, by=cast.manager, note="Ours alone")
    file = Attachment.objects.create(
        assessment=found,
        criterion=asked.id,
        name="Ours alone.txt",
        kind="text/plain",
        size=1,
        sha256="0" * 64,
        by=member,
    )
    place = actions.path_of(file.sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"x")
    found = actions.submit(assessment=found, by=cast.manager)
    CriterionReview.objects.create(
        assessment=found, criterion=asked.id, practice=asked.practice, verdict="confirmed", note="Ours alone",
        answer_rev=found.answers.get(criterion=asked.id).rev, by=cast.reviewer, rev=1,
    )  # fmt: skip
    contradiction = Contradiction.objects.create(**common, because={"code": "x", "params": {}}, owner=member)
    item = RoadmapItem.objects.create(**common, note="Ours alone", owner=member)
    ItemComment.objects.create(item=item, by=member, text="Ours alone")
    Target.objects.create(team=team, framework=FRAMEWORK.key, level=1, reason="Ours alone", by=member)
    milestone = Milestone.objects.create(team=team, on=on, label="Ours alone", by=member)
    TeamTool.objects.create(team=team, tool="mlflow", by=member)
    campaign = create_campaign(
        title="Ours alone", framework=FRAMEWORK, teams=[team], due=on, note="Ours alone", by=cast.manager
    )
    pulse = Pulse.objects.create(team=team, framework=PULSE.key, framework_digest=PULSE.digest, closes_on=on)
    PulseInvitation.objects.create(pulse=pulse, person=member)
    sentence = next(criterion.id for criterion in PULSE.criteria if criterion.pulse)
    PulseAnswer.objects.create(pulse=pulse, criterion=sentence, agreement=3)
    return SimpleNamespace(
        assessment=found, criterion=asked.id, file=file, contradiction=contradiction, item=item, milestone=milestone,
        campaign=campaign, pulse=pulse,
    )  # fmt: skip
