"""Levels in sentences, in the reader's language: the same on page and in PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from assessments.evidence_rules import fact_name
from assessments.facts import CATALOGUE
from assessments.framework import Framework, Rule, Text
from assessments.levels import Current
from assessments.models import Assessment
from assessments.scoring import Levels
from portal.message import Message, number
from portal.web.say import say

SHOWN = 2  # how many criteria a sentence names before it counts the rest
SIGNS = {"at_least": "≥", "at_most": "≤", "above": ">", "below": "<"}


def text(words: Text) -> str:
    """A framework's text in the reader's language."""
    return words.in_(get_language())


def joined(parts: Sequence[str]) -> str:
    return ("、" if (get_language() or "").startswith("ja") else ", ").join(parts)


def quoted(words: str) -> str:
    return f"「{words}」" if (get_language() or "").startswith("ja") else f"“{words}”"


def lead(current: Current) -> str:
    """The levels in one short sentence."""
    overall = current.score.overall
    if not current.assessed:
        return _("Not assessed yet.")
    if overall.claimed == overall.evidenced:
        return _("Level %(level)s, claimed and evidenced.") % {"level": overall.claimed}
    return _("Level %(claimed)s claimed, level %(evidenced)s evidenced.") % {
        "claimed": overall.claimed,
        "evidenced": overall.evidenced,
    }


def reason(current: Current) -> str:
    """What holds the claimed level where it is, and what stands above it."""
    framework, score = current.framework, current.score
    if not current.assessed:
        return _("Evidence alone shows level %(level)s.") % {"level": score.overall.evidenced}
    if score.overall.claimed == framework.top:
        return _("Every required criterion is claimed to be met.")
    lowest = [key for key, levels in score.dimensions.items() if levels.claimed == score.overall.claimed]
    held = _("Lowest: %(dimensions)s. Not met: %(criteria)s.") % {
        "dimensions": joined([text(framework.dimension(key).title) for key in lowest]),
        "criteria": criteria(framework, score.overall.blocking),
    }
    above = [
        _("%(dimension)s %(level)s") % {"dimension": text(framework.dimension(key).title), "level": levels.claimed}
        for key, levels in score.dimensions.items()
        if key not in lowest
    ]
    return held + (" " + _("Above it: %(list)s.") % {"list": joined(above)} if above else "")


def criteria(framework: Framework, keys: Sequence[str], shown: int = SHOWN) -> str:
    """The titles of criteria, the first few by name and the rest by number."""
    named = joined([quoted(text(framework.by_id[key].title)) for key in keys[:shown]])
    rest = len(keys) - shown
    return _("%(named)s and %(rest)s more") % {"named": named, "rest": rest} if rest > 0 else named


def span(levels: Levels) -> str:
    """The range while criteria are unknown: "at least 1, at most 3"; one figure once all are known."""
    if levels.at_least == levels.at_most:
        return str(levels.at_least)
    return _("at least %(low)s, at most %(high)s") % {"low": levels.at_least, "high": levels.at_most}


def ladder_label(title: str, levels: Levels, assessed: bool) -> str:
    """A ladder in words."""
    if not assessed:
        return _("%(dimension)s: not assessed; evidenced level %(evidenced)s") % {
            "dimension": title,
            "evidenced": levels.evidenced,
        }
    return _("%(dimension)s: claimed level %(claimed)s, evidenced level %(evidenced)s, %(range)s") % {
        "dimension": title,
        "claimed": levels.claimed,
        "evidenced": levels.evidenced,
        "range": span(levels),
    }


def official_label(title: str, levels: Levels, aim: int | None = None) -> str:
    """A ladder of the official level in words."""
    words = _(
        "%(dimension)s: official level %(official)s; claimed %(claimed)s, evidenced %(evidenced)s, "
        "reviewed %(reviewed)s"
    ) % {
        "dimension": title,
        "official": levels.official,
        "claimed": levels.claimed,
        "evidenced": levels.evidenced,
        "reviewed": levels.reviewed,
    }
    return words + (_("; target %(level)s") % {"level": aim} if aim is not None else "")


def official_strip(title: str, official: int | None, claimed: int | None, assessed: bool) -> str:
    """A small ladder of the official level in words."""
    if not assessed:
        return _("%(dimension)s: not assessed") % {"dimension": title}
    values = {"dimension": title, "official": official, "claimed": claimed}
    return _("%(dimension)s: official level %(official)s, claimed %(claimed)s") % values


def mark(assessment: Assessment) -> str:
    """What an assessment is on a trend."""
    if assessment.migrated_from_id:
        return _("Upgraded to version %(version)s") % {"version": assessment.framework_version}
    return _("Assessment signed") if assessment.signed_at else _("Assessment submitted")


def targets(framework: Framework, goals: Mapping[str, int]) -> str:
    """Levels that a plan reaches: "Training 3, Release 2"."""
    return joined(
        [
            _("%(dimension)s %(level)s") % {"dimension": text(framework.dimension(key).title), "level": level}
            for key, level in goals.items()
        ]
    )


def rule(condition: Rule | None) -> list[str]:
    """The tests of a rule, a line each; "any" groups are said in one line."""
    if condition is None:
        return []
    if condition.all:
        return [line for part in condition.all for line in rule(part)]
    if condition.any:
        return [pgettext("alternatives", " or ").join(" + ".join(rule(part)) for part in condition.any)]
    return [_test(condition)]


def _test(condition: Rule) -> str:
    name = say(fact_name(condition.fact))
    (test,) = condition.tests
    wanted = getattr(condition, test)
    if test == "is_":
        answer = say(Message(f"maturity.value.{'true' if wanted else 'false'}"))
        return f"{name}: {answer}"
    share = CATALOGUE[condition.fact].unit == "share"
    return f"{name} {SIGNS[test]} {f'{wanted * 100:g}%' if share else number(float(wanted))}"


def needed(condition: Rule | None, fact: str) -> float | None:
    """The share that a rule asks of a fact, for the mark on its bar."""
    if condition is None:
        return None
    if condition.fact == fact:
        return condition.at_least if condition.at_least is not None else condition.above
    return next((found for part in condition.parts if (found := needed(part, fact)) is not None), None)
