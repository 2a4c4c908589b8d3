"""What reviewers and those who run campaigns and pulses send in."""

from __future__ import annotations

from itertools import groupby

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from assessments import wording
from assessments.actions import campaigns
from assessments.actions.checks import NOTE_LIMIT
from assessments.framework import Framework
from portal.accounts.models import Team, Unit
from portal.web.due_dates import DueDateField


class VerdictForm(forms.Form):
    """The fields of one verdict. What a verdict needs is checked by the action, for page and API alike."""

    verdict = forms.CharField(required=False, max_length=20)
    note = forms.CharField(required=False, max_length=NOTE_LIMIT * 2, strip=False)
    rev = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    answer_rev = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class SignForm(forms.Form):
    note = forms.CharField(
        required=False, max_length=NOTE_LIMIT, label=_("Note"), widget=forms.Textarea({"rows": 3}),
        help_text=_("Stands beside the signature, for the team and for auditors."),
    )  # fmt: skip


class BackForm(forms.Form):
    reason = forms.CharField(
        max_length=NOTE_LIMIT, label=_("Reason"), widget=forms.Textarea({"rows": 4}),
        help_text=_("What the team should look at again."),
    )  # fmt: skip


class CampaignForm(forms.Form):
    """Whom to ask for what by when. Teams are chosen one by one, or by their units."""

    title = forms.CharField(max_length=campaigns.TITLE_LIMIT, label=_("Title"))
    framework = forms.ChoiceField(label=_("Framework"))
    due = DueDateField()
    note = forms.CharField(
        required=False, max_length=campaigns.NOTE_LIMIT, label=_("Note"), widget=forms.Textarea({"rows": 3}),
        help_text=_("What the managers should know."),
    )  # fmt: skip
    units = forms.ModelMultipleChoiceField(Unit.objects.none(), required=False, label=_("Whole units"))
    teams = forms.ModelMultipleChoiceField(Team.objects.none(), required=False, label=_("Teams"))

    def __init__(self, data=None, *, teams: QuerySet[Team], frameworks: dict[str, Framework], **kwargs) -> None:
        super().__init__(data, **kwargs)
        self.fields["teams"].queryset = teams
        self.fields["units"].queryset = Unit.objects.filter(teams__in=teams).distinct()
        self.fields["framework"].choices = [(key, wording.text(model.title)) for key, model in frameworks.items()]

    def groups(self) -> list[tuple[Unit, bool, list[tuple[Team, bool]]]]:
        """The units with their teams, and what is chosen."""
        chosen = {name: set(map(str, self[name].value() or ())) for name in ("units", "teams")}
        rows = self.fields["teams"].queryset.select_related("unit").order_by("unit__name", "unit_id", "name")
        return [
            (unit, str(unit.pk) in chosen["units"], [(team, str(team.pk) in chosen["teams"]) for team in teams])
            for unit, teams in groupby(rows, key=lambda team: team.unit)
        ]

    def clean(self) -> dict:
        given = super().clean()
        units = given.get("units") or Unit.objects.none()
        chosen = {team.pk: team for team in given.get("teams") or ()}
        chosen |= {team.pk: team for team in self.fields["teams"].queryset.filter(unit__in=units)}
        given["chosen"] = list(chosen.values())
        if not chosen and "teams" not in self.errors:
            self.add_error("teams", _("Choose at least one team."))
        return given


class PulseForm(forms.Form):
    """Until when members may answer."""

    def __init__(self, data=None, *, calendar: str) -> None:
        super().__init__(data)
        self.fields["closes_on"] = DueDateField(calendar=calendar, label=_("Closes on"))
