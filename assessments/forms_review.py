"""What reviewers and those who run campaigns and pulses send in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.actions.checks import NOTE_LIMIT


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
