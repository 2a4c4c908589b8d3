"""Forms of evaluation sets and data connections: they read and check input, and change nothing."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.forms import Columns
from governance.models import DataConnection, EvaluationSet, ModelVersion, RegisteredModel, SetRole, SetSource
from portal.accounts.models import Team

PLACES = {
    SetSource.FILE: (_("Address"), _("file:// and a path below a folder that the administrator has allowed.")),
    SetSource.S3: (_("Address"), _("s3:// with bucket and key, in storage that the administrator has allowed.")),
    SetSource.TABLE: (_("Table"), _("With its schema, such as scoring.held_out. Its rows are kept as they are now.")),
    SetSource.ARTIFACT: (_("Path"), _("Of the artifact in the version's run, such as evaluation/evaluation.parquet.")),
    SetSource.DATASET: (_("Dataset"), _("The name under which the version's run logged it.")),
}


class DescriptionForm(forms.ModelForm):
    """What the owner says of a set."""

    keep_until = forms.DateField(
        label=_("Keep until"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "2027-03-31"}),
        help_text=_("After this day nobody is judged on it any more, and Sekisho deletes its copy."),
    )
    rev = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = EvaluationSet
        fields = ["consent", "retention", "keep_until", "shared", "rows_for_reviewers"]
        widgets = {"consent": forms.Textarea(attrs={"rows": 2}), "retention": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "consent": _("On what ground these cases may be used, and for what."),
            "retention": _("How long they are kept, and by what rule."),
        }


class NewSetForm(DescriptionForm):
    """A new set of one source; the page asks for nothing that the source does not need."""

    upload = forms.FileField(label=_("File"), help_text=_("Parquet or CSV, in UTF-8 or Shift_JIS."))
    version = forms.ModelChoiceField(label=_("Version"), queryset=ModelVersion.objects.none())
    connection = forms.ModelChoiceField(label=_("Data connection"), queryset=DataConnection.objects.none())

    class Meta(DescriptionForm.Meta):
        fields = ["team", "name", "place", *DescriptionForm.Meta.fields]

    def __init__(self, *args, user, source: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.all() if user.is_administrator else Team.objects.filter(pk__in=user.team_ids)
        self.fields["team"].queryset = teams
        self.fields["team"].help_text = _("Its members see the rows; the team may be another than the models' own.")
        self.fields["version"].queryset = (
            ModelVersion.objects.for_user(user).present().select_related("model").exclude(run_id="")
        )
        self.fields["connection"].queryset = DataConnection.objects.offered_to(user)
        of_run = source in (SetSource.ARTIFACT, SetSource.DATASET)
        for name, needed in (
            ("upload", source == SetSource.UPLOAD),
            ("place", source != SetSource.UPLOAD),
            ("version", of_run),
            ("connection", source == SetSource.TABLE),
        ):
            if not needed:
                del self.fields[name]
        if "place" in self.fields:
            self.fields["place"].label, self.fields["place"].help_text = PLACES[SetSource(source)]
        self.order_fields(["team", "name", "upload", "version", "connection", "place", *DescriptionForm.Meta.fields])

    def _get_validation_exclusions(self) -> set[str]:
        """That a name is taken is told by the action, together with the rest."""
        return {*super()._get_validation_exclusions(), "name"}


class UseForm(forms.Form):
    """A set for a model, in a role."""

    role = forms.ChoiceField(label=_("Role"))
    set = forms.ModelChoiceField(label=_("Evaluation set"), queryset=EvaluationSet.objects.none())
    key_columns = Columns(
        label=_("Key columns"),
        required=False,
        help_text=_("Only for restricted attributes: what they are joined by; commas between them."),
    )

    def __init__(self, *args, user, model: RegisteredModel, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        roles = (
            [role for role in SetRole if role != SetRole.CHALLENGER] if user.has_perm("profile.change", model) else []
        )
        if user.has_perm("challenger.add", model):
            roles.append(SetRole.CHALLENGER)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]
        usable = EvaluationSet.objects.for_user(user).usable()
        fitting = [one.pk for one in usable if user.has_perm("evaluation.use", one)]
        self.fields["set"].queryset = EvaluationSet.objects.filter(pk__in=fitting)


class DataConnectionForm(forms.Form):
    """A database that evaluation tables are drawn from."""

    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=DataConnection.Kind.choices)
    address = forms.CharField(
        label=_("Address"),
        max_length=300,
        help_text=_("postgres://user@host:5432/database, or the path of a DuckDB or SQLite file on the workers."),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=300,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Stored encrypted, and never shown again. Leave empty to keep the one there is."),
    )
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.all(), required=False, empty_label=_("Every team")
    )
    enabled = forms.BooleanField(label=_("In use"), required=False, initial=True)
