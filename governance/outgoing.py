"""What leaves the house of an audit's result, by the site's setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from governance.models import Audit, AuditKind, Promotion
from governance.suppression import suppress, suppress_gates, suppress_message
from portal.message import Message


def outgoing(result: dict[str, Any]) -> dict[str, Any]:
    """The result without the figures of groups smaller than ``SEKISHO_LEAST_CELL``."""
    return suppress(result, settings.LEAST_CELL)


def outgoing_message(message: dict[str, Any], result: dict[str, Any]) -> Message:
    """An audit's sentence without the figures that its result keeps back."""
    return Message.from_json(suppress_message(message, result, settings.LEAST_CELL))


def printed(result: dict[str, Any]) -> dict[str, Any]:
    """The same for a document, in which a group without figures would only take room: such groups are left out."""
    shown = outgoing(result)
    for part in ("groups", "gaps", "slices", "calibration"):
        if part in shown:
            shown[part] = _unsuppressed(shown[part])
    if rates := (shown.get("fairness") or {}).get("rates"):  # of a drift audit
        shown["fairness"] = shown["fairness"] | {"rates": _unsuppressed(rates)}
    return shown


def _unsuppressed(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [item for item in items if not item.get("suppressed")]


def outgoing_gates(said: dict[str, Any], results: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A verdict as JSON, or its line of a gate, without the figures that the audits it rests on keep back."""
    return suppress_gates(said, results, settings.LEAST_CELL)


def gate_results(audit_ids: Iterable[int | None]) -> list[dict[str, Any]]:
    """The results of the audits that gates have read, of the kind whose sentences count groups."""
    return list(gate_results_by_id(audit_ids).values())


def gate_results_by_id(audit_ids: Iterable[int | None]) -> dict[int, dict[str, Any]]:
    """The same by audit."""
    read = Audit.objects.filter(pk__in={pk for pk in audit_ids if pk}, kind=AuditKind.FAIRNESS)
    return dict(read.values_list("pk", "result"))


def outgoing_verdicts(promotions: Iterable[Promotion]) -> dict[int, dict[str, Any]]:
    """The stored verdicts of some promotions as they leave the house, by promotion."""
    stored = {promotion.pk: promotion.verdict or {} for promotion in promotions}
    read = {pk: [line.get("audit_id") for line in verdict.get("results") or ()] for pk, verdict in stored.items()}
    known = Audit.objects.filter(pk__in={one for ids in read.values() for one in ids if one}, kind=AuditKind.FAIRNESS)
    results = dict(known.values_list("pk", "result"))
    return {
        pk: outgoing_gates(verdict, [results[one] for one in read[pk] if one in results])
        for pk, verdict in stored.items()
    }
