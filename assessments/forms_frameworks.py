"""What administrators send in about frameworks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assessments import document
from assessments.framework import Framework


class CopyForm(forms.Form):
    """The name of a copy; whether its key is free is checked by the action."""

    key = forms.CharField(
        max_length=60,
        label=_("Key"),
        help_text=_("Names it in addresses and files, such as our-mlops. It cannot be changed later."),
    )
    title_en = forms.CharField(max_length=200, label=_("Title in English"))
    title_ja = forms.CharField(max_length=200, label=_("Title in Japanese"))


class UploadForm(forms.Form):
    """A framework's YAML file."""

    file = forms.FileField(
        label=_("YAML file"), help_text=_("Its key says which framework it belongs to. It becomes a draft first.")
    )

    def clean_file(self) -> str:
        data = self.cleaned_data["file"].read(document.MAX_BYTES + 1)
        if len(data) > document.MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(limit)s kB.") % {"limit": document.MAX_BYTES // 1000}
            )
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is not text in UTF-8.")) from None


class SourceForm(forms.Form):
    """A draft's text and the revision that was open."""

    source = forms.CharField(required=False, strip=False)
    rev = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class CriterionForm(forms.Form):
    """The fields of one criterion that can be changed without touching YAML."""

    title_en = forms.CharField(max_length=2000, label=_("Title in English"))
    title_ja = forms.CharField(max_length=2000, label=_("Title in Japanese"))
    statement_en = forms.CharField(max_length=2000, label=_("Statement in English"), widget=forms.Textarea)
    statement_ja = forms.CharField(max_length=2000, label=_("Statement in Japanese"), widget=forms.Textarea)
    how_en = forms.CharField(max_length=2000, label=_("How to get there, in English"), widget=forms.Textarea)
    how_ja = forms.CharField(max_length=2000, label=_("How to get there, in Japanese"), widget=forms.Textarea)
    required = forms.TypedChoiceField(
        label=_("Need"),
        choices=[("yes", pgettext_lazy("criterion", "Required")), ("no", pgettext_lazy("criterion", "Recommended"))],
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
    )
    effort = forms.TypedChoiceField(
        label=_("Effort"),
        choices=[
            (1, _("1: a few days")),
            (2, _("2: one or two weeks")),
            (3, _("3: about a month")),
            (4, _("4: about a quarter")),
            (5, _("5: more than a quarter")),
        ],
        coerce=int,
    )
    level = forms.TypedChoiceField(label=_("Level"), coerce=int)
    rev = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, data=None, *, framework: Framework, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        for name in ("statement_en", "statement_ja", "how_en", "how_ja"):
            self.fields[name].widget.attrs["rows"] = 3
        for name in self.fields:
            if name.endswith(("_en", "_ja")):
                self.fields[name].widget.attrs["lang"] = name[-2:]
        if framework.is_checklist:
            del self.fields["level"]
        else:
            self.fields["level"].choices = [(n, str(n)) for n in range(1, framework.top + 1)]

    def changes(self) -> dict[str, Any]:
        """What differs from what was shown first, as `framework_source.with_criterion` takes it."""
        changed = set(self.changed_data)
        given = self.cleaned_data
        found: dict[str, Any] = {
            name: {language: given[f"{name}_{language}"] for language in ("en", "ja")}
            for name in ("title", "statement", "how")
            if {f"{name}_en", f"{name}_ja"} & changed
        }
        return found | {name: given[name] for name in ("required", "effort", "level") if name in changed}
