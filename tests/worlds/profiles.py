"""Versions and proposed changes of profiles, signed checklists and facts."""

from __future__ import annotations

import uuid

from django.utils import timezone

from governance.models import ChecklistMark, Fact, Profile, ProfileChange, ProfileVersion

PAGES = {"profile-change", "profile-changes", "profile-versions", "version-checklist"}


def build(ground, cast) -> dict[str, dict]:
    profile = Profile.objects.get(model=ground.model)
    ProfileVersion.objects.create(
        model=ground.model, number=profile.rev + 1, content=profile.content, team=cast.team, digest=profile.digest,
        proposed_by=cast.member, agreed_by=cast.manager, event=uuid.uuid4(),
    )  # fmt: skip
    change = ProfileChange.objects.create(
        model=ground.model, base_rev=profile.rev, content=profile.content | {"risk": "low"}, to_team=cast.team,
        digest="sha256:0", proposed_by=cast.member, event=uuid.uuid4(),
    )  # fmt: skip
    mark = ChecklistMark.objects.create(
        version=ground.version, environment="production", item="model-card", by=cast.reviewer, event=uuid.uuid4()
    )
    Fact.objects.create(
        version=ground.version, key="load_test.p95_ms", value=180, unit="ms", at=timezone.now(), by=cast.member,
        digest="sha256:0", event=uuid.uuid4(),
    )  # fmt: skip
    pk = {"pk": ground.model.pk}
    checklist = pk | {"number": ground.version.number, "environment": "production"}
    return {
        "profile-changes": pk,
        "profile-versions": pk,
        **dict.fromkeys(
            ("profile-change", "profile-change-agree", "profile-change-refuse", "profile-change-withdraw"),
            pk | {"number": change.pk},
        ),
        "version-checklist": checklist,
        "version-checklist-sign": checklist,
        "version-checklist-withdraw": checklist | {"mark": mark.pk},
        "api-profile": {"model": ground.model.pk},
    }
