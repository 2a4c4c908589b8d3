"""Choosing a due date: a field that says the weekday, the business days until then, and the holidays on the way."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from portal.calendars import (
    add_business_days,
    business_days_between,
    holiday_name,
    holidays_between,
    known,
)

NEAR_DAYS, NEAR_WEEKS = 10, 8
HOLIDAYS_AHEAD = dt.timedelta(days=92)
FURTHEST = dt.timedelta(days=3 * 366)


def in_words(day: dt.date) -> str:
    """`2026-11-26 (Thu)`, with the weekday of the reader's language."""
    return gettext("%(date)s (%(weekday)s)") % {"date": day.isoformat(), "weekday": WEEKDAYS_ABBR[day.weekday()]}


def remark(day: dt.date, today: dt.date, calendar: str) -> str:
    """What there is to know of a due date: its weekday, whether one works then, and how far it is."""
    name = holiday_name(day, calendar, _language())
    words = {"weekday": WEEKDAYS[day.weekday()], "holiday": name}
    if name or day.weekday() >= 5:
        text = gettext("%(weekday)s, %(holiday)s.") if name else gettext("%(weekday)s.")
        after = gettext("The next business day is %(day)s.") % {"day": in_words(add_business_days(day, 0, calendar))}
        return f"{text % words} {after}"
    distance = business_days_between(today, day, calendar)
    if distance < 0:
        return gettext("%(weekday)s, already past.") % words
    return gettext("%(weekday)s. Business days from today: %(n)s.") % {**words, "n": distance}


def suggestions(today: dt.date, calendar: str) -> list[tuple[dt.date, str]]:
    """The next business days, then the last one of each week after them, with what is to be known of each."""
    near = [add_business_days(today, n, calendar) for n in range(1, NEAR_DAYS + 1)]
    friday = near[-1] + dt.timedelta(days=(4 - near[-1].weekday()) % 7)
    weeks = (friday + dt.timedelta(weeks=n, days=1) for n in range(NEAR_WEEKS + 1))
    ends = (add_business_days(saturday, -1, calendar) for saturday in weeks)
    days = dict.fromkeys([*near, *(day for day in ends if day > near[-1])])
    return [(day, f"{in_words(day)} · {business_days_between(today, day, calendar)}") for day in days]


class DueDateInput(forms.TextInput):
    """An ISO date as text, with suggestions; its remark is asked for anew while one types."""

    def __init__(self, calendar: str | None = None, attrs=None) -> None:
        super().__init__({"inputmode": "numeric", "autocomplete": "off", **(attrs or {})})
        self.calendar = settings.HOLIDAYS if calendar is None else calendar

    def render(self, name, value, attrs=None, renderer=None):
        today = timezone.localdate()
        context = self.get_context(name, self.format_value(value), attrs)
        day = _parsed(context["widget"]["value"] or "")
        asked = urlencode({"calendar": self.calendar, "name": name})
        return render_to_string(
            "web/_due_date.html",
            context
            | {
                "attributes": flatatt(context["widget"]["attrs"]),
                "suggestions": suggestions(today, self.calendar),
                "example": add_business_days(today, 5, self.calendar),
                "remark": remark(day, today, self.calendar) if day else "",
                "holidays": [
                    (in_words(day), words)
                    for day, words in holidays_between(
                        today, today + HOLIDAYS_AHEAD, self.calendar, _language()
                    ).items()
                    if day.weekday() < 5
                ],
                "url": f"{reverse('due-date')}?{asked}",
            },
        )


class DueDateField(forms.DateField):
    """A due date, from today to three years ahead; `calendar` is the team's (``team.calendar``)."""

    def __init__(self, *, calendar: str | None = None, **kwargs) -> None:
        kwargs.setdefault("label", _("Due date"))
        kwargs.setdefault("input_formats", ["%Y-%m-%d"])
        super().__init__(widget=DueDateInput(calendar), **kwargs)

    def clean(self, value) -> dt.date | None:
        day, today = super().clean(value), timezone.localdate()
        if day and not today <= day <= today + FURTHEST:
            raise ValidationError(_("Choose a day from today to three years ahead."))
        return day


@require_safe
@login_required
def due_date(request: HttpRequest) -> HttpResponse:
    """The remark on a day that is being typed."""
    calendar = request.GET.get("calendar", settings.HOLIDAYS)[:12]
    day = _parsed(request.GET.get(request.GET.get("name", "day"), ""))
    says = remark(day, timezone.localdate(), calendar) if day and known(calendar) else ""
    return HttpResponse(says, content_type="text/plain; charset=utf-8")


def _parsed(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(str(text).strip())
    except ValueError:
        return None
    return day if abs(day - timezone.localdate()) <= FURTHEST else None


def _language() -> str:
    return (get_language() or "en").partition("-")[0]
