"""What the gate at a registry's server says of itself, and what it lacks."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models.functions import Coalesce

from governance.mlflow_gate.gate import REPORT, REPORT_FORM
from governance.mlflow_gate.names import matches
from governance.mlflow_gate.tokens import key_id
from governance.models import Place, Placement, Registry
from portal.ledger.keyring import active_key
from portal.ledger.models import SigningKey
from portal.message import Message

MOST, LONGEST = 1000, 5000  # entries of a list, characters of a word
GONE = "gone"  # beside what a gate reported last: none was there when it was asked again
USED = ("jti", "action", "model", "alias", "old", "new")


def fetch(connection) -> dict[str, Any] | None:
    """The gate's report, or None where the server has no gate, or answers something that no gate says.

    Errors of the way there are the registry's. Polls, sweeps and `manage.py gate check` all read it here.
    """
    from governance.registry.connection import Deadline
    from governance.registry.errors import Denied, NotFound, NotMlflow, Rejected
    from governance.registry.http import call_json

    deadline = Deadline(connection.deadline, connection.address)
    try:
        report = call_json(connection, connection.endpoint, "GET", REPORT, deadline=deadline)
    except (NotFound, NotMlflow, Rejected, Denied):
        return None
    return report if report.get("form") == REPORT_FORM and is_sound(report) else None


def is_sound(report: Mapping[str, Any]) -> bool:
    """Whether a report is of the gate's form: a server may answer anything."""
    texts = [report.get(name, []) for name in ("keys", "aliases", "models", "environment_models", "problems")]
    uses = report.get("uses", [])
    if not all(isinstance(one, list) and len(one) <= MOST for one in (*texts, uses)):
        return False
    words = [report.get("server", ""), report.get("version", ""), *(word for one in texts for word in one)]
    if not isinstance(report.get("single_use", False), bool) or not all(isinstance(use, dict) for use in uses):
        return False
    used = (use.get(name, "") for use in uses for name in USED)
    return all(map(_is_word, words)) and all(value is None or _is_word(value) for value in used)


def last_report(registry: Registry) -> Mapping[str, Any] | None:
    """What the gate said of itself when it was asked last; None where none was there."""
    return registry.gate if registry.gate and GONE not in registry.gate else None


def named_keys(report: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The keys that a gate knows by the names that they have in the ledger, and whether they are of the ledger.

    The gate knows no log's name, and goes by the digest of the raw key alone.
    """
    ours = {key_id(base64.b64decode(key.public)): key.key_id for key in SigningKey.objects.all()}
    return [(ours.get(one, one), one in ours) for one in report.get("keys", ())]


def governed_here(registry: Registry) -> tuple[set[str], set[str]]:
    """Which aliases of the registry are environments, and the patterns of models that are."""
    from governance.in_force import environments

    places = {place.environment: place for place in Place.objects.filter(registry=registry)}
    brought = list(Place.objects.filter(kind="registry", target=registry))
    aliases, models = set(), {place.name_pattern.replace("{name}", "*") for place in brought if place.name_pattern}
    for key, environment in environments().items():
        place = places.get(key)
        if place is None or place.kind == "alias":
            aliases.add((place.alias if place else "") or environment.alias)
        elif place.kind == "model":
            models.add(place.name_pattern.replace("{name}", "*"))
        aliases |= {place.alias or environment.alias for place in brought if place.environment == key}
    return aliases, models


def shortcomings(registry: Registry, report: Mapping[str, Any] | None) -> list[Message]:
    """What a person has to put right before the gate holds what the policies need; empty if nothing."""
    if report is None:
        return [Message("gate.off", {"registry": registry.name})]
    aliases, patterns = governed_here(registry)
    live = Placement.objects.filter(until=None).lying_in(registry)
    names = live.values_list(Coalesce("copy__model__name", "model__name"), flat=True)
    key = active_key()
    return [
        *lacking(report, aliases=aliases, patterns=patterns, live=set(names), slug=registry.slug),
        *_key(report, base64.b64decode(key.public) if key else None),
    ]


def server_settings(registry: Registry, address: str) -> list[tuple[str, str]]:
    """What the server's environment needs, by the policies in force and the key that signs now.

    The state's folder is for who runs the server to choose.
    """
    aliases, patterns = governed_here(registry)
    key = active_key()
    found = {
        "SEKISHO_URL": address,
        "SEKISHO_PUBLIC_KEY": key.public if key else "…",
        "SEKISHO_GOVERNED_ALIASES": ",".join(sorted(aliases)),
        "SEKISHO_ENVIRONMENT_MODELS": ",".join(sorted(patterns)),
        "SEKISHO_SERVER": registry.slug,
        "SEKISHO_STATE": "/var/lib/sekisho-gate",
    }
    return [(name, shlex.quote(value)) for name, value in found.items() if value]


def lacking(
    report: Mapping[str, Any], *, aliases: Iterable[str], patterns: Iterable[str], live: Iterable[str], slug: str
) -> list[Message]:
    """What a report lacks, beside the key."""
    found = [Message("gate.problem", {"problem": str(problem)}) for problem in report.get("problems", ())]
    if free := sorted(alias for alias in aliases if not matches(alias, report.get("aliases", ()))):
        found.append(Message("gate.aliases-free", {"aliases": free}))
    if free := sorted(name for name in live if not matches(name, report.get("models", ()))):
        found.append(Message("gate.models-free", {"models": free}))
    if open_ := sorted(set(patterns) - set(report.get("environment_models", ()))):
        found.append(Message("gate.environments-open", {"models": open_}))
    if report.get("server") not in ("", slug):
        found.append(Message("gate.other-server", {"found": str(report.get("server")), "slug": slug}))
    return found


def _key(report: Mapping[str, Any], public: bytes | None) -> list[Message]:
    if public is None:
        return [Message("gate.no-active-key")]
    if key_id(public) not in report.get("keys", ()):
        return [Message("gate.key-unknown", {"key": base64.b64encode(public).decode()})]
    return []


def _is_word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and "\x00" not in value
