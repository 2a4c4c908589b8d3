"""The form of a place: it reads and checks input, and changes nothing."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import PlaceKind

KINDS = [(PlaceKind.ALIAS.value, PlaceKind.ALIAS.label), (PlaceKind.MODEL.value, PlaceKind.MODEL.label)]


class PlaceForm(forms.Form):
    """Where an environment lies in a registry."""

    kind = forms.ChoiceField(label=_("Where it lies"), choices=KINDS, widget=forms.RadioSelect)
    alias = forms.CharField(
        label=_("Alias"), max_length=100, required=False, help_text=_("Leave empty for the alias of the policy.")
    )
    name_pattern = forms.CharField(
        label=_("Name of the model"),
        max_length=200,
        required=False,
        help_text=_("For a model of its own, such as prod.{name}: each version that is promoted is copied there."),
    )
