"""What people send in about levels: contradictions, targets, milestones. The actions judge it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.actions.contradictions import REASON_LIMIT
from assessments.actions.milestones import LABEL_LIMIT
from assessments.forms_roadmap import OwnerField, members_of
from assessments.framework import Framework
from portal.accounts.models import Team
from portal.web.due_dates import DueDateField

DAY = forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "2026-11-20", "autocomplete": "off"})


class AssignForm(forms.Form):
    """Who settles a contradiction, and by when."""

    owner = OwnerField()

    def __init__(self, data=None, *, team: Team, initial=None) -> None:
        super().__init__(data, initial=initial)
        self.fields["owner"].queryset = members_of(team)
        self.fields["due"] = DueDateField(calendar=team.calendar, required=False)


class MistakenForm(forms.Form):
    """Why the evidence is mistaken, and until when that is taken as settled."""

    reason = forms.CharField(
        label=_("Why the evidence is mistaken"), widget=forms.Textarea(attrs={"rows": 3}), max_length=REASON_LIMIT * 2
    )
    until = forms.DateField(
        label=_("Until"), widget=DAY, input_formats=["%Y-%m-%d"], help_text=_("From then on the evidence counts again.")
    )


class TargetForm(forms.Form):
    """The level that is enough in one dimension, and why."""

    level = forms.TypedChoiceField(label=_("Level"), coerce=int)
    reason = forms.CharField(
        label=_("Why this level is enough"), widget=forms.Textarea(attrs={"rows": 2}), max_length=REASON_LIMIT * 2
    )

    def __init__(self, data=None, *, framework: Framework, words, prefix: str, initial=None) -> None:
        super().__init__(data, prefix=prefix, initial=initial)
        levels = framework.levels[1:]
        if framework.is_checklist:
            self.fields["level"].choices = [(1, _("All that is required"))]
        else:
            self.fields["level"].choices = [
                (level.number, f"{level.number} · {words(level.title)}") for level in levels
            ]


class MilestoneForm(forms.Form):
    """A day, and what happened then."""

    on = forms.DateField(label=_("Day"), widget=DAY, input_formats=["%Y-%m-%d"])
    label = forms.CharField(label=_("What happened"), max_length=LABEL_LIMIT * 2)
