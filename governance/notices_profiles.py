"""Proposed profiles that wait for a second person, as the inbox asks for them."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from governance.models import ProfileChange, ProfileChangeState
from governance.profile_deciding import can_agree
from portal.accounts.models import Membership, User
from portal.inbox.kinds import Waiting, notice_kind, reminder_source
from portal.inbox.recipients import managers_of
from portal.message import Message, gettext_noop, register

notice_kind(
    "profile.change",
    title=gettext_noop("Change of a profile"),
    text=gettext_noop("A change of a model's profile waits, and you may agree to it."),
    channel="now",
)
register(
    {"notice.profile_change": gettext_noop("Decide on the change of the profile of %(model)s that %(by)s proposed.")}
)


def _read_roles(people: dict[int, User]) -> None:
    """The roles of all of them in one query, where each would ask for its own."""
    roles: dict[int, dict[int, str]] = {pk: {} for pk in people}
    for pk, team, role in Membership.objects.filter(user__in=people).values_list("user_id", "team_id", "role"):
        roles[pk][team] = role
    for pk, user in people.items():
        user.team_roles = roles[pk]


@reminder_source("profile.change")
def waiting_profiles() -> Iterator[Waiting]:
    """Changes that wait, to the managers and reviewers who may agree to them."""
    whole = "model__team", "model__profile__model__team", "to_team", "proposed_by"
    rows = list(ProfileChange.objects.filter(state=ProfileChangeState.PROPOSED).select_related(*whole))
    if not rows:
        return
    managers = managers_of(row.team_id for row in rows)
    reviewers = list(User.objects.active().filter(is_reviewer=True))
    known = {user.pk: user for user in (*reviewers, *(one for found in managers.values() for one in found))}
    _read_roles(known)
    for change in rows:
        asked = {user.pk for user in (*managers.get(change.team_id, ()), *reviewers)}
        for user in (known[pk] for pk in sorted(asked)):
            if can_agree(change, change.model.profile, user):
                yield Waiting(
                    user=user,
                    kind="profile.change",
                    key=f"profile.change:{change.pk}",
                    message=Message(
                        "notice.profile_change", {"model": change.model.name, "by": change.proposed_by.name}
                    ),
                    url=reverse("profile-change", args=[change.model_id, change.pk]),
                    team=change.model.team or change.to_team,
                    subject=("model", change.model_id, change.model.name),
                )
