"""Sentences of groups, deputies and exceptions to gates, and the words of their records."""

from __future__ import annotations

from portal.ledger.words import register_actions, register_fields, register_subjects
from portal.message import gettext_noop, register

register(
    {
        "group.built-in": gettext_noop("This group is built in: choose another key."),
        "group.taken": gettext_noop("There is a group with this key already."),
        "group.past": gettext_noop("Choose a moment that is yet to come."),
        "group.inactive": gettext_noop("This person's account is shut."),
        "group.member-already": gettext_noop("This person is a member already."),
        "group.no-member": gettext_noop("This person is no member any more."),
        "deputy.oneself": gettext_noop("Nobody is their own deputy."),
        "deputy.until": gettext_noop("Choose an end that is yet to come, at most a year after the beginning."),
        "deputy.reason": gettext_noop("Say why somebody stands in for you."),
        "deputy.over": gettext_noop("This has ended already."),
        "comment.text": gettext_noop("Write something, of 5,000 characters at most."),
        "comment.nowhere": gettext_noop("There is no such promotion."),
        "waiver.no-gate": gettext_noop("The rules have no such gate."),
        "waiver.not-allowed": gettext_noop("The policy does not allow this gate to be waived."),
        "waiver.group": gettext_noop("Only these may sign this waiver: %(group)s."),
        "waiver.author": gettext_noop("You made this version. Somebody else has to sign the waiver."),
        "waiver.own": gettext_noop("You asked for this promotion. Somebody else has to sign the waiver."),
        "waiver.reason": gettext_noop("Say why the gate may be passed by."),
        "waiver.until": gettext_noop("Choose an end that is yet to come, at most %(days)s days from now."),
        "waiver.over": gettext_noop("This has ended already."),
        "condition.text": gettext_noop("Say what has to be done, in %(most)s characters at most."),
        "condition.wrong": gettext_noop("Nothing was recorded: a condition lacks something."),
        "condition.many": gettext_noop("At most %(most)s conditions."),
        "finding.condition": gettext_noop("%(model)s %(number)s was approved for %(environment)s on a condition."),
        "break-glass.not-allowed": gettext_noop("The policy has no emergency passage here."),
        "break-glass.group": gettext_noop("Only these open the emergency passage: %(group)s."),
        "break-glass.own": gettext_noop("You asked for this promotion. Two others have to open the emergency passage."),
        "break-glass.author": gettext_noop("You made this version. Two others have to open the emergency passage."),
        "break-glass.same": gettext_noop("You asked for the passage. Somebody else has to open it."),
        "break-glass.asked": gettext_noop("The passage has been asked for already, and waits for the second person."),
        "break-glass.nobody": gettext_noop("Nobody has asked for the passage within the last hour."),
        "break-glass.used": gettext_noop("The passage was opened once for this promotion. Ask for the promotion anew."),
        "finding.break_glass": gettext_noop(
            "%(model)s %(number)s was let into %(environment)s past its gates in an emergency. Review it."
        ),
        "ruling.not-allowed": gettext_noop("The policy lets nobody decide on this gate."),
        "ruling.group": gettext_noop("Only these may decide on this gate: %(group)s."),
        "ruling.author": gettext_noop("You made this version. Somebody else has to decide on the gate."),
        "ruling.own": gettext_noop("You asked for this promotion. Somebody else has to decide on the gate."),
        "ruling.reason": gettext_noop("Say why the gate may pass, or may not, on this evidence."),
        "ruling.outcome": gettext_noop("Choose whether the gate is let pass or denied."),
        "ruling.closed": gettext_noop("The promotion is not open any more."),
        "ruling.changed": gettext_noop("Nothing was recorded, since the evidence has just changed. Look at it again."),
        "ruling.not-undecided": gettext_noop("The gate is not undecided: there is nothing to decide on it."),
        "ruling.there": gettext_noop("Somebody has decided on this gate already. End that decision first."),
    }
)

register_subjects({"approver-group": gettext_noop("Group of approvers")})

register_actions(
    {
        "group.make": gettext_noop("Group of approvers made"),
        "group.add": gettext_noop("Member of a group added"),
        "group.remove": gettext_noop("Member of a group removed"),
        "deputy.name": gettext_noop("Deputy named"),
        "deputy.end": gettext_noop("Deputyship ended"),
        "promotion.comment": gettext_noop("Word on a promotion"),
        "waiver.sign": gettext_noop("Waiver signed"),
        "waiver.end": gettext_noop("Waiver ended"),
        "ruling.sign": gettext_noop("Undecided gate decided on"),
        "ruling.end": gettext_noop("Decision on an undecided gate ended"),
    }
)

register_fields(
    {
        "stage": gettext_noop("Stage"),
        "group": gettext_noop("Group"),
        "acting_for": gettext_noop("In the place of"),
        "deputy": gettext_noop("Deputy"),
        "since": gettext_noop("Since"),
        "ends": gettext_noop("Ends"),
        "member": gettext_noop("Member"),
        "because.promotion.lapsed.expired": gettext_noop("Its time is over"),
        "because.promotion.lapsed.role": gettext_noop("The approver does not belong to the group any more"),
        "because.promotion.lapsed.deputy": gettext_noop("The approver is not the deputy any more"),
        "because.promotion.lapsed.automatic": gettext_noop("It may no longer go without a person"),
        "because.promotion.lapsed.passage": gettext_noop("The emergency passage is over"),
        "conditions": gettext_noop("Conditions"),
        "levels": gettext_noop("Levels"),
        "first": gettext_noop("First person"),
        "asked": gettext_noop("Record of the request"),
        "check": gettext_noop("Check"),
        "comment": gettext_noop("Comment"),
        "waived_gate": gettext_noop("Waived gate"),
        "ruled_gate": gettext_noop("Gate decided on"),
    }
)
