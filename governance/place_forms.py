"""The form of a place: it reads and checks input, and changes nothing."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import PlaceKind, Registry


class PlaceForm(forms.Form):
    """Where an environment lies in a registry."""

    kind = forms.ChoiceField(label=_("Where it lies"), choices=PlaceKind.choices, widget=forms.RadioSelect)
    target = forms.ModelChoiceField(
        label=_("The other registry"),
        queryset=Registry.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label="–",
        help_text=_("The files of each version that is promoted are copied there, and compared."),
    )
    alias = forms.CharField(
        label=_("Alias"), max_length=100, required=False, help_text=_("Leave empty for the alias of the policy.")
    )
    name_pattern = forms.CharField(
        label=_("Name of the model"),
        max_length=200,
        required=False,
        help_text=_(
            "For a model of its own, such as prod.{name}: each version that is promoted is copied there. In another "
            "registry it may be empty, for a model of the same name."
        ),
    )

    def __init__(self, *args, others, **more) -> None:
        super().__init__(*args, **more)
        if others:
            self.fields["target"].queryset = others
        else:
            del self.fields["target"]
            self.fields["kind"].choices = [one for one in PlaceKind.choices if one[0] != PlaceKind.REGISTRY]
