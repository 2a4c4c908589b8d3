"""What people send in about the roadmap: a target, and what is said of items."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.actions.roadmap import TEXT_LIMIT
from assessments.framework import Framework
from assessments.models import RoadmapItem
from portal.accounts.models import Team, User
from portal.web.due_dates import DueDateField


class TargetForm(forms.Form):
    """A level for each dimension; what is left out or makes no sense is not asked for."""

    def __init__(self, data, framework: Framework, now: dict[str, int]) -> None:
        super().__init__(data or None)
        for dimension in framework.dimensions:
            self.fields[dimension.key] = forms.IntegerField(
                required=False, min_value=now[dimension.key], max_value=framework.top
            )

    def given(self) -> dict[str, int]:
        """The levels that were asked for, by dimension."""
        self.is_valid()
        return {key: level for key, level in getattr(self, "cleaned_data", {}).items() if level is not None}


def members_of(team: Team):
    return User.objects.active().filter(memberships__team=team)


class OwnerField(forms.ModelChoiceField):
    """A member of the team, or nobody yet."""

    def __init__(self) -> None:
        super().__init__(User.objects.none(), label=_("Owner"), required=False, empty_label=_("Nobody yet"))


class TakeUpForm(forms.Form):
    """Who takes up steps, and by when."""

    owner = OwnerField()

    def __init__(self, data=None, *, team: Team) -> None:
        super().__init__(data)
        self.fields["owner"].queryset = members_of(team)
        self.fields["due"] = DueDateField(calendar=team.calendar, required=False)


class KeptDueField(DueDateField):
    """A due date that may stay what it was, even when it has passed."""

    def __init__(self, *, kept: dt.date | None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.kept = kept

    def clean(self, value) -> dt.date | None:
        if self.kept and str(value).strip() == self.kept.isoformat():
            return self.kept
        return super().clean(value)


class ItemForm(forms.Form):
    """Who does an item, by when, where the work is, and a note."""

    owner = OwnerField()
    link = forms.CharField(
        label=_("Link to the work"),
        help_text=_("A ticket or request, as an address that begins with https://"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=TEXT_LIMIT * 2, strip=False, widget=forms.Textarea({"rows": 4})
    )
    rev = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    field_order = ("owner", "due", "link", "note", "rev")

    def __init__(self, data=None, *, item: RoadmapItem) -> None:
        kept = {name: getattr(item, name) for name in ("owner", "due", "link", "note", "rev")}
        super().__init__(data, initial=kept)
        self.fields["owner"].queryset = (members_of(item.team) | User.objects.filter(pk=item.owner_id)).distinct()
        self.fields["due"] = KeptDueField(kept=item.due, calendar=item.team.calendar, required=False)
        self.order_fields(self.field_order)


class MoveForm(forms.Form):
    """The state to bring an item into, the revision seen, and where to go after."""

    state = forms.CharField(max_length=20)
    rev = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    reason = forms.CharField(required=False, max_length=TEXT_LIMIT * 2, strip=False)
    back = forms.CharField(required=False, max_length=1000)


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Comment"),
        max_length=TEXT_LIMIT * 2,
        strip=False,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Write something before you post it.")},
    )
