"""What stood before profiles were agreed to, moves had kinds and rules came of several policies keeps its meaning."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps

from governance.models import Profile
from tests.governance.promotions_made import approved

migration = import_module("governance.migrations.0007_gates")


def test_a_profile_that_was_there_becomes_the_first_that_later_ones_are_compared_with(cast):
    promotion = approved(cast)
    model = promotion.version.model
    model.profile_versions.all().delete()
    Profile.objects.filter(model=model).update(
        rev=4, bins={"age": [30, 60.5]}, pinned={"gold": {"digest": "sha256:1"}}, changed_by=cast.member
    )
    migration.keep_profiles(apps, None)
    profile, kept = Profile.objects.get(model=model), model.profile_versions.get()
    assert (kept.number, kept.content, kept.pinned) == (4, profile.content, profile.pinned)
    assert kept.digest == profile.digest  # what approvals bind
    assert (kept.proposed_by, kept.agreed_by, kept.team, kept.event) == (cast.member, None, cast.team, None)
    assert profile.agreed


def test_what_was_asked_for_and_moved_is_what_it_was_by_default(cast):
    promotion = approved(cast)
    assert (promotion._meta.get_field("rules").default(), promotion.kind) == ([], "move")
    move = promotion.move
    assert (move.kind, move.target_model, move.restores, move.tag) == ("alias", None, None, None)
