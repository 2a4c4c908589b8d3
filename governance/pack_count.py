"""The count of a period: is every change of what stood there explained?

Pure: no Django. Changes are counted from three sides. The ledger says what decisions carried out; readings of the
registry say what no decision explains; and each move notes what it found in place before it changed it. What a move
found has to be what the one before it left, or what a reading has reported since. Where it is neither, somebody
changed it between two readings: the sum then does not close, and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

APPROVED, AUTOMATIC, EMERGENCY, ROLLBACK, UNDECIDED = "approved", "automatic", "emergency", "rollback", "undecided"
NEAR = timedelta(hours=1)  # a registry's aliases and its gate's uses are read in one go; clocks differ by less
WAYS = (APPROVED, AUTOMATIC, EMERGENCY, ROLLBACK)


@dataclass(frozen=True)
class Change:
    """What a decision carried out: `found` is the version in place right before, `left` the one after.

    `where` is the alias that was set: an environment may come to lie elsewhere, where other numbers count.
    """

    at: datetime
    seq: int
    model: int
    found: int | None
    left: int | None
    way: str
    placed: bool = True
    where: str = ""


@dataclass(frozen=True)
class Stray:
    """What a reading saw and no decision explains; `back` says that what was decided stood there again.

    `kit` says that an emergency kit was opened for it.
    """

    at: datetime
    model: int
    found: int | None
    back: bool = False
    kit: bool = False


@dataclass(frozen=True)
class Opened:
    """An emergency kit that two custodians opened: when the server took it, and when the ledger was told."""

    at: datetime
    told: datetime
    model: int
    left: int | None


@dataclass(frozen=True)
class Break:
    """Between two things that are known, something changed that nobody saw: a version was expected, another found."""

    model: int
    after: datetime | None
    until: datetime
    expected: int | None
    found: int | None
    seq: int | None = None  # of the move that found it; None for the last reading


@dataclass(frozen=True)
class Count:
    """Changes of a period by how they are explained, and what is not."""

    ways: Mapping[str, int] = field(default_factory=dict)
    kits: int = 0
    unexplained: int = 0
    undecided: int = 0
    unplaced: int = 0
    unrecorded: int = 0
    breaks: tuple[Break, ...] = ()
    ledger_gap: int = 0

    @property
    def carried_out(self) -> int:
        """By a decision, as the ledger says."""
        return sum(self.ways.values())

    @property
    def ordinary(self) -> int:
        """By a decision that was no emergency."""
        return self.carried_out - self.ways.get(EMERGENCY, 0)

    @property
    def emergency(self) -> int:
        """Let past the gates by two people, or set with an emergency kit."""
        return self.ways.get(EMERGENCY, 0) + self.kits

    @property
    def open(self) -> int:
        """Known of, and explained by nothing."""
        return self.total - self.carried_out - self.kits

    @property
    def total(self) -> int:
        """All changes that are known of, those that nobody saw being at least one each."""
        seen = self.carried_out + self.kits + self.undecided + self.unexplained + self.unrecorded
        return seen + len(self.breaks)

    @property
    def missing(self) -> int:
        """By how many the sum does not close."""
        return self.undecided + self.unplaced + self.unrecorded + len(self.breaks) + self.ledger_gap

    @property
    def closes(self) -> bool:
        return self.missing == 0


def count(
    changes: Sequence[Change],
    strays: Sequence[Stray],
    *,
    start: datetime,
    end: datetime,
    now: Mapping[int, int | None],
    read_at: datetime,
    opened: Sequence[Opened] = (),
    unrecorded: int = 0,
    ledger_gap: int = 0,
) -> Count:
    """Count a period from `start` to before `end`.

    Parameters
    ----------
    changes, strays
        Of all time until today: what stood at the start follows from what came before.
    now : mapping
        Model → the version in place as last read; models that could not be read are left out.
    read_at : datetime
        When that was read.
    opened
        Emergency kits that were opened, of all time. `explained` has said which of the strays are theirs.
    unrecorded : int
        Placements of the period that no entry of the ledger tells of.
    ledger_gap : int
        Numbers of the ledger that are missing within the period.
    """
    inside = [change for change in changes if start <= change.at < end]
    ways = {way: sum(change.way == way for change in inside) for way in WAYS}
    broken = (
        one
        for one in breaks(changes, strays, now, read_at)
        if _touches(one, start, end) and not any(_set(kit, one) for kit in opened)
    )
    return Count(
        ways=ways,
        kits=sum(start <= one.told < end for one in opened),
        unexplained=sum(start <= stray.at < end and not (stray.back or stray.kit) for stray in strays),
        undecided=sum(change.way == UNDECIDED for change in inside),
        unplaced=sum(not change.placed for change in inside),
        unrecorded=unrecorded,
        breaks=tuple(broken),
        ledger_gap=ledger_gap,
    )


def explained(strays: Sequence[Stray], opened: Iterable[Opened]) -> list[Stray]:
    """The strays, in their order; of each kit that was opened one, seen about when the ledger was told, is marked."""
    found = list(strays)
    for one in opened:
        for index, stray in enumerate(found):
            same = (stray.model, stray.found) == (one.model, one.left) and not (stray.back or stray.kit)
            if same and abs(stray.at - one.told) <= NEAR:
                found[index] = replace(stray, kit=True)
                break
    return found


def breaks(
    changes: Iterable[Change], strays: Iterable[Stray], now: Mapping[int, int | None], read_at: datetime
) -> list[Break]:
    """Follow each model from thing to thing; what does not follow from the one before is a break."""
    found: list[Break] = []
    known: dict[int, tuple[datetime, int | None, int | None]] = {}  # model → when, what stands, what was decided
    places: dict[int, str] = {}
    # A move and what a reading saw at the same moment: the reading came first, or it would have seen the move.
    for one in sorted((*strays, *changes), key=lambda one: (one.at, isinstance(one, Change))):
        before = known.get(one.model)
        if isinstance(one, Stray):
            decided = before[2] if before else None
            known[one.model] = (one.at, decided if one.back else one.found, decided)
            continue
        elsewhere = one.where and places.get(one.model, one.where) not in ("", one.where)
        if before and before[1] != one.found and not elsewhere:
            found.append(Break(one.model, before[0], one.at, before[1], one.found, one.seq))
        known[one.model], places[one.model] = (one.at, one.left, one.left), one.where
    for model, version in now.items():
        if (before := known.get(model)) and before[0] <= read_at and before[1] != version:
            found.append(Break(model, before[0], read_at, before[1], version))
    return found


def _touches(one: Break, start: datetime, end: datetime) -> bool:
    return one.until >= start and (one.after is None or one.after < end)


def _set(kit: Opened, one: Break) -> bool:
    """Whether what was found where something else was left is what an emergency kit had set in between."""
    since = kit.at if one.after is None else one.after
    return (kit.model, kit.left) == (one.model, one.found) and since - NEAR <= kit.at <= one.until + NEAR


@dataclass(frozen=True)
class Covered:
    """The days of a period on which a registry was read, and those on which it was not."""

    days: int
    missing: tuple[tuple[date, date], ...]  # from … to
    longest: timedelta | None  # between two readings

    @property
    def read(self) -> int:
        return self.days - sum((last - first).days + 1 for first, last in self.missing)


def coverage(days: Sequence[date], readings: Iterable[tuple[date, datetime]]) -> Covered:
    """Which of the days have a reading; readings are the day they fall on, with their moment."""
    readings = sorted(readings, key=lambda one: one[1])
    known = {day for day, _moment in readings}
    moments = [moment for _day, moment in readings]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    return Covered(len(days), tuple(_runs(day for day in days if day not in known)), max(gaps, default=None))


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    for day in days:
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def sample(numbers: Iterable[int], seed: str, size: int) -> list[int]:
    """Draw numbers of the ledger by a seed: whoever has the list and the seed draws the same.

    The numbers are put into the order of the SHA-256 of ``seed:number``, and the first are taken; random generators
    differ between programs and versions, and this does not.
    """

    def order(number: int) -> str:
        return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()

    return sorted(sorted(set(numbers), key=order)[:size])
