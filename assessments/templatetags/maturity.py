"""What maturity pages say: framework texts, levels and ranges in the reader's language."""

from __future__ import annotations

from urllib.parse import urlsplit

from django import template

from assessments import wording
from assessments.framework import Text
from assessments.models import AnswerValue
from assessments.scoring import Levels
from portal.message import Message
from portal.web.say import say

register = template.Library()


@register.filter
def text(words: Text | None) -> str:
    """A text of a framework."""
    return wording.text(words) if words else ""


@register.filter(name="range")
def level_range(levels: Levels) -> str:
    """ "at least 1, at most 3", or one figure."""
    return wording.span(levels)


@register.filter
def answer_word(value: str) -> str:
    return str(AnswerValue(value).label)


@register.filter
def effort(size: int) -> str:
    return say(Message(f"maturity.effort.{size}"))


@register.filter
def at(mapping, key):
    """The value of a key, or the item of a list at a place."""
    return mapping[key] if isinstance(mapping, list | tuple) else mapping.get(key)


@register.filter
def change_word(code: str) -> str:
    """What a map between versions does, in a word: to a criterion, or to its answers."""
    return say(Message(f"upgrade.map.{code}"))


@register.filter
def dimension(dimensions, key: str):
    """The dimension of a key."""
    return next(found for found in dimensions if found.key == key)


@register.simple_tag
def ladder_label(title: str, levels: Levels, assessed: bool = True) -> str:
    return wording.ladder_label(title, levels, assessed)


@register.simple_tag
def official_label(title: str, levels: Levels, aim: int | None = None) -> str:
    return wording.official_label(title, levels, aim)


@register.simple_tag
def official_strip(title: str, official: int | None, claimed: int | None, assessed: bool = True) -> str:
    """A small ladder of the official level in words."""
    return wording.official_strip(title, official, claimed, assessed)


@register.filter
def official_digit(levels: dict) -> str:
    """The official level of a stored score; records from before there was one have a dash."""
    return str(levels.get("official", "–"))


@register.simple_tag
def level_of(levels: Levels, kind: str) -> dict[str, int]:
    """A level in one of the four senses, and the highest that it can turn out to be."""
    return {"level": levels.level(kind), "highest": levels.highest(kind)}


@register.filter
def words(line: str) -> list[str]:
    return line.split()


@register.filter
def titles(criteria) -> str:
    """The titles of criteria in one line."""
    return wording.joined([wording.quoted(wording.text(criterion.title)) for criterion in criteria])


@register.filter
def host(address: str) -> str:
    """Where a link leads: its host alone."""
    return urlsplit(address).hostname or address
