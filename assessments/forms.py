"""What people send in about an assessment: answers, how it starts, and who is asked for answers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.actions import NOTE_LIMIT
from assessments.forms_roadmap import members_of
from portal.accounts.models import Team, User
from portal.web.due_dates import DueDateField


class AnswerForm(forms.Form):
    """The fields of one criterion. What an answer needs is checked by the action, for page and API alike."""

    answer = forms.CharField(required=False, max_length=20)
    note = forms.CharField(required=False, max_length=NOTE_LIMIT * 2, strip=False)
    rev = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class StartForm(forms.Form):
    """How an assessment starts: together, or with two people who answer apart."""

    first = forms.ModelChoiceField(User.objects.none(), required=False, label=_("First person"))
    second = forms.ModelChoiceField(User.objects.none(), required=False, label=_("Second person"))

    def __init__(self, data=None, *, team: Team) -> None:
        super().__init__(data)
        for name in ("first", "second"):
            self.fields[name].queryset = members_of(team)
            self.fields[name].empty_label = _("nobody")

    @property
    def people(self) -> tuple[User, ...]:
        """The two, or nobody; one alone counts too, so that the action can say what lacks."""
        return tuple(person for name in ("first", "second") if (person := self.cleaned_data.get(name)))


class DelegationForm(forms.Form):
    """Who is asked for answers, until when, and what to know for it."""

    to = forms.ModelChoiceField(User.objects.none(), label=_("Asked of"))
    note = forms.CharField(required=False, max_length=1000, label=_("Note"), widget=forms.Textarea({"rows": 2}))

    def __init__(self, data=None, *, team: Team) -> None:
        super().__init__(data)
        self.fields["to"].queryset = members_of(team)
        self.fields["due"] = DueDateField(calendar=team.calendar, required=False)
        self.order_fields(["to", "due", "note"])
