"""Forms of connections and profiles: they read and check input, and change nothing."""

from __future__ import annotations

import math

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import Profile
from portal.accounts.models import Team


class ConnectionForm(forms.Form):
    """A new connection."""

    name = forms.CharField(label=_("Name"), max_length=80)
    address = forms.CharField(
        label=_("Address"), max_length=300, help_text=_("Of the MLflow server, such as http://mlflow.example.org:5000.")
    )
    username = forms.CharField(label=_("User name"), max_length=120, required=False)
    password = forms.CharField(
        label=_("Password"),
        max_length=300,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Stored encrypted, and never shown again."),
    )


class ConnectionChangeForm(ConnectionForm):
    """A change of a connection; its name stays."""

    name = None
    enabled = forms.BooleanField(label=_("Mirror this registry"), required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = _("Leave empty to keep the one there is.")


class InterpreterForm(forms.Form):
    """A further Python that models may be run with."""

    name = forms.CharField(label=_("Name"), max_length=80)
    executable = forms.CharField(
        label=_("Path"), max_length=300, help_text=_("Of the executable, such as /opt/models-2024/bin/python.")
    )


class Columns(forms.CharField):
    """Column names with commas between them, as a list."""

    def prepare_value(self, value):
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value) -> list[str]:
        text = super().to_python(value) or ""
        return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


class Bins(forms.CharField):
    """Edges of bins, a line a column: ``age: 30, 45, 60``."""

    def prepare_value(self, value):
        if isinstance(value, dict):
            return "\n".join(f"{name}: {', '.join(map(_written, edges))}" for name, edges in value.items())
        return value

    def to_python(self, value) -> dict[str, list[float]]:
        bins = {}
        for line in (super().to_python(value) or "").splitlines():
            if not line.strip():
                continue
            name, colon, edges = line.partition(":")
            try:
                numbers = [float(edge) for edge in edges.split(",")]
            except ValueError:
                numbers = []
            rising = numbers == sorted(set(numbers)) and all(map(math.isfinite, numbers))
            if not colon or not numbers or not rising:
                raise forms.ValidationError(
                    _("Write a line for each column, with rising edges, such as “age: 30, 45, 60”.")
                )
            bins[name.strip()] = numbers
        return bins


class Pools(forms.CharField):
    """Groups judged together, a line a pool: ``region: islands and south = islands, south``."""

    def prepare_value(self, value):
        if isinstance(value, dict):
            pools = [(column, *pool) for column, found in value.items() for pool in found.items()]
            return "\n".join(f"{column}: {name} = {', '.join(levels)}" for column, name, levels in pools)
        return value

    def to_python(self, value) -> dict[str, dict[str, list[str]]]:
        pools: dict[str, dict[str, list[str]]] = {}
        for line in (super().to_python(value) or "").splitlines():
            if not line.strip():
                continue
            column, _colon, rest = (part.strip() for part in line.partition(":"))
            name, _equals, levels = (part.strip() for part in rest.partition("="))
            groups = [group.strip() for group in levels.split(",") if group.strip()]
            named = pools.setdefault(column, {})
            taken = {group for others in named.values() for group in others}
            if not (column and name and len(groups) > 1) or name in named or taken & set(groups):
                raise forms.ValidationError(
                    _(
                        "Write a line for each pool, with a name and two groups or more, each group once, such as "
                        "“region: islands and south = islands, south”."
                    )
                )
            named[name] = groups
        return pools


def _written(edge: float) -> str:
    """With all its digits, since what is shown is what the form sends back."""
    return repr(float(edge)).removesuffix(".0")


class ProfileForm(forms.ModelForm):
    """What a model is for, and on which data it is judged."""

    team = forms.ModelChoiceField(label=_("Owner team"), queryset=Team.objects.none())
    sensitive_columns = Columns(
        label=_("Sensitive columns"),
        required=False,
        help_text=_("Whose groups are compared, such as sex, age; commas between them."),
    )
    excluded_columns = Columns(
        label=_("Columns the model does not take"),
        required=False,
        help_text=_("Only needed where the model has no signature; commas between them."),
    )
    bins = Bins(
        label=_("Edges of bins"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For sensitive columns with many values, such as “age: 30, 45, 60”."),
    )
    pools = Pools(
        label=_("Groups judged together"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "For groups too small to be judged alone, declared before they are looked at, such as "
            "“region: islands and south = islands, south”."
        ),
    )
    proxy_columns = Columns(
        label=_("Proxies of sensitive columns"),
        required=False,
        help_text=_("Columns that may stand in for a sensitive one, such as postcode; commas between them."),
    )
    slice_columns = Columns(
        label=_("Slices of performance"),
        required=False,
        help_text=_("Columns by whose values performance is shown apart, such as region; commas between them."),
    )
    rev = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Profile
        fields = Profile.FIELDS
        widgets = {
            "intended_use": forms.Textarea(attrs={"rows": 2}),
            "population": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.for_user(user)
        self.fields["team"].queryset = teams if user.has_perm("profile.claim") else teams.filter(pk__in=user.team_ids)
        self.order_fields(["team", *Profile.FIELDS])

    def clean_bins(self):
        return self.cleaned_data.get("bins") or {}

    def clean(self):
        given = super().clean()
        strange = set(given.get("pools") or {}) - set(given.get("sensitive_columns") or ())
        if strange:
            names = ", ".join(sorted(strange))
            self.add_error("pools", _("Not among the sensitive columns: %(names)s.") % {"names": names})
        return given

    @property
    def content(self) -> dict:
        return {name: self.cleaned_data[name] for name in Profile.FIELDS}
