"""Sentences of reading policies, and of policies in words, by code.

Pure: no Django. Titles stand in the policy, in both languages.
"""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        # reading
        "policy.date": gettext_noop("a date such as 2026-12-26 is expected"),
        "policy.clock": gettext_noop('a time of day in quotes is expected, such as "18:00"'),
        "policy.timezone": gettext_noop("a time zone such as Asia/Tokyo is expected"),
        "policy.scalar": gettext_noop("a text, a number, true or false is expected"),
        "policy.whether": gettext_noop("true or if_live is expected"),
        "policy.fact-key": gettext_noop(
            "a name of small letters, digits, -, _ and . is expected, beginning with a letter"
        ),
        "policy.too-many": gettext_noop("there are more than %(limit)s"),
        "policy.after-itself": gettext_noop("an environment cannot come after itself"),
        "policy.fact-needs": gettext_noop("one of equals, at_least and at_most is needed"),
        "policy.fact-both": gettext_noop("it stands beside at_least or at_most; only one of them can hold"),
        "policy.performance-needs": gettext_noop("one of at_least, at_most and not_worse is needed"),
        "policy.slices-alone": gettext_noop("it needs not_worse beside it"),
        "policy.lower-is-better": gettext_noop("of %(metric)s less is better; write at_most"),
        "policy.higher-is-better": gettext_noop("of %(metric)s more is better; write at_least"),
        "policy.limits-crossed": gettext_noop("it is less than at_least, so that nothing could pass"),
        "policy.stages-or-required": gettext_noop("stages say who must agree; this has no place beside them"),
        "policy.nobody": gettext_noop("somebody must agree: at least one stage is needed"),
        "policy.maturity-rule": gettext_noop("automatic_from, extra_below or both are needed"),
        "policy.maturity-crossed": gettext_noop("it cannot be higher than automatic_from"),
        "policy.window-ends": gettext_noop("a window ends after it begins, on the same day"),
        "policy.freeze-ends": gettext_noop("a freeze ends on the day it begins or later"),
        "policy.level": gettext_noop("%(framework)s has the levels 0 to %(top)s"),
        # several policies
        "policy.alias-differs": gettext_noop(
            "The policy %(key)s gives %(environment)s the alias %(one)s, not %(other)s: one environment has one alias."
        ),
        "policy.alias-taken": gettext_noop(
            "The alias %(alias)s is that of %(environment)s already, by the policy %(key)s."
        ),
        "policy.none-applies": gettext_noop(
            "No policy in force for %(environment)s applies to such a model (%(kind)s, risk %(risk)s)."
        ),
        "policy.no-group": gettext_noop("There is no group of approvers %(groups)s; an administrator makes it first."),
        "policy.few-people": gettext_noop(
            "In %(place)s the policy asks for people of the group %(group)s: %(needed)s. It has: %(count)s."
        ),
        "policy.altered": gettext_noop(
            "The text of the policy %(key)s %(version)s is not the one that was published, so nothing is judged by it. "
            "An administrator compares it with the ledger and a backup."
        ),
        # drafts
        "policy.draft.changed": gettext_noop(
            "Somebody else has saved this draft meanwhile. Your text is kept below; compare, then save again."
        ),
        "policy.draft.changed-self": gettext_noop(
            "You have saved this draft yourself meanwhile, in another window. What you typed here is kept below; "
            "compare, then save again."
        ),
        "policy.draft.own": gettext_noop(
            "Whoever changed a draft last does not publish it: another administrator does."
        ),
        "policy.draft.key": gettext_noop(
            "The text's key is %(key)s, not %(draft)s. A draft of another policy begins under its own key."
        ),
        "policy.draft.old": gettext_noop(
            "Version %(version)s was published since this draft began. Look at the difference, then save it again."
        ),
        "policy.draft.none": gettext_noop("There is no draft of this policy."),
        "policy.draft.name": gettext_noop(
            "A key of small letters, digits, - and _ is needed, beginning with a letter, of at most 40."
        ),
        # what a gate requires
        "gates.needs.told": gettext_noop("%(what)s It is at most %(days)s days old and %(labels)s."),
        "gates.needs.marks": gettext_noop("%(what)s Each was confirmed at most %(days)s days ago."),
        "gates.needs.confidence": gettext_noop("The intervals are of at least %(confidence)s."),
        "gates.needs.performance.floor": gettext_noop("The whole interval of %(metric)s is %(limits)s."),
        "gates.needs.performance.always": gettext_noop(
            "By %(metric)s it is not worse than the live version on the same rows."
        ),
        "gates.needs.performance.if_live": gettext_noop(
            "By %(metric)s it is not worse than the live version on the same rows, if another one is live."
        ),
        "gates.needs.performance.slices": gettext_noop("No part of the data is worse than with the live version."),
        "gates.needs.drift.all": gettext_noop(
            "No column that was compared has moved by more than %(tolerance)s, its whole interval considered."
        ),
        "gates.needs.drift.named": gettext_noop(
            "None of these columns has moved by more than %(tolerance)s, its whole interval considered: %(columns)s."
        ),
        "gates.needs.drift.block": gettext_noop("A column that cannot be judged keeps the gate shut."),
        "gates.needs.drift.allow": gettext_noop("Columns that cannot be judged are left out."),
        "gates.needs.safety": gettext_noop("These pass: %(items)s."),
        "gates.needs.replay": gettext_noop(
            "Sekisho has run the model again on at least %(rows)s rows, and it gave the predictions that were supplied."
        ),
        "gates.needs.checklist": gettext_noop("Confirmed by name: %(items)s."),
        "gates.needs.item": gettext_noop("%(item)s (%(groups)s)"),
        "gates.needs.fact": gettext_noop("A pipeline has told %(key)s: %(limits)s."),
        "gates.needs.waivable": gettext_noop("%(group)s may waive it for at most %(days)s days."),
        "gates.needs.ruling": gettext_noop("Where it is undecided, %(group)s may decide, for at most %(days)s days."),
        "gates.metric.profile": gettext_noop("the profile's metric"),
        "gates.group.kept": gettext_noop("%(approver_group)s"),
        "gates.group.owner": gettext_noop("the owner team"),
        "gates.group.reviewer": gettext_noop("reviewers"),
        "gates.group.author-team-manager": gettext_noop("managers of the author's team"),
        # who must agree
        "gates.stage": gettext_noop("Must agree, %(group)s: %(n)s."),
        "gates.stage.due": gettext_noop("Must agree, %(group)s: %(n)s. Due after business days: %(days)s."),
        "gates.stages.in-order": gettext_noop("One group after the other."),
        "gates.stages.any-order": gettext_noop("In any order."),
        "gates.stages.never": gettext_noop("Not who asks, and not who made the version."),
        "gates.stages.expire": gettext_noop("An approval holds for %(days)s days."),
        "gates.rule.whole": gettext_noop("the owner team's official level in %(framework)s"),
        "gates.rule.part": gettext_noop("the owner team's official level in %(framework)s, %(dimension)s,"),
        "gates.rule.automatic": gettext_noop(
            "Nobody need agree to a clean pass where %(where)s is at least %(level)s."
        ),
        "gates.rule.extra": gettext_noop("One more must agree where %(where)s is below %(level)s or not known."),
        # what else holds in an environment
        "gates.env.after": gettext_noop("The version stands in %(environment)s already."),
        "gates.env.window": gettext_noop("Moves are made on %(days)s, %(from)s to %(to)s (%(zone)s)."),
        "gates.env.freeze": gettext_noop("No moves from %(from)s to %(to)s (%(zone)s): %(why)s."),
        "gates.env.break-glass": gettext_noop(
            "In an emergency two of %(group)s open it for %(hours)s hours; reviewed within %(days)s business days."
        ),
        "gates.env.rollback": gettext_noop("Back to an earlier version: gates %(gates)s. %(stages)s"),
        "gates.env.no-gate": gettext_noop("none"),
        "gates.env.nobody": gettext_noop("Nobody need agree."),
        "gates.env.restore": gettext_noop("An alias that nobody decided to move is moved back."),
        "gates.env.request": gettext_noop("May ask: %(groups)s."),
        "gates.env.approve": gettext_noop("May approve: %(groups)s."),
        "gates.scope": gettext_noop("Only for: %(words)s."),
        "gates.scope.risk": gettext_noop("risk %(risk)s"),
        "gates.day.mon": gettext_noop("Monday"),
        "gates.day.tue": gettext_noop("Tuesday"),
        "gates.day.wed": gettext_noop("Wednesday"),
        "gates.day.thu": gettext_noop("Thursday"),
        "gates.day.fri": gettext_noop("Friday"),
        "gates.day.sat": gettext_noop("Saturday"),
        "gates.day.sun": gettext_noop("Sunday"),
        # a dry run
        "policy.dry.nothing": gettext_noop("There is no version yet that this applies to."),
        "policy.dry.refused": gettext_noop(
            "Of the last %(all)s versions it would have refused %(count)s, for: %(reasons)s. For want of evidence: "
            "%(unknown)s."
        ),
        "policy.dry.refused-let": gettext_noop(
            "Of the last %(all)s versions it would have refused %(count)s, for: %(reasons)s. For want of evidence: "
            "%(unknown)s. Refused today, it would let pass: %(let)s."
        ),
        "policy.dry.none": gettext_noop("Of the last %(all)s versions it would have refused no other than today."),
        "policy.dry.none-let": gettext_noop(
            "Of the last %(all)s versions it would have refused no other than today. Refused today, it would let "
            "pass: %(let)s."
        ),
        "policy.dry.reason": gettext_noop("%(title)s (%(count)s)"),
    }
)
