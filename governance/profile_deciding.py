"""Who may decide on a proposed profile, in pairs: `check_can_x` raises with a sentence, `can_x` serves a button."""

from __future__ import annotations

from governance.models import Profile, ProfileChange, ProfileChangeState
from governance.profile_change import softens
from portal.accounts.permissions import require
from portal.web.errors import Conflict, Forbidden, asking


def softened(change: ProfileChange, kept: Profile) -> list[str]:
    """The parts in which a proposal may let pass what did not pass before; a first profile replaces none."""
    if not kept.agreed:
        return []
    team = change.model.team
    before = {**kept.content, "pinned": kept.pinned, "team": team.slug if team else ""}
    return softens(before, {**change.content, "pinned": change.pinned, "team": change.to_team.slug})


def check_can_agree(change: ProfileChange, kept: Profile, user) -> None:
    """A second person; where the change softens, a reviewer who belongs to neither team."""
    _check_waits(change)
    if change.proposed_by_id == user.pk:
        raise Forbidden("profile.own")
    if softened(change, kept):
        if not user.has_perm("profile.soften", change) or change.to_team_id in user.team_roles:
            raise Forbidden("profile.softens")
        return
    require(user, "profile.agree", change)


def check_can_refuse(change: ProfileChange, kept: Profile, user) -> None:
    """Whoever might agree to some change of it; to refuse one that softens, the team's manager is enough."""
    _check_waits(change)
    if change.proposed_by_id == user.pk:
        raise Forbidden("profile.own")
    require(user, "profile.agree", change)


def check_can_withdraw(change: ProfileChange, kept: Profile, user) -> None:
    """Who proposed it, and their team."""
    _check_waits(change)
    if change.proposed_by_id != user.pk:
        require(user, "profile.change", change)


def _check_waits(change: ProfileChange) -> None:
    if change.state != ProfileChangeState.PROPOSED:
        raise Conflict("profile.decided")


can_agree = asking(check_can_agree)
can_refuse = asking(check_can_refuse)
can_withdraw = asking(check_can_withdraw)
