"""What was recorded, read once more from the start: every change once, in an order that the issue allows."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance.models import BreakGlass, Decision, Finding, GateException, Move, Placement, Policy, Promotion
from portal.ledger.checking import check_ledger
from portal.ledger.models import Checkpoint, Event, SigningKey
from tests.governance.machine.mlflow import HAND, Mlflow
from tests.governance.machine.world import ALIASES, World

# action → (the states before it, the state after it); None: as it was
STEPS = {
    "request": ((None,), "open"),
    "rollback_asked": ((None,), "open"),
    "rollback": (("open",), "approved"),
    "recompute": (("open",), None),
    "approve": (("open",), "as told"),
    "break_glass": (("open",), "approved"),
    "send_back": (("open",), "sent_back"),
    "refuse": (("open",), "refused"),
    "withdraw": (("open", "sent_back", "failed"), "withdrawn"),
    "resubmit": (("sent_back",), "open"),
    "retry": (("failed",), "approved"),
    "moved": (("approved",), "done"),
    "move_failed": (("approved",), "as told"),
    "overtaken": (("approved",), "overtaken"),
    # beside the row's own life
    "lapse": (("open", "approved"), None),
    "ask_break_glass": (("open",), None),
    "restored": (("done",), None),
    "restore_failed": (("done",), None),
}
BESIDE = ("lapse", "ask_break_glass", "restored", "restore_failed")


def told_of_promotions() -> list[str]:
    """What does not add up between the promotions' rows and their events."""
    wrong, events = [], defaultdict(list)
    for event in Event.objects.filter(subject_type="promotion", action__startswith="promotion.").order_by("id"):
        events[int(event.subject_id)].append((event.action.removeprefix("promotion."), event.content))
    for row in Promotion.objects.all():
        wrong += [f"promotion {row.pk}: {found}" for found in _replayed(row, events[row.pk])]
    return wrong + _decided() + _lapsed(events) + _placed(events)


def _replayed(row: Promotion, events: list) -> list[str]:
    state, rev, wrong = None, 0, []
    for action, content in events:
        before, after = STEPS[action]
        if state not in before:
            wrong.append(f"{action} while {state}")
        if action not in BESIDE:
            if content["params"]["rev"] != rev + 1:
                wrong.append(f"{action} is revision {content['params']['rev']} after {rev}")
            rev = content["params"]["rev"]
        if (told := content["before"].get("state")) and told != state:
            wrong.append(f"{action} says it was {told}, and it was {state}")
        state = content["after"]["state"] if after == "as told" else after or state
    if (row.state, row.rev) != (state, rev):
        wrong.append(f"is {row.state} at {row.rev}, and its events say {state} at {rev}")
    return wrong


def _decided() -> list[str]:
    """Each signature has its one event, by the person who signed."""
    wrong = []
    rows = Event.objects.values_list("uuid", "action", "actor")
    actions = {str(uuid): (action, actor) for uuid, action, actor in rows}
    used = Counter()
    for one in Decision.objects.select_related("by"):
        expected = "promotion.ask_break_glass" if one.decision == "break_glass" else f"promotion.{one.decision}"
        action, actor = actions.get(str(one.event), ("none", None))
        second = action == "promotion.break_glass"
        if action != ("promotion.rollback" if one.decision == "automatic" else expected) and not second:
            wrong.append(f"{one} stands on {action}")
        if one.by and actor != one.by.pseudonym:
            wrong.append(f"{one} was recorded of another person")
        used[str(one.event)] += 1
    for kind, row in (("exception", GateException), ("passage", BreakGlass)):
        for one in row.objects.all():
            if str(one.event) not in actions:
                wrong.append(f"{kind} {one} has no event")
    signatures = ("promotion.approve", "promotion.break_glass", "promotion.rollback", "promotion.refuse")
    recorded = [uuid for uuid, (action, _actor) in actions.items() if action in (*signatures, "promotion.send_back")]
    wrong += [f"{actions[uuid][0]} has {used[uuid]} decisions" for uuid in recorded if used[uuid] != 1]
    if Policy.objects.count() != sum(action == "policy.publish" for action, _actor in actions.values()):
        wrong.append("policies and their events differ in number")
    return wrong


