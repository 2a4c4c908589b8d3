"""What people send in: answers, and the target of a roadmap."""

from __future__ import annotations

from django import forms

from assessments.actions import NOTE_LIMIT
from assessments.framework import Framework


class AnswerForm(forms.Form):
    """The fields of one criterion. What an answer needs is checked by the action, for page and API alike."""

    answer = forms.CharField(required=False, max_length=20)
    note = forms.CharField(required=False, max_length=NOTE_LIMIT * 2, strip=False)
    rev = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class TargetForm(forms.Form):
    """A level for each dimension; what is left out or makes no sense is the next level."""

    def __init__(self, data, framework: Framework, now: dict[str, int]) -> None:
        super().__init__(data or None)
        self.now, self.framework = now, framework
        for dimension in framework.dimensions:
            self.fields[dimension.key] = forms.IntegerField(
                required=False, min_value=now[dimension.key], max_value=framework.top
            )

    def goals(self) -> dict[str, int]:
        """The level to reach in each dimension."""
        self.is_valid()
        given = getattr(self, "cleaned_data", {})
        goals = {}
        for key, level in self.now.items():
            wanted = given.get(key)
            goals[key] = wanted if wanted is not None else min(level + 1, self.framework.top)
        return goals
