"""What a period pack says: every change of what stood in an environment, and whether the list is complete."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from governance.models import (
    Decision,
    DecisionKind,
    Finding,
    Placement,
    Promotion,
    PromotionKind,
    RegisteredModel,
    Registry,
)  # fmt: skip
from governance.pack_count import (
    APPROVED,
    AUTOMATIC,
    EMERGENCY,
    ROLLBACK,
    UNDECIDED,
    Change,
    Count,
    Covered,
    Stray,
    count,
    coverage,
    explained,
    sample,
)  # fmt: skip
from governance.pack_kits import USED, kit_uses
from governance.verdict import environments
from portal.jobs.models import Job, State
from portal.ledger.models import Event
from portal.ledger.reading import ReadEvent, read
from portal.web.errors import Invalid
from portal.web.names import read_once
from portal.web.say import say

LONGEST = 400  # days
MOST = 20_000  # entries
MOVED = "promotion.moved"
# What happens on the way to a decision and changes nothing is counted in no column.
WAY_THERE = ("request", "resubmit", "recompute", "lapse", "comment", "retry", "approve", "automatic")
STEPS = {f"promotion.{name}" for name in WAY_THERE}
AREAS = ("promotion.", "waiver.", "ruling.", "exception.", "break_glass.", "breakglass.", "move.", "finding.")
# Kinds of findings that say that something else stood there than was decided.
STANDING = {
    "alias_moved", "alias_removed", "never_approved", "stray_version", "remade", "version_deleted", "model_deleted",
    "model_renamed", "artifact_changed", "copy_differs",
}  # fmt: skip
ALIASES = {"alias_moved", "alias_removed", "never_approved"}
MOVES, REFUSALS, EXCEPTIONS, FINDINGS, OTHERS = "moves", "refusals", "exceptions", "findings", "others"
COLUMNS = (MOVES, REFUSALS, EXCEPTIONS, FINDINGS, OTHERS)
REFUSED = {"promotion.refuse", "promotion.send_back", "promotion.withdraw"}
WAY_OF = {DecisionKind.APPROVE: APPROVED, DecisionKind.AUTOMATIC: AUTOMATIC, DecisionKind.BREAK_GLASS: EMERGENCY}


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last` in the time zone in force, and the environment whose changes are told."""

    environment: str
    first: date
    last: date

    @property
    def start(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        return min(_midnight(self.last + timedelta(days=1)), timezone.now())

    @property
    def days(self) -> list[date]:
        """Those that have begun."""
        last = min(self.last, timezone.localdate())
        return [self.first + timedelta(days=n) for n in range((last - self.first).days + 1)]

    @property
    def title(self) -> dict[str, str]:
        """The environment's name in both languages."""
        title = environments()[self.environment].title
        return {"en": title.en, "ja": title.ja}

    @property
    def key(self) -> str:
        return f"{self.environment}.{self.first}.{self.last}"

    @classmethod
    def parse(cls, key: str) -> Period:
        environment, first, last = key.rsplit(".", 2)
        return period(environment, date.fromisoformat(first), date.fromisoformat(last))


def period(environment: str, first: date, last: date) -> Period:
    """Check what was asked for; raises `Invalid` with a sentence."""
    if environment not in environments():
        raise Invalid("pack.environment", environment=environment)
    if last < first:
        raise Invalid("pack.order")
    if first > timezone.localdate():
        raise Invalid("pack.future")
    if (last - first).days >= LONGEST:
        raise Invalid("pack.long", days=LONGEST)
    return Period(environment, first, last)


@dataclass(frozen=True)
class Row:
    """One listed entry."""

    column: str
    entry: ReadEvent
    way: str = ""
    found: int | None = None
    left: int | None = None
    decided: tuple[Decision, ...] = ()
    reason: str = ""
    drawn: bool = False

    @property
    def copy(self) -> str:
        """The copy whose number counts, where the version stands as one, and the other registry if it lies there."""
        params = self.event.content["params"]
        name, registry = params.get("copy", ""), params.get("into_registry", "")
        return f"{name} ({registry})" if name and registry else name

    @property
    def event(self) -> Event:
        return self.entry.event


@dataclass(frozen=True)
class Read:
    """How far a registry was read in the period."""

    registry: Registry
    covered: Covered
    moves: int
    unexplained: int


@dataclass(frozen=True)
class Pack:
    """All that a period's pack says. `behind` are the decisions behind the moves, which may be older than it."""

    period: Period
    count: Count
    rows: tuple[Row, ...]
    behind: tuple[Event, ...]
    registries: tuple[Read, ...]
    restores: tuple[ReadEvent, ...]
    numbers: tuple[int, int] | None
    drawn: tuple[int, ...]
    unreviewed: int = 0  # emergency kits of the period whose use nobody has reviewed yet

    def of(self, column: str) -> list[Row]:
        return [row for row in self.rows if row.column == column]

    @property
    def exceptions(self) -> list[Row]:
        """What is no ordinary change: in any sample, always."""
        emergencies = [row for row in self.of(MOVES) if row.way in (EMERGENCY, UNDECIDED)]
        return [*emergencies, *self.of(EXCEPTIONS), *self.of(FINDINGS)]

    @property
    def months(self) -> list[tuple[date, dict[str, int]]]:
        """Each month of the period with its figures by column."""
        found = {day.replace(day=1): dict.fromkeys(COLUMNS, 0) for day in self.period.days}
        for row in self.rows:
            found[timezone.localdate(row.event.at).replace(day=1)][row.column] += 1
        return list(found.items())

    @property
    def events(self) -> list[Event]:
        """Every listed entry and the decisions behind, in the order of the ledger."""
        found = {event.pk: event for event in (*(row.event for row in self.rows), *self.behind)}
        return sorted(found.values(), key=lambda event: event.pk)


@read_once()
def collect(asked: Period, *, seed: str = "", size: int = 0) -> Pack:
    """Gather a period; with a seed, draw a sample of its moves."""
    facts = _Facts(asked.environment)
    events = _listed(asked, facts)
    moved = [event for event in events if event.action == MOVED]
    inside = {event.pk for event in moved}
    drawn = sample([event.seq for event in moved if event.seq], seed, size) if seed and size else []
    entries = {entry.event.pk: entry for entry in read(events)}
    changes = {event.pk: facts.change(event, content) for event, content in facts.moved}
    rows = tuple(_row(entries[event.pk], changes.get(event.pk), facts, drawn) for event in events)
    counted = count(
        list(changes.values()),
        facts.strays,
        start=asked.start,
        end=asked.end,
        now=facts.now,
        read_at=timezone.now(),
        opened=[use.opened for use in facts.uses.values()],
        unrecorded=facts.unrecorded(asked),
        ledger_gap=_gap(asked),
    )
    behind = {decision.event for pk in inside for decision in facts.decided.get(facts.promotion_of[pk], ())}
    numbers = [event.seq for event in events if event.seq]
    return Pack(
        asked,
        counted,
        rows,
        tuple(Event.objects.filter(uuid__in=behind)),
        _registries(asked, [facts.registry_of(pk) for pk in inside], facts),
        tuple(read(Event.objects.filter(action="ledger.restore", at__gte=asked.start, at__lt=asked.end))),
        (min(numbers), max(numbers)) if numbers else None,
        tuple(drawn),
        sum(not facts.uses[event.pk].is_reviewed for event in events if event.pk in facts.uses),
    )


class _Facts:
    """What stands behind the moves of an environment, of all time, in a handful of queries."""

    def __init__(self, environment: str) -> None:
        rows = list(Event.objects.filter(action=MOVED).order_by("id"))
        read_rows = [(event, event.content) for event in rows]
        self.moved = [one for one in read_rows if one[1]["params"].get("environment") == environment]
        self.promotion_of = {event.pk: int(event.subject_id) for event, _content in self.moved}
        promotions = Promotion.objects.filter(pk__in=self.promotion_of.values())
        self.promotions = {row.pk: row for row in promotions.select_related("version__model").defer("verdict")}
        whole = "version__model__registry", "copy__model__registry", "promotion__move"
        placements = Placement.objects.filter(environment=environment).select_related(*whole)
        self.placements = list(placements.defer("promotion__verdict"))
        self.placed = {row.promotion_id: row for row in self.placements}
        self.decided: dict[int, list[Decision]] = defaultdict(list)
        decisions = Decision.objects.filter(promotion__in=self.promotions, decision__in=WAY_OF)
        for decision in decisions.select_related("by"):
            self.decided[decision.promotion_id].append(decision)
        found = Finding.objects.filter(environment=environment).select_related("model").order_by("id")
        self.told = {str(row.pk): row.title for row in found}
        self.findings = [row for row in found if row.kind in STANDING]
        self.alias = environments()[environment].alias
        self.uses = {use.event.pk: use for use in kit_uses(environment)}
        self.seen = self._seen()

    def change(self, event: Event, content: dict[str, Any]) -> Change:
        promotion = self.promotions.get(self.promotion_of[event.pk])
        placement = self.placed.get(self.promotion_of[event.pk])
        found, left = content["before"].get("version"), content["after"].get("version")
        model = promotion.version.model_id if promotion else 0
        where = f"{placement.there.model_id}:{content['after'].get('alias')}" if placement else ""
        way = self._way(event, content, promotion)
        return Change(event.at, event.seq or 0, model, found, left, way, bool(placement), where)

    def registry_of(self, event: int) -> int | None:
        """The registry in which a move set its alias."""
        number = self.promotion_of[event]
        lies = self.placed[number].there if number in self.placed else None
        promotion = self.promotions.get(number)
        return lies.model.registry_id if lies else promotion and promotion.version.model.registry_id

    def _way(self, event: Event, content: dict[str, Any], promotion: Promotion | None) -> str:
        standing = {str(row.event): row for row in self.decided.get(self.promotion_of[event.pk], ())}
        decision = standing.get(str(content["params"].get("decision")))
        if promotion is None or decision is None:
            return UNDECIDED
        way = WAY_OF[DecisionKind(decision.decision)]
        return ROLLBACK if promotion.kind == PromotionKind.ROLLBACK and way != EMERGENCY else way

    def _seen(self) -> list[tuple[Finding, Stray]]:
        """Each state in which a finding was seen, and that it was put right again."""
        found = []
        for row in self.findings:
            # What is no alias is counted, and is no step on the way of one.
            model = _own(row.model) if row.kind in ALIASES else -row.pk
            found += [(row, Stray(at, model, version)) for at, version in _states(row)]
            if row.resolution == "ended" and row.kind in ALIASES:
                found.append((row, Stray(row.resolved_at, model, None, back=True)))
        marked = explained([stray for _row, stray in found], (use.opened for use in self.uses.values()))
        return [(row, stray) for (row, _stray), stray in zip(found, marked, strict=True)]

    @property
    def strays(self) -> list[Stray]:
        return [stray for _row, stray in self.seen]

    @property
    def now(self) -> dict[int, int | None]:
        """What the last reading saw under the alias, where the registry in which it lies could be read."""
        found = {}
        for row in self.placements:
            model, move = row.there.model, getattr(row.promotion, "move", None)
            if row.until is None and model.deleted_at is None and not model.registry.stale:
                found[row.model_id] = model.aliases.get(move.alias if move else self.alias)
        return found

    def unrecorded(self, asked: Period) -> int:
        told = set(self.promotion_of.values())
        return sum(asked.start <= row.since < asked.end and row.promotion_id not in told for row in self.placements)


def _listed(asked: Period, facts: _Facts) -> list[Event]:
    """The entries of the period that are listed, oldest first."""
    areas = Q(action=USED)
    for area in AREAS:
        areas |= Q(action__startswith=area)
    rows = Event.objects.filter(areas, at__gte=asked.start, at__lt=asked.end).exclude(action__in=STEPS)
    events = []
    for event in rows.order_by("id").prefetch_related("texts").iterator(chunk_size=1000):
        if event.pk in facts.uses or event.content["params"].get("environment") == asked.environment:
            events.append(event)
        if len(events) > MOST:
            raise Invalid("pack.many", most=MOST)
    return events


def _row(entry: ReadEvent, change: Change | None, facts: _Facts, drawn: Sequence[int]) -> Row:
    event = entry.event
    reason = next((text.text for text in event.texts.all() if text.name == "reason"), "")
    if change:
        decided = tuple(row for row in facts.decided.get(facts.promotion_of[event.pk], ()) if not row.lapsed_at)
        given = {"way": change.way, "found": change.found, "left": change.left, "decided": decided}
        return Row(MOVES, entry, **given, drawn=event.seq in drawn)
    if event.pk in facts.uses:
        column, reason = EXCEPTIONS, say(facts.uses[event.pk].message)
    elif event.action in REFUSED:
        column = REFUSALS
    elif event.action.startswith("finding."):
        column, reason = FINDINGS, reason or say(facts.told.get(event.subject_id))
    elif event.action.startswith(("waiver.", "ruling.", "exception.", "break")) or "break" in event.action:
        column = EXCEPTIONS
    else:
        column = OTHERS
    return Row(column, entry, reason=reason)


def _gap(asked: Period) -> int:
    """How many numbers are missing among those of the period."""
    numbered = Event.objects.filter(at__gte=asked.start, at__lt=asked.end, seq__isnull=False)
    ends = numbered.aggregate(first=Min("seq"), last=Max("seq"))
    if ends["first"] is None:
        return 0
    there = Event.objects.filter(seq__gte=ends["first"], seq__lte=ends["last"]).count()
    return ends["last"] - ends["first"] + 1 - there


def _registries(asked: Period, moved_in: Sequence[int | None], facts: _Facts) -> tuple[Read, ...]:
    """How far each registry was read, by the sweeps that came to their end."""
    rows = list(Registry.objects.filter(created_at__lt=asked.end).order_by("name"))
    readings: dict[str, list] = defaultdict(list)
    done = Job.objects.filter(kind="registry.mirror", state=State.DONE, ended_at__gte=asked.start)
    for registry, ended in done.filter(ended_at__lt=asked.end).values_list("subject_id", "ended_at"):
        readings[registry].append((timezone.localdate(ended), ended))
    inside = [(row, one) for row, one in facts.seen if asked.start <= one.at < asked.end]
    seen = [row for row, one in inside if not (one.back or one.kit)]
    found = []
    for row in rows:
        days = [day for day in asked.days if day >= timezone.localdate(row.created_at)]
        covered = coverage(days, readings[str(row.pk)])
        moves = sum(registry == row.pk for registry in moved_in)
        unexplained = sum((one.registry_id or (one.model and one.model.registry_id)) == row.pk for one in seen)
        found.append(Read(row, covered, moves, unexplained))
    return tuple(found)


def _states(row: Finding) -> list[tuple[datetime, int | None]]:
    """When a finding was seen in another state, and the version that stood there."""
    seen = row.detail.get("seen") or [{"at": row.opened_at.isoformat(), "found": row.detail.get("found")}]
    known = [(parse_datetime(str(one.get("at"))) or row.opened_at, one.get("found")) for one in seen]
    return [(at, found if isinstance(found, int) else None) for at, found in known]


def _own(model: RegisteredModel | None) -> int:
    """The model that moves name: of a copy the one that it copies."""
    return (model.origin_id or model.pk) if model else 0


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))
