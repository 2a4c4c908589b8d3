"""What a newer version of a framework does to a team's levels, and why.

Pure: no Django.
"""

from __future__ import annotations

from dataclasses import dataclass

from assessments.framework import Framework, Text
from assessments.migration import Migrated
from assessments.scoring import Kind, Score
from portal.message import Message, gettext_noop, register

register(
    {
        "upgrade.cause.new": gettext_noop("new in this version"),
        "upgrade.cause.required": gettext_noop("now required"),
        "upgrade.cause.level": gettext_noop("now asked at level %(level)s"),
        "upgrade.cause.renamed": gettext_noop("renamed"),
        "upgrade.cause.split": gettext_noop("split off"),
        "upgrade.cause.merged": gettext_noop("merged: the weakest part counts"),
        "upgrade.cause.tightened": gettext_noop("asks for more than before"),
        "upgrade.cause.asked": gettext_noop("to be confirmed again"),
        "upgrade.cause.na": gettext_noop("not applicable is not accepted any more"),
        "upgrade.cause.open": gettext_noop("not met before either"),
        "upgrade.cause.unmet": gettext_noop("not met any more"),
        "upgrade.cause.met": gettext_noop("met"),
        "upgrade.cause.gone": gettext_noop("not asked any more"),
    }
)


@dataclass(frozen=True)
class Cause:
    """One criterion that a level moves for, and what happened to it; ``why`` is the map's own reason."""

    criterion: str
    title: Text
    reason: Message
    why: Text | None = None


@dataclass(frozen=True)
class Move:
    """A level of a dimension that differs between the two versions; None where the dimension is not there."""

    dimension: str
    title: Text
    kind: Kind
    before: int | None
    after: int | None
    causes: tuple[Cause, ...]

    @property
    def drops(self) -> bool:
        return self.before is not None and self.after is not None and self.after < self.before


def moves(
    old: Framework,
    new: Framework,
    before: Score,
    after: Score,
    migrated: Migrated,
    kinds: tuple[Kind, ...] = ("official", "claimed"),
) -> tuple[Move, ...]:
    """The levels that the upgrade moves, in the order of `kinds` and of the dimensions.

    Parameters
    ----------
    before, after : Score
        Of the same team at the same moment: of `old` with its answers, of `new` with the migrated ones.
    """
    titles = {dimension.key: dimension.title for dimension in (*old.dimensions, *new.dimensions)}
    found = []
    for kind in kinds:
        for key, title in titles.items():
            was, is_ = before.dimensions.get(key), after.dimensions.get(key)
            low, high = (was.level(kind) if was else None), (is_.level(kind) if is_ else None)
            if low == high:
                continue
            if is_ is None:
                causes: tuple[Cause, ...] = ()
            elif low is not None and high > low:
                causes = _freed(old, new, kind, was.held_by(kind), after)
            else:
                causes = tuple(_cause(old, new, kind, before, migrated, name) for name in is_.held_by(kind))
            found.append(Move(key, title, kind, low, high, causes))
    return tuple(found)


def _freed(old: Framework, new: Framework, kind: Kind, held: tuple[str, ...], after: Score) -> tuple[Cause, ...]:
    """The criteria that held the level before and do not any more."""
    found = []
    for name in held:
        here = new.by_id.get(name)
        if here is None or not here.required:
            reason = Message("upgrade.cause.gone")
        elif after.standing(kind)[name] == "met":
            reason = Message("upgrade.cause.met")
        else:
            reason = Message("upgrade.cause.level", {"level": here.level})
        found.append(Cause(name, (here or old.by_id[name]).title, reason))
    return tuple(found)


def _cause(old: Framework, new: Framework, kind: Kind, before: Score, migrated: Migrated, name: str) -> Cause:
    criterion, earlier = new.by_id[name], old.by_id.get(name)
    changes = new.migrates.changes if new.migrates else ()
    change = next((one for one in changes if name in one.to), None)
    dropped = {one.criterion for one in migrated.dropped if one.what == "answer" and one.said == "na"}
    if name in migrated.reconfirm:
        reason = Message("upgrade.cause.asked")
    elif change:
        reason = Message(f"upgrade.cause.{change.kind}")
    elif earlier is None:
        reason = Message("upgrade.cause.new")
    elif not earlier.required and criterion.required:
        reason = Message("upgrade.cause.required")
    elif name in dropped:
        reason = Message("upgrade.cause.na")
    elif before.standing(kind)[name] == "met":
        reason = Message("upgrade.cause.unmet")
    elif earlier.level != criterion.level:
        reason = Message("upgrade.cause.level", {"level": criterion.level})
    else:
        reason = Message("upgrade.cause.open")
    return Cause(name, criterion.title, reason, change.why if change else None)
