"""Who may do what with a promotion, in pairs: `check_can_x` raises with a sentence, `can_x` answers for a button."""

from __future__ import annotations

from governance import lifecycle
from governance.gates import Verdict
from governance.models import ModelVersion, Promotion
from governance.policy import group_name
from governance.requesters import requesters_of
from governance.seats import REVIEWER, progress_of, seat_for, seats_of
from portal.accounts.permissions import require
from portal.web.errors import Conflict, Forbidden, asking


def is_requester(promotion: Promotion, user) -> bool:
    """Whether the user asked for it, at first or again."""
    return promotion.requested_by_id == user.pk or user.pseudonym in requesters_of(promotion)


def is_author(promotion: Promotion, user) -> bool:
    """Whether the user made the version that is to go."""
    return made_by(promotion.version, user)


def made_by(version: ModelVersion, user) -> bool:
    """Whether the run names the user: by address, by what stands before its @, or by name."""
    author = version.author.strip().casefold()
    return bool(author) and author in {
        user.email.casefold(),
        user.email.partition("@")[0].casefold(),
        user.name.strip().casefold(),
    }


def check_state(promotion: Promotion, event: str) -> str:
    """The state that follows the event."""
    try:
        return lifecycle.check(promotion.state, event)
    except lifecycle.IllegalChange as error:
        raise Conflict(error.message) from error


def check_person(promotion: Promotion, user, acting_for=None) -> None:
    """Only members of the groups that are asked approve, or their deputies; never what either asked for or made."""
    if not seats_of(promotion, user, acting_for):
        groups = {need.group for need in progress_of(promotion).needs}
        if groups <= {REVIEWER} and acting_for is None:
            require(user, "promotion.decide", promotion)
        raise Forbidden("promotion.group", groups=[group_name(group) for group in sorted(groups)])
    for person in (user, acting_for):
        if person and is_requester(promotion, person):
            raise Forbidden("promotion.own" if person == user else "promotion.principal-own")
        if person and is_author(promotion, person):
            raise Forbidden("promotion.author" if person == user else "promotion.principal-author")


def check_can_approve(promotion: Promotion, user, acting_for=None) -> None:
    check_person(promotion, user, acting_for)
    check_state(promotion, "approve")
    if spoken := progress_of(promotion).spoken & {user.pk, acting_for.pk if acting_for else user.pk}:
        raise Conflict("promotion.twice" if user.pk in spoken else "promotion.principal-twice")
    if not promotion.verdict:
        raise Conflict("promotion.not-computed")
    verdict = Verdict.from_json(promotion.verdict)
    if not verdict.passes:
        raise Conflict(verdict.message)
    if seat_for(promotion, user, acting_for) is None:
        waiting = [group_name(need.group) for need in progress_of(promotion).open]
        raise Conflict("promotion.not-your-turn", groups=waiting)


def check_decides(promotion: Promotion, user) -> None:
    """Reviewers give back and refuse, and so do those whose approval is asked for."""
    if not seats_of(promotion, user):
        require(user, "promotion.decide", promotion)


def check_can_send_back(promotion: Promotion, user) -> None:
    check_decides(promotion, user)
    check_state(promotion, "send_back")


def check_can_refuse(promotion: Promotion, user) -> None:
    check_decides(promotion, user)
    check_state(promotion, "refuse")


def check_can_resubmit(promotion: Promotion, user) -> None:
    require(user, "promotion.request", promotion)
    check_state(promotion, "resubmit")


def check_can_withdraw(promotion: Promotion, user) -> None:
    if promotion.requested_by_id != user.pk:
        require(user, "promotion.withdraw", promotion)
    check_state(promotion, "withdraw")


def check_can_retry(promotion: Promotion, user) -> None:
    if not user.has_perm("promotion.decide"):
        require(user, "promotion.request", promotion)
    check_state(promotion, "retry")


can_approve = asking(check_can_approve)
can_send_back = asking(check_can_send_back)
can_refuse = asking(check_can_refuse)
can_resubmit = asking(check_can_resubmit)
can_withdraw = asking(check_can_withdraw)
can_retry = asking(check_can_retry)
