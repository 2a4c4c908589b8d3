"""What people send in about findings. The actions judge it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.actions.findings import REASON_LIMIT, REVIEW, SHOWN, owners_for, resolutions_of
from governance.models import Finding, Resolution
from portal.accounts.models import User
from portal.web.due_dates import DueDateField

OTHERS = "others"


class AssignForm(forms.Form):
    """Who sees to a finding, and by when."""

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("Nobody yet")
    )

    def __init__(self, data=None, *, finding: Finding) -> None:
        super().__init__(data, initial={"owner": finding.owner_id, "due": finding.due})
        self.fields["owner"].queryset = owners_for(finding)
        calendar = finding.model.team.calendar if finding.team_id else None
        self.fields["due"] = DueDateField(calendar=calendar, required=False)


class ResolveForm(forms.Form):
    """How a finding was settled, and why that is enough."""

    def __init__(self, data=None, *, finding: Finding, by: User) -> None:
        super().__init__(data)
        self.people = {str(user.pk): user for user in [*owners_for(finding), by]} if finding.kind in SHOWN else {}
        if finding.kind in SHOWN:
            people = [(pk, user.name) for pk, user in self.people.items()]
            self.fields["done_by"] = forms.ChoiceField(
                label=_("Who did it"),
                choices=[("", _("Choose")), *people, (OTHERS, _("Somebody else, or not known"))],
                help_text=_("MLflow does not say. Whoever did it cannot settle it."),
            )
        else:
            choices = [(one.value, one.label) for one in resolutions_of(finding)]
            asked = {"label": _("How"), "choices": choices}
            if finding.kind == REVIEW:  # nothing is chosen beforehand: nobody calls an emergency justified by a slip
                asked = {
                    "label": _("Was there good reason for it?"),
                    "choices": [("", _("Choose")), *choices],
                    "help_text": _("If not, the owner team gets a finding: it sees to what stands there since."),
                }
            self.fields["resolution"] = forms.ChoiceField(**asked)
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=REASON_LIMIT
        )

    def given(self) -> dict:
        """What the action takes."""
        data = dict(self.cleaned_data)
        done_by = data.pop("done_by", "")
        return {
            "resolution": data.get("resolution", Resolution.ACCEPTED),
            "reason": data["reason"],
            "done_by": self.people.get(done_by),
            "others": done_by == OTHERS,
        }
