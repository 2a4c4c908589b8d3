"""Sentences of environments: what stands before what, when moves are made, the way back."""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        # one environment after another
        "gates.audit.after": gettext_noop("environment before"),
        "gates.after.stands": gettext_noop("The version stands in %(environment)s."),
        "gates.after.absent": gettext_noop("The version does not stand in %(environment)s now."),
        "gates.after.other": gettext_noop("In %(environment)s it stands with other files than it has now."),
        "gates.after.unknown": gettext_noop(
            "It is not known whether the version stands in %(environment)s with the files that it has now."
        ),
        "gates.fix.after": gettext_noop("Promote it to %(environment)s first."),
        # who
        "promotion.ask-group": gettext_noop("Only these ask for promotions here: %(groups)s."),
        "promotion.lapsed.place-role": gettext_noop("Lapsed, since the approver may not approve here any more."),
        # the way back
        "gates.audit.again": gettext_noop("place before"),
        "gates.env.again": gettext_noop("The version stood in %(environment)s by approval, with the files of now."),
        "gates.again.stood": gettext_noop("The version stood in %(environment)s with these files."),
        "gates.again.never": gettext_noop("The version never stood in %(environment)s by a regular approval."),
        "gates.again.other": gettext_noop("The version stood in %(environment)s with other files than it has now."),
        "gates.again.unknown": gettext_noop(
            "It is not known whether the version stood in %(environment)s with the files that it has now."
        ),
        "rollback.group": gettext_noop("Only these may go back to an earlier version here: %(groups)s."),
        "rollback.reason": gettext_noop("Say why an earlier version has to go back."),
        "rollback.never-there": gettext_noop("This version never stood in %(environment)s by a regular approval."),
        "placements.on": gettext_noop(
            "Write a date such as 2026-11-20, or a moment such as 2026-11-20T18:00:00+09:00."
        ),
        # when moves are made
        "move.window": gettext_noop("It will be made on %(moment)s. %(reason)s"),
        "move.window.shut": gettext_noop("It is outside the hours of the policy. %(windows)s"),
        "move.window.freeze": gettext_noop("No moves are made now: %(why)s."),
        "move.window.never": gettext_noop(
            "The windows and freezes of the policy leave no moment for it in more than a year."
        ),
        # putting back
        "move.restores": gettext_noop("Somebody moved the alias without a decision: finding %(finding)s."),
        "move.restored-late": gettext_noop("Something else stands there by now, so it was not put back."),
        # models that are environments
        "move.copying": gettext_noop("Copying the version into %(name)s."),
        "move.transferring": gettext_noop("Copying the files to %(registry)s, for %(name)s."),
        "move.arrived-otherwise": gettext_noop(
            "The files that %(registry)s has now for %(name)s differ from those that were sent."
        ),
        "move.no-room": gettext_noop("The worker cannot keep the files while they are copied: %(detail)s."),
        "move.no-copy": gettext_noop("The copy in %(name)s is not to be seen after it was made."),
        "place.kind": gettext_noop("Choose an alias, a model of its own, or another registry."),
        "place.pattern": gettext_noop("Write a name with {name} in it once, such as prod.{name}."),
        "place.name": gettext_noop("MLflow does not take %(name)s as the name of a model."),
        "place.name-long": gettext_noop("The name %(name)s is longer than the %(limit)s characters allowed."),
        "place.taken": gettext_noop("The model %(name)s is there already and belongs to another."),
        "place.taken-there": gettext_noop(
            "In %(registry)s there is a model %(name)s already. Models of the same name on two servers stay apart: "
            "give a name such as prod.{name}."
        ),
        "place.target": gettext_noop("Choose the registry in which it lies."),
        "place.target-same": gettext_noop("Choose another registry than the one whose models are promoted."),
        "place.target-paused": gettext_noop("%(registry)s is paused. Resume its connection first."),
        "place.target-unread": gettext_noop("%(registry)s has not been read yet, so nothing is known of it."),
        "place.target-away": gettext_noop("%(registry)s could not be read the last time: %(reason)s"),
        "place.target-rights": gettext_noop(
            "The account of the connection to %(registry)s may only read there. Give it the right to make models."
        ),
        "place.moving": gettext_noop("Something is on its way into this environment. Try again when it is there."),
        "place.copy": gettext_noop("This model is a copy for an environment: the profile of %(name)s governs it."),
        "move.fenced": gettext_noop("Another worker has taken this move over."),
    }
)