def _lapsed(events: dict) -> list[str]:
    """Each signature that counts no more has one record of it, which names it, and no other has one."""
    told = Counter(
        (pk, content["before"]["approval"])
        for pk, one in events.items()
        for action, content in one
        if action == "lapse"
    )
    rows = Decision.objects.filter(lapsed_at__isnull=False).values_list("promotion", "event")
    lapsed = Counter((pk, str(event)) for pk, event in rows)
    return [f"promotion {pk}: {told[pk, one]} records that {one} lapsed, of {lapsed[pk, one]}"
            for pk, one in {*told, *lapsed} if told[pk, one] != lapsed[pk, one]]  # fmt: skip


def _placed(events: dict) -> list[str]:
    """Each record of a move is one place, in the order of the decisions, and at most one place is open."""
    wrong = []
    made = {pk for pk, told in events.items() for action, _content in told if action == "moved"}
    places = list(Placement.objects.select_related("promotion", "version").order_by("pk"))
    if Counter(place.promotion_id for place in places) != Counter(made):
        wrong.append("places and records of moves differ")
    for environment in ALIASES:
        here = [place for place in places if place.environment == environment]
        if sum(place.until is None for place in here) > 1:
            wrong.append(f"two stand in {environment}")
        if [place.seq for place in here] != sorted(place.seq for place in here):
            wrong.append(f"an earlier decision was carried out later in {environment}")
        if here and here[-1].until is not None:
            wrong.append(f"the last one placed in {environment} stands there no more")
    return wrong


def alias_differs(world: World, server: Mlflow) -> list[str]:
    """Right after a poll: where an alias is not what was decided last, a finding says so."""
    wrong = []
    open_ones = {(row.detail.get("alias"), str(row.detail.get("found"))) for row in Finding.objects.open()}
    under_way = set(Move.objects.filter(state="moving").values_list("alias", flat=True))
    for environment, alias in ALIASES.items():
        place = Placement.objects.filter(environment=environment, until=None).select_related("version").first()
        decided, here = str(place.version.number) if place else None, server.aliases.get(alias)
        if decided == here or alias in under_way:
            continue
        if (alias, str(int(here) if here else None)) not in open_ones:
            wrong.append(f"{alias} is {here}, decided is {decided}, and no finding says so")
    return wrong


def alias_not_ours(server: Mlflow) -> list[str]:
    """Where no hand came after, the alias is what the decision of the highest number says, of those carried out."""
    wrong = []
    numbers = {str(uuid): seq for uuid, seq in Event.objects.values_list("uuid", "seq")}
    for alias in ALIASES.values():
        settings = [one for one in server.log if one.alias == alias]
        done = Move.objects.filter(alias=alias, state="done").exclude(kind="restore")
        last = max(done, key=lambda move: numbers[str(move.event)], default=None)
        if not settings or settings[-1].by == HAND or Move.objects.filter(alias=alias, state="moving").exists():
            continue
        unfinished = Move.objects.filter(pk=settings[-1].by).exclude(state="done").exists()
        if not unfinished and (last is None or str(last.number) != server.aliases.get(alias)):
            wrong.append(f"{alias} is {server.aliases.get(alias)} and not what was decided last: {last}")
    return wrong


# -- the ledger ------------------------------------------------------------------------------------------------


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962's definition, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def log_is_broken() -> list[str]:
    """Numbers without gaps, every checkpoint signed over the tree of just these entries; the product's check agrees."""
    wrong = [str(problem) for problem in check_ledger().problems]
    rows = list(Event.objects.order_by("id").values_list("seq", "body"))
    if [seq for seq, _body in rows] != list(range(1, len(rows) + 1)):
        wrong.append("the numbers have gaps")
    leaves = [hashlib.sha256(b"\x00" + body.encode()).digest() for _seq, body in rows]
    keys = [Ed25519PublicKey.from_public_bytes(base64.b64decode(key.public)) for key in SigningKey.objects.all()]
    for checkpoint in Checkpoint.objects.all():
        if root_of(leaves[: checkpoint.size]).hex() != checkpoint.root:
            wrong.append(f"checkpoint {checkpoint.size} is over other entries")
        text, _blank, signatures = checkpoint.note.partition("\n\n")
        if not any(_signs(key, f"{text}\n", line) for key in keys for line in signatures.splitlines()):
            wrong.append(f"nobody signed checkpoint {checkpoint.size}")
    return wrong


def _signs(key: Ed25519PublicKey, text: str, line: str) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(base64.b64decode(line.split()[-1])[4:], text.encode())
    except InvalidSignature:
        return False
    return True
