"""Sentences of promotions and moves, and the words of their records."""

from __future__ import annotations

from portal.ledger.words import register_actions
from portal.message import gettext_noop, register

register(
    {
        # asking
        "promotion.gone": gettext_noop("The version does not exist in the registry any more."),
        "promotion.no-team": gettext_noop("Nobody owns the model yet. Its team claims it by writing the profile."),
        "promotion.active": gettext_noop("A promotion of this version to %(environment)s is already under way."),
        "promotion.there": gettext_noop("This version is already in %(environment)s."),
        # deciding
        "promotion.own": gettext_noop("You asked for this promotion. Somebody else has to approve it."),
        "promotion.author": gettext_noop("You made this version. Somebody else has to approve it."),
        "promotion.twice": gettext_noop("You have approved this already. Somebody else has to give the next approval."),
        "promotion.group": gettext_noop("Only these approve here, or their deputies: %(groups)s."),
        "promotion.not-your-turn": gettext_noop("It is not your turn: this is waited for now: %(groups)s."),
        "promotion.principal-own": gettext_noop("The person you act for asked for this promotion."),
        "promotion.principal-author": gettext_noop("The person you act for made this version."),
        "promotion.principal-twice": gettext_noop("The person you act for has approved this already."),
        "promotion.reason": gettext_noop("Give a reason, so that the team knows what to change."),
        "promotion.not-computed": gettext_noop("The checks have not been computed yet."),
        "promotion.changed": gettext_noop(
            "Nothing was recorded, since the promotion changed after you opened it: %(changes)s. Look at it again."
        ),
        "promotion.changed-now": gettext_noop(
            "Nothing was recorded, since the promotion has just changed. Look at it again."
        ),
        "promotion.change.request": gettext_noop("it was asked for"),
        "promotion.change.rollback_asked": gettext_noop("it was asked for"),
        "promotion.change.rollback": gettext_noop("the way back was taken"),
        "promotion.change.ask_break_glass": gettext_noop("an emergency passage was asked for"),
        "promotion.change.automatic": gettext_noop("the policy let it go"),
        "promotion.change.break_glass": gettext_noop("it was let through in an emergency"),
        "promotion.change.recompute": gettext_noop("the checks were computed anew"),
        "promotion.change.lapse": gettext_noop("an approval lapsed"),
        "promotion.change.approve": gettext_noop("an approval was given"),
        "promotion.change.send_back": gettext_noop("it was sent back"),
        "promotion.change.refuse": gettext_noop("it was refused"),
        "promotion.change.resubmit": gettext_noop("it was submitted again"),
        "promotion.change.withdraw": gettext_noop("it was withdrawn"),
        "promotion.change.moved": gettext_noop("it was put in place"),
        "promotion.change.move_failed": gettext_noop("its move failed"),
        "promotion.change.retry": gettext_noop("its move was tried again"),
        # approvals that lapse
        "promotion.lapsed": gettext_noop("Lapsed, since what it binds has changed: %(what)s."),
        "promotion.lapsed.expired": gettext_noop("Lapsed, since its time is over."),
        "promotion.lapsed.role": gettext_noop("Lapsed, since the approver does not belong to %(group)s any more."),
        "promotion.lapsed.deputy": gettext_noop("Lapsed, since the approver is not the deputy any more."),
        "promotion.lapsed.sent_back": gettext_noop("Lapsed, since the promotion was sent back."),
        "promotion.lapsed.automatic": gettext_noop(
            "Lapsed before the move: the checks, the team's level or a person's no do not let it go without a person."
        ),
        "promotion.lapsed.passage": gettext_noop("The emergency passage is over, and the move was not made."),
        "promotion.lapsed.verdict": gettext_noop("Lapsed before the move. %(verdict)s"),
        "promotion.bound.artifact": gettext_noop("the model's files"),
        "promotion.bound.policy": gettext_noop("the policy"),
        "promotion.bound.profile": gettext_noop("the profile"),
        "promotion.bound.evidence": gettext_noop("the evidence"),
        "promotion.bound.exceptions": gettext_noop("the exceptions"),
        # moving
        "move.checking": gettext_noop("Checking that nothing has changed since the approval."),
        "move.setting": gettext_noop("Setting the alias %(alias)s to version %(number)s."),
        "move.recording": gettext_noop("Reading the alias back and recording it."),
        "move.unnumbered": gettext_noop("Waiting until the decision is numbered in the ledger."),
        "move.turn": gettext_noop("Waiting for an earlier move of the alias %(alias)s."),
        "move.retry": gettext_noop("The registry could not be used; the move is tried again. %(reason)s"),
        "move.not-set": gettext_noop("The alias %(alias)s still points at %(found)s after it was set to %(number)s."),
        "move.given-up": gettext_noop("The move was given up after %(minutes)s minutes. %(reason)s"),
        "move.gone": gettext_noop("The version has been deleted in the registry, so it was not moved."),
        "move.overtaken": gettext_noop(
            "A promotion approved later has already been put in place, so this one was not moved. Ask for it anew."
        ),
        "move.changed": gettext_noop("The version was not moved, and the promotion is open again. %(reason)s"),
        "move.no-decision": gettext_noop("The version was not moved: no approval of it stands."),
        # the verdict command
        "verdict.no-registry": gettext_noop("There is no registry %(registry)s. Known: %(known)s."),
        "verdict.no-model": gettext_noop("The registry %(registry)s has no model %(model)s."),
        "verdict.no-version": gettext_noop("The model %(model)s has no version %(version)s."),
    }
)

register_actions(
    {
        "policy.publish": gettext_noop("Policy published"),
        "promotion.request": gettext_noop("Promotion requested"),
        "promotion.recompute": gettext_noop("Checks computed"),
        "promotion.lapse": gettext_noop("Approval lapsed"),
        "promotion.approve": gettext_noop("Promotion approved"),
        "promotion.automatic": gettext_noop("Promotion approved by the policy"),
        "promotion.ask_break_glass": gettext_noop("Emergency passage asked for"),
        "promotion.break_glass": gettext_noop("Emergency passage opened"),
        "promotion.send_back": gettext_noop("Promotion sent back"),
        "promotion.refuse": gettext_noop("Promotion refused"),
        "promotion.resubmit": gettext_noop("Promotion submitted again"),
        "promotion.withdraw": gettext_noop("Promotion withdrawn"),
        "promotion.moved": gettext_noop("Alias moved"),
        "promotion.move_failed": gettext_noop("Move failed"),
        "promotion.retry": gettext_noop("Move tried again"),
    }
)
