"""What members said in a pulse, as far as it may be shown: closed ones only, and from a minimum of answers on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from assessments import catalogue
from assessments.framework import Criterion, Framework, Text
from assessments.models import Pulse, PulseAnswer
from portal.accounts.models import Team

STEPS = (
    (5, _("Agree strongly")),
    (4, _("Agree")),
    (3, _("Neither")),
    (2, _("Disagree")),
    (1, _("Disagree strongly")),
)


@dataclass(frozen=True)
class Step:
    words: str
    count: int
    share: float


@dataclass(frozen=True)
class Distribution:
    """How many members agree with one sentence, by step."""

    criterion: str
    sentence: Text
    counts: tuple[int, ...]
    closed_at: datetime

    @property
    def answers(self) -> int:
        return sum(self.counts)

    @property
    def steps(self) -> list[Step]:
        named = zip(STEPS, self.counts, strict=True)
        return [Step(str(words), count, count / self.answers) for (_step, words), count in named]


def sentences(framework: Framework) -> tuple[Criterion, ...]:
    """The criteria that members are asked about."""
    return tuple(criterion for criterion in framework.criteria if criterion.pulse)


def running(team: Team, framework: Framework) -> Pulse | None:
    return Pulse.objects.filter(team=team, framework=framework.key, closed_at=None).first()


def last_closed(team: Team, framework: Framework) -> Pulse | None:
    closed = Pulse.objects.filter(team=team, framework=framework.key, closed_at__isnull=False)
    return closed.order_by("-closed_at", "-pk").first()


def results(team: Team, framework: Framework, only: Sequence[str] = ()) -> dict[str, Distribution]:
    """What the last closed pulse said, by criterion; nothing of those that fewer than the minimum answered."""
    pulse = last_closed(team, framework)
    if pulse is None:
        return {}
    rows = PulseAnswer.objects.filter(pulse=pulse)
    rows = rows.filter(criterion__in=only) if only else rows
    said: dict[str, Counter[int]] = {}
    for criterion, agreement in rows.values_list("criterion", "agreement"):
        said.setdefault(criterion, Counter())[agreement] += 1
    asked = {criterion.id: criterion.pulse for criterion in sentences(catalogue.by_digest(pulse.framework_digest))}
    return {
        key: Distribution(key, asked[key], tuple(counts[step] for step, _words in STEPS), pulse.closed_at)
        for key, counts in said.items()
        if key in asked and counts.total() >= settings.PULSE_MINIMUM
    }


def pulse_of(team: Team, framework: Framework, criterion: Criterion) -> Distribution | None:
    """What members said of one criterion; asks nothing where they are not asked."""
    return results(team, framework, [criterion.id]).get(criterion.id) if criterion.pulse else None
