"""Carrying answers and reviews from one version of a framework into a newer one.

Pure: no Django. Nothing is lost: what a map drops, or what no longer fits, is handed back with its
text. `framework_checks.map_problems` says beforehand whether a map tells of every criterion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

from assessments.framework import Change, Framework, Text
from assessments.framework_checks import map_problems
from assessments.scoring import Answer, Review
from portal.message import Message

_WEAKEST_FIRST = ("no", "partly", None, "yes", "na")  # of merged parts; what does not apply asks for nothing
_NOTHING: Mapping = MappingProxyType({})


class MigrationError(ValueError):
    """Versions that no map connects; ``message`` says which."""

    def __init__(self, message: Message):
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Dropped:
    """What was said of a criterion and is not said of the new version any more.

    ``criterion`` is the id in the version that had it, ``said`` the answer or verdict, ``text`` its
    note, ``change`` the part of the map that dropped it; without one, the new version does not
    accept it (such as an N/A).
    """

    what: Literal["answer", "review"]
    criterion: str
    said: str | None
    text: str = ""
    change: Change | None = None

    @property
    def why(self) -> Text | None:
        return self.change.why if self.change else None


@dataclass(frozen=True)
class Migrated:
    """Answers and reviews as the new version has them.

    ``reconfirm`` are criteria whose answer is kept but counts as unknown until somebody confirms
    it. ``sources`` names for each criterion those of the old version that its answer came from;
    ``targets`` for each criterion of the old version what became of it, whether it was answered or not.
    ``changes`` are the parts of the map that touched something.
    """

    answers: Mapping[str, Answer]
    reviews: Mapping[str, Review]
    dropped: tuple[Dropped, ...] = ()
    reconfirm: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def counted(self) -> dict[str, Answer]:
        """The answers that may be scored: without those that wait to be confirmed."""
        return {key: answer for key, answer in self.answers.items() if key not in self.reconfirm}


def plan(
    old: Framework,
    new: Framework,
    answers: Mapping[str, Answer],
    reviews: Mapping[str, Review] = _NOTHING,
    reconfirm: Set[str] = frozenset(),
) -> Migrated:
    """Carry answers and reviews one version on.

    Parameters
    ----------
    old, new : Framework
        Of one key; `new` migrates from the version of `old`. Without a map, all is kept.
    answers, reviews : mapping of criterion id of `old`
    reconfirm : set of str
        Answers that already wait to be confirmed, and go on waiting.

    Returns
    -------
    Migrated
        A merged answer is the weakest of its parts, with all their notes; a merged review is
        refused if one part was, and kept only where every part was confirmed. Each part of a split
        gets the whole.

    Raises
    ------
    MigrationError
        The map does not fit the two versions.
    """
    for _, reason in map_problems(old, new):
        raise MigrationError(Message("maturity.migration.map", {"framework": new.key, "reason": reason}))
    work = _Work(old, new, answers, reviews, reconfirm)
    for change in new.migrates.changes if new.migrates else ():
        work.apply(change)
    work.keep_the_rest()
    return work.result()


def plan_along(
    versions: Sequence[Framework],
    answers: Mapping[str, Answer],
    reviews: Mapping[str, Review] = _NOTHING,
    reconfirm: Set[str] = frozenset(),
) -> Migrated:
    """Carry answers and reviews along a chain of versions, the oldest first, as `path` gives it."""
    itself = {key: (key,) for key in (*versions[0].by_id, *answers)}
    start = Migrated(answers, reviews, reconfirm=frozenset(reconfirm), sources=itself, targets=itself)
    return reduce(_then, pairwise(versions), start)


def path(old: Framework, new: Framework, known: Iterable[Framework]) -> tuple[Framework, ...]:
    """The versions to go through from `old` to `new`, both included.

    Raises
    ------
    MigrationError
        A version on the way is not known, or no map leads back to `old`.
    """
    versions = {framework.version: framework for framework in known if framework.key == new.key}
    way = [new]
    while way[-1].version > old.version:
        here = way[-1]
        before = here.migrates.from_ if here.migrates else max((v for v in versions if v < here.version), default=0)
        if before == old.version:
            way.append(old)
        elif before > old.version and before in versions:
            way.append(versions[before])
        else:
            break
    if way[-1] is not old or old.key != new.key:
        params = {"framework": new.key, "old": old.version, "new": new.version}
        raise MigrationError(Message("maturity.migration.path", params))
    return tuple(reversed(way))


def _then(so_far: Migrated, step: tuple[Framework, Framework]) -> Migrated:
    following = plan(*step, so_far.answers, so_far.reviews, so_far.reconfirm)
    sources = {
        key: tuple(dict.fromkeys(first for part in parts for first in so_far.sources.get(part, (part,))))
        for key, parts in following.sources.items()
    }
    targets = {
        key: tuple(dict.fromkeys(last for part in parts for last in following.targets.get(part, ())))
        for key, parts in so_far.targets.items()
    }
    return replace(
        following,
        dropped=so_far.dropped + following.dropped,
        changes=so_far.changes + following.changes,
        sources=MappingProxyType(sources),
        targets=MappingProxyType(targets),
    )


class _Work:
    """One step while it is being done; what was handled leaves `answers` and `reviews`."""

    def __init__(self, old, new, answers, reviews, reconfirm):
        self.old, self.new, self.waiting = old, new, reconfirm
        self.answers, self.reviews = dict(answers), dict(reviews)
        self.kept: dict[str, Answer] = {}
        self.kept_reviews: dict[str, Review] = {}
        self.sources: dict[str, tuple[str, ...]] = {}
        self.reconfirm: set[str] = set()
        self.dropped: list[Dropped] = []
        self.changes: list[Change] = []

    def apply(self, change: Change) -> None:
        answered = {key: self.answers.pop(key) for key in change.from_ if key in self.answers}
        reviewed = {key: self.reviews.pop(key) for key in change.from_ if key in self.reviews}
        if answered or reviewed:
            self.changes.append(change)
        if change.answers == "drop":
            self._drop_answers(answered, change)
        elif change.kind == "merged":
            self._merge(change, answered)
        else:
            for source, target in self._pairs(change):
                if source in answered:
                    self._keep(target, answered[source], (source,), ask=change.answers == "reconfirm")
        self._carry_reviews(change, reviewed)

    def keep_the_rest(self) -> None:
        for key, answer in self.answers.items():
            if key in self.new.by_id:
                self._keep(key, answer, (key,))
            else:
                self._drop_answers({key: answer}, None)
        for key, review in self.reviews.items():
            if key in self.new.by_id:
                self.kept_reviews[key] = review
            else:
                self.dropped.append(Dropped("review", key, review.verdict))

    def result(self) -> Migrated:
        self._ask_of_empty_groups()
        return Migrated(
            MappingProxyType(self.kept),
            MappingProxyType(self.kept_reviews),
            tuple(self.dropped),
            frozenset(self.reconfirm),
            tuple(self.changes),
            MappingProxyType(self.sources),
            MappingProxyType(self._targets()),
        )

    def _targets(self) -> dict[str, tuple[str, ...]]:
        changes = self.new.migrates.changes if self.new.migrates else ()
        named = {source: [] for change in changes for source in change.from_}
        for change in changes:
            if change.kind == "merged":
                named |= {source: [change.to[0]] for source in change.from_}
            else:
                for source, target in self._pairs(change):
                    named[source].append(target)
        kept = {key: (key,) for key in self.old.by_id if key in self.new.by_id}
        return kept | {source: tuple(found) for source, found in named.items()}

    @staticmethod
    def _pairs(change: Change) -> list[tuple[str, str]]:
        if change.kind == "tightened":
            return [(key, key) for key in change.from_]
        return [(change.from_[0], target) for target in change.to]

    def _keep(self, target: str, answer: Answer, sources: tuple[str, ...], *, ask: bool = False) -> None:
        if answer.value == "na" and not self.new.by_id[target].na_allowed:
            self.dropped.append(Dropped("answer", sources[0], answer.value, answer.reason))
            answer = Answer(None, answer.reason)  # the note stays where the next person answers
        self.kept[target], self.sources[target] = answer, sources
        if ask or self.waiting & set(sources):
            self.reconfirm.add(target)

    def _merge(self, change: Change, answered: Mapping[str, Answer]) -> None:
        if not answered:
            return
        values = [answered[key].value if key in answered else None for key in change.from_]
        notes = dict.fromkeys(answer.reason.strip() for answer in answered.values() if answer.reason.strip())
        merged = Answer(min(values, key=_WEAKEST_FIRST.index), "\n\n".join(notes))
        self._keep(change.to[0], merged, change.from_, ask=change.answers == "reconfirm")

    def _carry_reviews(self, change: Change, reviewed: Mapping[str, Review]) -> None:
        if change.reviews == "drop" or change.answers == "drop":
            self._drop_reviews(reviewed, change)
        elif change.kind == "merged":
            merged = _merged_review(change.from_, reviewed)
            if merged is None:
                self._drop_reviews(reviewed, change)
            else:
                self.kept_reviews[change.to[0]] = merged
        else:
            self.kept_reviews |= {
                target: reviewed[source] for source, target in self._pairs(change) if source in reviewed
            }

    def _drop_answers(self, answered: Mapping[str, Answer], change: Change | None) -> None:
        said = {key: one for key, one in answered.items() if one.value or one.reason}
        self.dropped += [Dropped("answer", key, one.value, one.reason, change) for key, one in said.items()]

    def _drop_reviews(self, reviewed: Mapping[str, Review], change: Change) -> None:
        self.dropped += [Dropped("review", key, one.verdict, "", change) for key, one in reviewed.items()]

    def _ask_of_empty_groups(self) -> None:
        """Where the new version wants one of a group to apply and all were N/A, ask for each anew."""
        for group in self.new.not_all_na:
            if all(key in self.kept and self.kept[key].value == "na" for key in group):
                self.reconfirm.update(group)


def _merged_review(parts: Sequence[str], reviewed: Mapping[str, Review]) -> Review | None:
    refused = [review for review in reviewed.values() if review.verdict == "refused"]
    if refused:
        return max(refused, key=lambda review: (review.at is not None, review.at))
    if len(reviewed) < len(parts):
        return None
    ends: list[datetime] = [review.until for review in reviewed.values() if review.until]
    starts: list[datetime] = [review.at for review in reviewed.values() if review.at]
    return Review("confirmed", max(starts, default=None), min(ends, default=None))
