"""Words of the way through."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.message import Message
from portal.web.say import say

register = template.Library()


@register.filter
def all_said(messages: Iterable[Message]) -> str:
    """Some words in a row."""
    return pgettext("between words", ", ").join(say(message) for message in messages)


@register.filter
def lasting(length: timedelta | None) -> str:
    """A duration in words, with no more precision than such figures have."""
    if length is None:
        return _("not known")
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute")
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}


@register.filter(name="long")
def in_days(length: timedelta) -> str:
    """A duration as one figure: days from two on, hours from one on, else minutes."""
    hours = length.total_seconds() / 3600
    if hours >= 48:
        return _("%(days)s d") % {"days": f"{hours / 24:.1f}"}
    if hours < 1:
        return lasting(length)
    return _("%(hours)s h") % {"hours": f"{hours:.1f}"}
