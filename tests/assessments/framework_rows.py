"""Copies of frameworks as tests need them: small, with versions and a map between them."""

import yaml
from django.utils import timezone

from assessments import levels
from assessments.framework import load
from assessments.models import Answer, Assessment, FrameworkVersion
from tests.assessments.random_frameworks import content
from tests.assessments.test_framework_kinds import copy_of


def words(en, ja="文"):
    return {"en": en, "ja": ja}


def text_of(version=1, criteria=(), changes=(), key="ours", dimensions=("training", "release"), **fields):
    """YAML of a copy, its dimensions of two levels each."""
    if version > 1:
        fields["migrates"] = {"from": version - 1, "changes": list(changes)}
    data = content(list(dimensions), criteria, levels=2, key=key, version=version, **fields)
    return yaml.safe_dump(copy_of(data), allow_unicode=True, sort_keys=False)


FIRST = (
    {"id": "training.tracked", "title": words("Tracked", "記録している")},
    {"id": "training.repeated", "level": 2, "title": words("Repeated", "再現できる")},
    {"id": "training.old", "level": 2, "required": False, "title": words("Old", "古い")},
    {"id": "release.versioned", "title": words("Versioned", "バージョンがある")},
    {"id": "release.gate", "level": 2, "na_reason": words("Nothing live."), "title": words("Gate", "ゲート")},
)
SECOND = (
    {"id": "training.recorded", "practice": "training-tracked", "title": words("Recorded", "記録している")},
    {"id": "training.repeated", "level": 2, "title": words("Repeated by others", "他の人が再現できる")},
    {"id": "release.versioned", "title": words("Versioned", "バージョンがある")},
    {"id": "release.gate", "level": 2, "title": words("Gate", "ゲート")},
    {"id": "release.new", "level": 2, "title": words("New", "新しい")},
)
CHANGES = (
    {
        "kind": "renamed",
        "from": ["training.tracked"],
        "to": ["training.recorded"],
        "answers": "keep",
        "reviews": "keep",
        "why": words("A clearer name.", "名称を明確にしました。"),
    },
    {
        "kind": "tightened",
        "from": ["training.repeated"],
        "to": ["training.repeated"],
        "answers": "reconfirm",
        "why": words("Now somebody else must do it.", "本人以外が行うこととしました。"),
    },
    {
        "kind": "retired",
        "from": ["training.old"],
        "to": [],
        "answers": "drop",
        "why": words("Nobody needs it.", "不要になりました。"),
    },
)


def row(version=1, criteria=FIRST, changes=(), state="current", key="ours", **fields):
    """A row of a copy, as publishing leaves it."""
    source = text_of(version, criteria, changes, key=key, **fields)
    return FrameworkVersion.objects.create(
        key=key, version=version, digest=load(source).digest, source=source, state=state, copied_from="mlops-maturity 1"
    )


def assessed(team, kept, values, *, by, state="submitted", at=None, notes=None):
    """An assessment of a team with a kept version, with answers by criterion."""
    framework = load(kept.source, complete=True)
    moment = at or timezone.now()
    made = Assessment.objects.create(
        team=team,
        framework=kept.key,
        framework_version=str(kept.version),
        framework_digest=kept.digest,
        state=state,
        started_by=by,
        submitted_by=by if state != "draft" else None,
        submitted_at=moment if state != "draft" else None,
        signed_at=moment if state == "signed" else None,
    )
    Answer.objects.bulk_create(
        Answer(
            assessment=made,
            criterion=key,
            practice=framework.by_id[key].practice,
            value=value,
            note=(notes or {}).get(key, ""),
            rev=1,
            answered_by=by,
            answered_at=moment,
        )
        for key, value in values.items()
    )
    if state != "draft":
        made.score = levels.to_json(levels.current_score(team, framework, assessment=made))
        made.save(update_fields=["score"])
    return made
