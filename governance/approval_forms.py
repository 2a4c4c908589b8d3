"""Forms of groups, deputies, conditions and exceptions: they read and check input, and change nothing."""

from __future__ import annotations

from datetime import datetime, time

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.actions.conditions import LONGEST, Condition, owners_of
from governance.models import ApproverGroup, Promotion
from governance.titles import environment_titles
from portal.accounts.models import Team, User
from portal.web.due_dates import DueDateField
from portal.web.say import localised

CONDITIONS = 3  # rows beside a decision

DATE = forms.DateInput(attrs={"type": "date"})


class Until(forms.DateField):
    """A last day; the moment is its end, in the reader's time zone."""

    def __init__(self, **kwargs) -> None:
        super().__init__(widget=DATE, **kwargs)

    def clean(self, value) -> datetime | None:
        day = super().clean(value)
        try:
            return timezone.make_aware(datetime.combine(day, time(23, 59, 59))) if day else None
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class GroupField(forms.ModelChoiceField):
    """One of the groups, by their names."""

    def label_from_instance(self, group: ApproverGroup) -> str:
        return localised(group.title)


class GroupForm(forms.Form):
    """A new group of approvers."""

    key = forms.CharField(label=_("Key"), max_length=40, help_text=_("What policies call it, such as model-risk."))
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_ja = forms.CharField(label=_("Name in Japanese"), max_length=120)
    environment = forms.ChoiceField(label=_("Environment"), required=False)
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.none(), required=False, help_text=_("Leave empty for all.")
    )

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.for_user(user)
        titles = {key: localised(title) for key, title in environment_titles().items()}
        self.fields["environment"].choices = [("", _("All environments")), *titles.items()]


class MemberForm(forms.Form):
    """One more member of a group."""

    group = GroupField(label=_("Group"), queryset=ApproverGroup.objects.none(), empty_label=None)
    user = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none())
    until = Until(label=_("Last day"), required=False, help_text=_("Leave empty for no end."))

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = ApproverGroup.objects.for_user(user)
        self.fields["user"].queryset = User.objects.for_user(user).active().order_by("name")


class DeputyForm(forms.Form):
    """Who approves in one's place."""

    deputy = forms.ModelChoiceField(label=_("Deputy"), queryset=User.objects.none())
    group = GroupField(
        label=_("Group"),
        queryset=ApproverGroup.objects.none(),
        required=False,
        help_text=_("Leave empty for all groups that you belong to."),
    )
    until = Until(label=_("Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deputy"].queryset = User.objects.for_user(user).active().exclude(pk=user.pk).order_by("name")
        self.fields["group"].queryset = ApproverGroup.objects.for_user(user)


class CommentForm(forms.Form):
    """A word on a promotion, or on one of its checks."""

    gate = forms.ChoiceField(label=_("About"), required=False)
    text = forms.CharField(label=_("Your word"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, gates: dict[str, dict[str, str]], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        named = [(key, localised(title) or key) for key, title in gates.items()]
        self.fields["gate"].choices = [("", _("the whole")), *named]


class ConditionForm(forms.Form):
    """One condition of an approval; left empty, it is none."""

    text = forms.CharField(label=_("What has to be done"), max_length=LONGEST)
    owner = forms.ChoiceField(label=_("Owner"))

    def __init__(self, *args, people: dict[str, User], calendar: str | None, **kwargs) -> None:
        super().__init__(*args, empty_permitted=True, use_required_attribute=False, **kwargs)
        self.people = people
        self.fields["owner"].choices = [("", _("Choose")), *((key, user.name) for key, user in people.items())]
        self.fields["due"] = DueDateField(calendar=calendar)

    def given(self) -> Condition | None:
        """The condition; None where nothing was typed."""
        data = self.cleaned_data
        return Condition(data["text"], self.people[data["owner"]], data["due"]) if data else None


def condition_forms(promotion: Promotion, data=None) -> list[ConditionForm]:
    """The rows of conditions beside the decision."""
    people = {str(user.pk): user for user in owners_of(promotion)}
    team = promotion.version.model.team
    shared = {"people": people, "calendar": team.calendar if team else None}
    return [ConditionForm(data, prefix=f"condition-{number}", **shared) for number in range(1, CONDITIONS + 1)]


class _ExceptionForm(forms.Form):
    gate = forms.ChoiceField(label=_("Gate"))
    reason = forms.CharField(label=_("Reason"), max_length=5000, widget=forms.Textarea(attrs={"rows": 2}))
    until = Until(label=_("Last day"))

    def __init__(self, *args, gates: list[tuple[str, str]], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["gate"].choices = gates


class WaiverForm(_ExceptionForm):
    """A waiver of one gate of a request."""

    whole_model = forms.BooleanField(label=_("For all versions of the model"), required=False)


class RulingForm(_ExceptionForm):
    """A decision on an undecided gate of a request, on the evidence that the page showed."""

    evidence = forms.CharField(widget=forms.HiddenInput, max_length=80)
    outcome = forms.ChoiceField(
        label=_("Decision"), choices=[("pass", _("Let it pass")), ("fail", _("Deny it"))], widget=forms.RadioSelect
    )
    field_order = ("evidence", "gate", "outcome", "reason", "until")
