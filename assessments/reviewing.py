"""What a reviewer looks at: the answers of a submitted assessment, and which of them the official level depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments import catalogue, levels
from assessments.evidence_rules import Weighed
from assessments.framework import Criterion, Dimension, Framework
from assessments.levels import Current
from assessments.models import Answer, Assessment, Contradiction, CriterionReview, ReviewVerdict
from assessments.position import judge
from assessments.scoring import Score
from assessments.standing import Review

# first: the official level depends on it. evident: fresh evidence or an earlier review meets it.
# rest: a claim that decides no level yet. none: the team claims nothing here.
Need = Literal["first", "evident", "rest", "none"]
CLAIMS = ("yes", "na")
WORDS = {
    "ok": _("Confirmed"),
    "x": _("Not confirmed"),
    "warn": _("denied by evidence"),
    "evid": _("supported by evidence, no verdict yet"),
    "none": _("no verdict yet"),
    "na": _("not claimed"),
}


@dataclass(frozen=True)
class Item:
    """One answer with what speaks for and against it, and the verdict, if there is one."""

    criterion: Criterion
    answer: Answer | None
    weighed: Weighed
    review: CriterionReview | None
    dispute: Contradiction | None
    need: Need

    @property
    def value(self) -> str:
        return self.answer.value if self.answer else ""

    @property
    def done(self) -> bool:
        return self.review is not None

    @property
    def refused(self) -> bool:
        return self.review is not None and self.review.verdict == ReviewVerdict.REFUSED

    @property
    def evidenced(self) -> bool:
        """Fresh facts support what the team says."""
        return self.value == "yes" and self.weighed.verdict == "supports"

    @property
    def mark(self) -> str:
        if self.review:
            return "x" if self.refused else "ok"
        if self.dispute or (self.value in CLAIMS and self.weighed.verdict == "contradicts"):
            return "warn"
        return "evid" if self.evidenced else "none" if self.need != "none" else "na"

    @property
    def word(self):
        return WORDS[self.mark]


@dataclass(frozen=True)
class Group:
    """The answers of one dimension."""

    dimension: Dimension
    items: tuple[Item, ...]

    @property
    def first(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.need == "first")

    @property
    def evident(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.need == "evident")

    @property
    def rest(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.need == "rest")

    @property
    def others(self) -> tuple[Item, ...]:
        return self.evident + self.rest

    @property
    def unclaimed(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.need == "none")


@dataclass(frozen=True)
class Reviewing:
    """A submitted assessment as its reviewer sees it."""

    assessment: Assessment
    framework: Framework
    now: Current
    groups: tuple[Group, ...]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All claims, in the order in which one walks through them: what is needed first, then the rest."""
        every = [item for group in self.groups for item in group.items]
        return tuple(item for need in ("first", "evident", "rest", "none") for item in every if item.need == need)

    @property
    def queue(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.need != "none")

    @property
    def first(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.need == "first")

    @property
    def first_done(self) -> int:
        return len(self.first) - len(self.missing)

    @property
    def missing(self) -> tuple[Item, ...]:
        """What the official level depends on and has no verdict yet."""
        return tuple(item for item in self.first if not item.done)

    @property
    def refused(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.refused)

    @property
    def confirmed(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.done and not item.refused)

    @property
    def reviewed(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.done)

    @property
    def evidenced(self) -> tuple[Item, ...]:
        """What one may confirm at once: fresh evidence supports it, and nobody has given a verdict."""
        return tuple(item for item in self.queue if item.evidenced and not item.done)

    def item(self, criterion: str) -> Item:
        return next(item for item in self.items if item.criterion.id == criterion)

    def way(self, criterion: str) -> tuple[Item, ...]:
        """What previous and next walk through from here: the claims, or what lies beside them."""
        claimed = self.item(criterion).need != "none"
        return tuple(item for item in self.items if (item.need != "none") == claimed)

    def neighbours(self, criterion: str) -> tuple[int, Item | None, Item | None]:
        """The place of a criterion on its way, from 0, and what stands before and after it."""
        way = self.way(criterion)
        place = next(index for index, item in enumerate(way) if item.criterion.id == criterion)
        return place, way[place - 1] if place else None, way[place + 1] if place + 1 < len(way) else None

    def next_open(self, criterion: str = "") -> Item | None:
        """The next claim without a verdict after a criterion, from the start again at the end."""
        waiting = [item for item in self.queue if not item.done and item.criterion.id != criterion]
        order = {item.criterion.id: place for place, item in enumerate(self.items)}
        here = order.get(criterion, -1)
        return min(waiting, key=lambda item: (order[item.criterion.id] < here, order[item.criterion.id]), default=None)

    @cached_property
    def signed_score(self) -> Score:
        """The score that a signature would give now."""
        moment = timezone.now()
        given = {
            item.criterion.id: Review(item.review.verdict, moment)
            for item in self.items
            if item.review and item.review.answer_rev == (item.answer.rev if item.answer else 0)
        }
        return _with_reviews(self.now, given)


def reviewing(assessment: Assessment) -> Reviewing:
    """What is to be reviewed of a submitted assessment, with what stands there now."""
    framework = catalogue.of(assessment)
    now = levels.current(assessment.team, framework, assessment=assessment)
    given = {row.criterion: row for row in assessment.reviews.select_related("by")}
    needs = needed(now)
    groups = (
        Group(dimension, tuple(_item(now, given, needs, criterion) for criterion in framework.of(dimension.key)))
        for dimension in framework.dimensions
    )
    return Reviewing(assessment, framework, now, tuple(groups))


def needed(now: Current) -> dict[str, Need]:
    """What a review of each answer would do.

    The level is judged once as if every claim were confirmed: what lies above what is reached then
    cannot be lifted by any review.
    """
    claimed = {key for key, row in now.answers.items() if row.value in CLAIMS}
    best = _with_reviews(now, {key: Review("confirmed") for key in claimed})
    reach = {key: part.official for key, part in best.dimensions.items()}

    def need(criterion: Criterion) -> Need:
        if criterion.id not in claimed:
            return "none"
        if now.score.official[criterion.id] == "met":
            return "evident"
        return "first" if criterion.required and criterion.level <= reach[criterion.dimension] else "rest"

    return {criterion.id: need(criterion) for criterion in now.framework.criteria}


def verdicts_of(assessments: Iterable[Assessment]) -> dict[int, dict[str, CriterionReview]]:
    """The verdicts on each of some assessments, by criterion; one query."""
    found: dict[int, dict[str, CriterionReview]] = {row.pk: {} for row in assessments}
    for row in CriterionReview.objects.filter(assessment__in=found).select_related("by"):
        found[row.assessment_id][row.criterion] = row
    return found


def _with_reviews(now: Current, given: Mapping[str, Review]) -> Score:
    position = now.judged.position
    return judge(replace(position, reviews={**position.reviews, **given})).score


def _item(now: Current, given: Mapping[str, CriterionReview], needs: Mapping[str, Need], criterion: Criterion) -> Item:
    return Item(
        criterion,
        now.answers.get(criterion.id),
        now.weighed[criterion.id],
        given.get(criterion.id),
        now.contradictions.get(criterion.practice),
        needs[criterion.id],
    )


def sent_back(assessment: Assessment | None) -> Assessment | None:
    """The assessment that a draft mends: the newest before it, where a reviewer sent it back."""
    if assessment is None:
        return None
    before = Assessment.objects.closed().filter(team=assessment.team_id, framework=assessment.framework)
    newest = before.order_by("-submitted_at", "-pk").select_related("returned_by").first()
    return newest if newest and newest.returned_at else None
