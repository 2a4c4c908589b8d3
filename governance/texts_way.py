"""Sentences of the way through: what would let a version pass, and what a new version finds."""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        # groups
        "way.group.at-least": gettext_noop(
            "%(group)s: %(rate)s of at least %(wanted)s of %(total)s, now %(now)s (%(value)s at this number of cases)."
        ),
        "way.group.at-most": gettext_noop(
            "%(group)s: %(rate)s of at most %(wanted)s of %(total)s, now %(now)s (%(value)s at this number of cases)."
        ),
        "way.group.nearer": gettext_noop(
            "%(group)s: %(rate)s closer to the others; the group is too small for figures."
        ),
        "way.group.more": gettext_noop("%(group)s: about %(more)s more labelled cases for the %(rate)s, now %(now)s."),
        "way.group.more-words": gettext_noop("%(group)s: more labelled cases for the %(rate)s."),
        "way.group.too-few": gettext_noop(
            "%(group)s: %(now)s cases for the %(rate)s are too few, whatever the rate: the interval alone is wider "
            "than %(limit)s. More labelled cases first."
        ),
        "way.group.cases": gettext_noop(
            "%(group)s: %(more)s more cases, now %(now)s of the %(least)s that are asked for."
        ),
        "way.group.few": gettext_noop("%(group)s: at least %(least)s cases."),
        "way.groups.more": gettext_noop("Further groups that have to come closer: %(count)s."),
        "way.gap.value": gettext_noop(
            "Gap in the %(rate)s by %(feature)s: at most %(value)s while its interval is as wide as now; it is %(now)s."
        ),
        "way.gap.too-wide": gettext_noop(
            "Gap in the %(rate)s by %(feature)s: its interval alone is wider than %(limit)s. More labelled cases first."
        ),
        # a metric
        "way.count.at-least": gettext_noop(
            "%(metric)s %(limits)s: at least %(wanted)s of %(total)s, now %(now)s (%(value)s at this number of cases)."
        ),
        "way.value.at-least": gettext_noop(
            "%(metric)s %(limits)s: at least %(value)s while its interval is as wide as now; it is %(now)s."
        ),
        "way.value.at-most": gettext_noop(
            "%(metric)s %(limits)s: at most %(value)s while its interval is as wide as now; it is %(now)s."
        ),
        "way.value.above": gettext_noop("%(metric)s %(limits)s: more than %(limit)s, which it is exactly."),
        "way.value.too-few": gettext_noop("%(metric)s %(limits)s: %(total)s cases are too few, whatever the value."),
        "way.rows": gettext_noop(
            "%(metric)s %(limits)s: at this value about %(rows)s cases decide it, %(factor)s times as many as now."
        ),
        "way.rows.too-close": gettext_noop(
            "%(metric)s %(limits)s: the value is so close to the limit that more cases do not decide it."
        ),
        "way.live": gettext_noop(
            "%(metric)s: better by %(by)s on the same rows, so that it is not surely worse than live."
        ),
        "way.live.words": gettext_noop("%(metric)s: better, so that it is not surely worse than the live version."),
        # columns
        "way.drift.value": gettext_noop("%(column)s: moved by at most %(value)s, now %(now)s."),
        "way.drift.rows": gettext_noop("%(column)s: at this distance about %(rows)s rows decide it."),
        "way.columns.more": gettext_noop("Further columns: %(count)s."),
        "way.reliance": gettext_noop("At most %(share)s of the explanation on sensitive columns, now %(now)s."),
        "way.fact": gettext_noop("The pipeline tells %(key)s again, %(limits)s."),
        "way.denied": gettext_noop("%(who)s has denied it: new evidence, and a new decision."),
        "way.challenger": gettext_noop("On the challenger set %(name)s: %(step)s"),
        "way.more": gettext_noop("Further points of this check: %(count)s."),
        # what a new version finds
        "way.kept.profile": gettext_noop("the profile"),
        "way.kept.waiver": gettext_noop("the waiver of “%(gate)s”"),
        "way.kept.level": gettext_noop("the team's level"),
        "way.lapses.evidence": gettext_noop("all audits"),
        "way.lapses.approval": gettext_noop("the approval of %(who)s"),
        "way.lapses.marks": gettext_noop("the signed checklist"),
        "way.lapses.waiver": gettext_noop("the waiver of “%(gate)s”, signed for this version alone"),
    }
)
