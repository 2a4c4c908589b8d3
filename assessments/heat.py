"""The steps that teams stand on, in words: levels, or a checklist's quarters."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from assessments import comparison, wording
from assessments.framework import Framework
from assessments.team_list import UNKNOWN


def step_words(model: Framework) -> list[tuple[str, str]]:
    """The steps that a team can stand on, as written in an address and as read."""
    words = [
        "{}%".format("–".join(str(end) for end in dict.fromkeys(comparison.BANDS[step])))
        if model.is_checklist
        else str(step)
        for step in comparison.steps(model)
    ]
    return [*((str(step), word) for step, word in enumerate(words)), (UNKNOWN, _("not assessed"))]


def key_of(model: Framework) -> list[dict[str, Any]]:
    """What the shades mean: the names of the levels, or a checklist's shares."""
    return [
        {
            "shade": comparison.shade(model, step),
            "figure": "" if model.is_checklist else step,
            "words": word if model.is_checklist else wording.text(model.level(step).title),
        }
        for step, (_value, word) in zip(comparison.steps(model), step_words(model), strict=False)
    ]
