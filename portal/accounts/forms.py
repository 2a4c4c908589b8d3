"""Forms of people, teams and tokens: explicit fields only; actions decide."""

from __future__ import annotations

import zoneinfo
from functools import cache

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Language, Scope, Team, TeamRole, Unit, User, Visibility

ROLE_CHOICES = (
    ("administrator", _("Administrator: people, connections, policies")),
    ("auditor", _("Auditor: sees everything, changes nothing")),
    ("reviewer", _("Reviewer: decides on promotions")),
)


@cache
def time_zones() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class RolesField(forms.MultipleChoiceField):
    """Roles in the organisation, as tick boxes."""

    def __init__(self, **kwargs):
        super().__init__(
            choices=ROLE_CHOICES,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            label=_("Roles in the organisation"),
            **kwargs,
        )

    def clean(self, value) -> dict[str, bool]:
        chosen = super().clean(value)
        return {f"is_{role}": role in chosen for role, _label in ROLE_CHOICES}


class TimeZoneField(forms.ChoiceField):
    def __init__(self, **kwargs):
        super().__init__(choices=time_zones, label=_("Time zone"), **kwargs)


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("Email address"), max_length=254)
    language = forms.ChoiceField(label=_("Language of the message"), choices=Language.choices)
    roles = RolesField()
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False)
    team_role = forms.ChoiceField(label=_("Role in the team"), choices=TeamRole.choices, initial=TeamRole.MEMBER)

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.for_user(user)


class AcceptanceForm(forms.Form):
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        help_text=lazy(password_validators_help_text_html, str)(),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    time_zone = TimeZoneField()


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    time_zone = TimeZoneField()


class RolesForm(forms.Form):
    roles = RolesField()


class UnitForm(forms.Form):
    name = forms.CharField(label=_("Name of the unit"), max_length=120)


class TeamForm(forms.Form):
    name = forms.CharField(label=_("Name of the team"), max_length=120)
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.all(), empty_label=None)
    visibility = forms.ChoiceField(
        label=_("Results visible to"), choices=Visibility.choices, widget=forms.RadioSelect, initial=Visibility.TEAM
    )


class TeamSettingsForm(TeamForm):
    """The unit is an administrator's to change; for others the field stands still."""

    holidays = forms.CharField(
        label=_("Holidays"),
        max_length=12,
        required=False,
        help_text=_(
            "Days that do not count as business days: those of a country such as JP or US-CA, “none” for weekdays "
            "only, or empty for the organisation's."
        ),
    )

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].disabled = not user.has_perm("people.manage")


class MemberForm(forms.Form):
    email = forms.EmailField(label=_("Email address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=TeamRole.choices, initial=TeamRole.MEMBER)


class MemberRoleForm(forms.Form):
    role = forms.ChoiceField(choices=TeamRole.choices)


class TokenForm(forms.Form):
    """A pipeline's token acts for one of the teams that one is in."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What will use it, for example: build server."))
    scope = forms.ChoiceField(
        label=_("Scope"),
        choices=Scope.choices,
        initial=Scope.READ,
        widget=forms.RadioSelect,
        help_text=_(
            "A pipeline registers versions, pushes facts and evaluation files, and asks for verdicts and promotions of "
            "one team. No token can decide."
        ),
    )
    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.none(),
        required=False,
        empty_label="–",
        help_text=_("For the scope of a pipeline alone."),
    )
    days = forms.IntegerField(label=_("Days it lives"), min_value=1, max_value=365, initial=90)

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.filter(pk__in=user.team_ids)
