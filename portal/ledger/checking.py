"""The check of the whole ledger: every entry, the tree over them, every checkpoint, and a checkpoint kept elsewhere.

Nothing is believed that can be computed. An entry is compared with its hash, with its other columns, and with its
leaf in the tree; each node with the two below it; each checkpoint with the root of the leaves it covers. So an edit
is named where it was made, however far up it was carried: rewriting all of it breaks the signatures, and rewriting
with the key breaks what was pinned outside.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC

from django.db.models import Q

from portal.ledger import tree
from portal.ledger.canonical import text_hash
from portal.ledger.checkpoint import Note, Wrong, log_name, origin, parse_note, signed_by
from portal.ledger.models import Checkpoint, Event, Head, Node, SigningKey
from portal.ledger.offline.sekisho_verify import leaf_of, parent_of
from portal.message import Message

WIDTH = 10  # entries are read by 2^10, and so are the subtrees over them
MOST = 50  # problems that are told of one kind
ERASE = "ledger.erase_text"


@dataclass
class Report:
    """What a check found: `checkpoint` is the newest that holds."""

    size: int = 0
    waiting: int = 0
    checkpoint: Checkpoint | None = None
    problems: list[Message] = field(default_factory=list)


def check_ledger(*, pinned: str = "", progress: Callable[[int, int], object] = lambda done, of: None) -> Report:
    """Check all of it; the entries that have no number yet are counted and not judged."""
    return _Check(progress).run(pinned)


class _Check:
    def __init__(self, progress) -> None:
        self.progress = progress
        # Read before the head: the log may grow meanwhile, and a checkpoint must not seem to stand over nothing.
        self.checkpoints = list(Checkpoint.objects.order_by("epoch", "size"))
        self.head = Head.objects.filter(id=1).first() or Head(id=1)
        self.bad: dict[str, set[int]] = defaultdict(set)  # kind of problem → numbers of entries
        self.report = Report(size=self.head.size)
        self.blank: dict[tuple[str, str], int] = {}
        self.roots: dict[int, bytes] = {0: tree.EMPTY}

    def run(self, pinned: str) -> Report:
        note = _parse(pinned)
        wanted = {row.size for row in self.checkpoints} | ({note.size} if note else set())
        peaks = self._walk(wanted)
        self._upper_nodes()
        self._numbers_beyond()
        self._blank_texts()
        self._tell_of_entries()
        if [peak.hex() for peak in peaks] != self.head.peaks:
            self._found("head", size=self.head.hashed)
        self._signatures()
        if pinned:
            self._pinned(note)
        self.report.waiting = Event.objects.filter(seq=None).count()
        return self.report

    # -- entries and nodes -------------------------------------------------------------------------------

    def _walk(self, wanted: set[int]) -> list[bytes]:
        """Go over all entries in the order of their numbers; the peaks of the tree over those that are hashed."""
        peaks: list[bytes] = []
        for start in range(0, self.head.size, 1 << WIDTH):
            end = min(start + (1 << WIDTH), self.head.size)
            rows = Event.objects.filter(seq__gt=start, seq__lte=end).prefetch_related("texts")
            events = {event.seq: event for event in rows}
            hashed = min(end, self.head.hashed)
            nodes = self._nodes(start, hashed)
            for seq in range(start + 1, end + 1):
                leaf = self._entry(seq, events.get(seq))
                if seq > self.head.hashed:
                    continue
                stored = nodes.get((0, seq - 1))
                if stored is None:
                    self.bad["tree"].add(seq)
                elif leaf is not None and leaf != stored:
                    self.bad["edited"].add(seq)
                _new, peaks = tree.append(seq - 1, peaks, [stored or leaf or tree.EMPTY])
                if seq in wanted:
                    self.roots[seq] = tree.root(peaks)
            self._parents(nodes, start, hashed, range(1, WIDTH + 1))
            self.progress(end, self.head.size)
        return peaks

    def _entry(self, seq: int, event: Event | None) -> bytes | None:
        """The leaf that an entry gives now; what is wrong with it is noted."""
        if event is None:
            self.bad["missing"].add(seq)
            return None
        leaf = leaf_of(event.body.encode("utf-8", "surrogatepass"))
        content = _content(event)
        if content is None or leaf.hex() != event.leaf_hash or not _columns_agree(event, content):
            self.bad["edited"].add(seq)
        if content is not None and not self._texts_agree(event, content):
            self.bad["text"].add(seq)
        return leaf

    def _texts_agree(self, event: Event, content: dict) -> bool:
        rows = {text.name: text for text in event.texts.all()}
        for name, row in rows.items():
            if row.salt == "" and row.text == "":
                self.blank[str(event.uuid), name] = event.seq
            elif content["texts"].get(name) != text_hash(row.salt, row.text):
                return False
        return set(rows) == set(content["texts"])

    def _blank_texts(self) -> None:
        """A text that is gone was erased, and a record says by whom."""
        contents = filter(None, map(_content, Event.objects.filter(action=ERASE).only("body") if self.blank else ()))
        erased = {(content["subject"]["id"], content["params"].get("text")) for content in contents}
        self.bad["text"].update(seq for key, seq in self.blank.items() if key not in erased)

    def _nodes(self, start: int, end: int) -> dict[tuple[int, int], bytes]:
        """The stored nodes whose leaves lie all from `start` to `end`."""
        if end <= start:
            return {}
        here = Q()
        for level in range(WIDTH + 1):
            here |= Q(level=level, index__gte=start >> level, index__lt=end >> level)
        rows = Node.objects.filter(here).values_list("level", "index", "hash")
        return {(level, index): _digest(digest) for level, index, digest in rows}

    def _parents(self, nodes: dict, start: int, end: int, levels: Iterable[int]) -> None:
        """Compare each node with the two below it; the entries below one that differs are noted."""
        for level in levels:
            for index in range(start >> level, end >> level):
                left, right = nodes.get((level - 1, 2 * index)), nodes.get((level - 1, 2 * index + 1))
                if left is None or right is None or nodes.get((level, index)) != parent_of(left, right):
                    span = range((index << level) + 1, (index + 1 << level) + 1)
                    # One that is named already explains the nodes above it.
                    if not any(seq in self.bad["tree"] for seq in span):
                        self.bad["tree"].update(span)

    def _upper_nodes(self) -> None:
        rows = Node.objects.filter(level__gte=WIDTH).values_list("level", "index", "hash")
        nodes = {(level, index): _digest(digest) for level, index, digest in rows}
        self._parents(nodes, 0, self.head.hashed, range(WIDTH + 1, self.head.hashed.bit_length()))

    def _numbers_beyond(self) -> None:
        """What stands in the database though the head does not know of it: the head was set back."""
        last = Event.objects.exclude(seq=None).order_by("-seq").values_list("seq", flat=True).first() or 0
        leaves = Node.objects.filter(level=0).order_by("-index").values_list("index", flat=True).first()
        known = max(last, 0 if leaves is None else leaves + 1)
        if known > max(self.head.size, Head.objects.filter(id=1).values_list("size", flat=True).first() or 0):
            self._found("cut", last=self.head.size, size=known)

    def _tell_of_entries(self) -> None:
        missing = self.bad["missing"]
        cut = self.head.size
        while cut in missing:
            missing.discard(cut)
            cut -= 1
        if cut < self.head.size:
            self._found("cut", last=cut, size=self.head.size)
        gone = range(cut + 1, self.head.size + 1)
        named = self.bad["missing"] | self.bad["edited"] | set(gone)
        self.bad["tree"] -= {seq for seq in self.bad["tree"] if named & _neighbours(seq)}
        for kind in ("missing", "edited", "text", "tree"):
            for numbers in _ranges(self.bad[kind])[:MOST]:
                self._found(kind, numbers=numbers)

    # -- checkpoints -------------------------------------------------------------------------------------

    def _signatures(self) -> None:
        keys = [(key, base64.b64decode(key.public)) for key in SigningKey.objects.all()]
        good, unsigned, rewritten = 0, [], False
        for row in self.checkpoints:
            note = _parse(row.note)
            here = origin(self.head.instance, row.epoch) if self.head.instance else ""
            if note is None or (note.size, note.root.hex(), note.origin) != (row.size, row.root, here):
                self._found("checkpoint", size=row.size)
            elif not (signers := [key for key, public in keys if signed_by(note, public)]):
                self._found("unsigned", size=row.size)
            elif row.size > self.head.hashed:
                self._found("cut", last=self.head.hashed, size=row.size)
            elif self.roots[row.size] != note.root:
                if not rewritten:
                    self._found("rewritten", numbers=_numbers(good + 1, row.size), size=row.size)
                rewritten = True
            else:
                if any(key.trusted_at(row.size) for key in signers):
                    unsigned = []  # a good key stands over what another signed before it
                    self.report.checkpoint = row
                else:
                    unsigned.append(row.size)
                good = row.size if not rewritten else good
        for size in unsigned:
            self._found("distrusted", size=size)

    def _pinned(self, note: Note | None) -> None:
        if note is None:
            return self._found("pin_unread")
        log, _slash, epoch = note.origin.rpartition("/")
        if not self.head.instance or log != log_name(self.head.instance):
            return self._found("pin_foreign")
        if not any(signed_by(note, base64.b64decode(key.public)) for key in SigningKey.objects.all()):
            return self._found("pin_unsigned")
        restored = epoch != str(self.head.epoch)
        if note.size > self.head.hashed:
            return self._found("pin_restored" if restored else "cut", last=self.head.hashed, size=note.size)
        if self.roots[note.size] != note.root:
            return self._found("pin_restored" if restored else "pin_differs", last=self.head.hashed, size=note.size)
        return None

    def _found(self, kind: str, **params) -> None:
        message = Message(f"ledger.found.{kind}", params)
        if message not in self.report.problems:
            self.report.problems.append(message)


def _parse(note: str) -> Note | None:
    try:
        return parse_note(note)
    except Wrong:
        return None


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _content(event: Event) -> dict | None:
    """The entry, read; None where it is none of ours any more."""
    try:
        content = json.loads(event.body)
        whole = isinstance(content["texts"], dict) and isinstance(content["params"], dict)
        return content if whole and content["subject"].keys() >= {"type", "id", "label"} else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _columns_agree(event: Event, content: dict) -> bool:
    """The columns repeat the entry for searching; the team is of the portal and stands in none."""
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    subject = content["subject"]
    return (
        content.get("id") == str(event.uuid)
        and content.get("at") == at
        and content.get("actor") == (str(event.actor) if event.actor else None)
        and content.get("action") == event.action
        and (subject["type"], subject["id"]) == (event.subject_type, event.subject_id)
        and str(subject["label"])[:300] == event.subject_label
    )


def _neighbours(seq: int) -> set[int]:
    """The two entries below the lowest node over an entry."""
    left = seq - 1 | 1
    return {left, left + 1}


def _ranges(numbers: Iterable[int]) -> list[str]:
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [_numbers(first, last) for first, last in found]


def _numbers(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"
