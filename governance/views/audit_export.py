"""Audits as files: the whole result as JSON, its numbers as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.text import slugify

from governance.models import Audit, AuditKind
from governance.outgoing import outgoing, outgoing_message
from portal.web.say import say

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # in Japan wide signs count too


def export(audit: Audit, form: str) -> HttpResponse:
    """The audit as a download."""
    response = _json(audit) if form == "json" else _csv(audit)
    name = f"{audit.kind}-{slugify(audit.version.model.name)[:60] or 'model'}-{audit.version.number}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _json(audit: Audit) -> HttpResponse:
    document = {
        "model": audit.version.model.name,
        "version": audit.version.number,
        "kind": audit.kind,
        "outcome": audit.outcome,
        "label": audit.label,
        "sentence": say(outgoing_message(audit.message, audit.result)),
        "created_at": audit.created_at.isoformat(),
        "digest": audit.digest,
        "inputs": audit.inputs,
        "result": outgoing(audit.result),
    }
    return JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})


def _csv(audit: Audit) -> HttpResponse:
    text = io.StringIO()
    writer = csv.writer(text)
    for i, row in enumerate(ROWS[audit.kind](outgoing(audit.result))):
        writer.writerow([*(_cell(value) for value in row), audit.label if i else "evidence"])
    return HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is quoted; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return "" if value is None else value


def _fairness(result: dict[str, Any]) -> Iterator[list[Any]]:
    yield ["features", "group", "rows", "metric", "value", "low", "high", "n", "judged", "interval"]
    for group in result.get("groups", ()):
        levels = "; ".join(f"{name}={'' if level is None else level}" for name, level in group["group"].items())
        for name, estimate in group["metrics"].items():
            numbers = (estimate[key] for key in ("value", "low", "high", "n", "judged", "interval"))
            yield [" × ".join(group["features"]), levels, group["n"], name, *numbers]


def _explanation(result: dict[str, Any]) -> Iterator[list[Any]]:
    numbers = ("mean_abs", "low", "high", "error", "share", "share_low", "share_high", "direction")
    yield [
        "feature",
        "first_rank",
        "last_rank",
        *numbers,
        "live_share",
        "change",
        "change_low",
        "change_high",
        "changed",
    ]
    changes = {change["feature"]: change for change in (result.get("comparison") or {}).get("changes", ())}
    for item in result.get("importance", ()):
        change = changes.pop(item["feature"], {})
        yield [item["feature"], *item["rank"], *(item.get(key) for key in numbers), *_change(change)]
    for change in changes.values():  # features that only the live version takes
        yield [change["feature"], *[None] * (2 + len(numbers)), *_change(change)]


def _change(change: dict[str, Any]) -> list[Any]:
    return [change.get(key) for key in ("before", "change", "low", "high", "kind")]


def _drift(result: dict[str, Any]) -> Iterator[list[Any]]:
    numbers = ["distance", "low", "high", "psi", "wasserstein", "wasserstein_scaled", "p_value", "p_corrected"]
    rows = ["rows_reference", "rows_current", "missing_reference", "missing_current"]
    yield ["column", "role", "kind", "outcome", "measure", *numbers, *rows, "new_levels", "vanished_levels"]
    for item in result.get("columns", ()):
        yield [
            *(item[key] for key in ("column", "role", "kind", "verdict", "measure")),
            *(item.get(key) for key in numbers),
            *(item[part][side] for part in ("n", "missing") for side in ("reference", "current")),
            *("; ".join(item.get(key, {}).get("most", ())) for key in ("new_levels", "vanished_levels")),
        ]


def _lineage(result: dict[str, Any]) -> Iterator[list[Any]]:
    yield ["item", "required", "outcome", "found", "missing", "remedy", "code"]
    for item in result.get("items", ()):
        said = [say(item[key]) for key in ("missing", "remedy")]
        yield [item["key"], item["required"], item["outcome"], item["found"], *said, item["code"]]


def _safety(result: dict[str, Any]) -> Iterator[list[Any]]:
    yield ["part", "name", "outcome", "wanted", "here", "found"]
    for item in result.get("items", ()):
        yield ["item", item["key"], item["outcome"], item["required"], "", item["found"] and say(item["found"])]
    environment = result.get("environment") or {}
    for row in (environment["python"], *environment["requirements"]) if environment else ():
        state = "matters" if row["matters"] else row["state"]
        yield ["requirement", row["name"], state, row["wanted"], row["here"], ""]
    for scanned in (result.get("loads") or {}).get("scanned", ()):
        for one in scanned["imports"]:
            yield ["import", scanned["path"], one["level"], "", "", f"{one['module']}.{one['name']}"]
    for one in (result.get("vulnerabilities") or {}).get("found", ()):
        yield ["vulnerability", one["package"], one["id"], ", ".join(one["fixed"]), one["version"], one["summary"]]
    for part in ("differing", "unstable"):
        for one in (result.get("replay") or {}).get(part, ()):
            yield [part, one["row"], "", one["supplied"], one["made"], ""]


def _performance(result: dict[str, Any]) -> Iterator[list[Any]]:
    keys = ["value", "low", "high", "n", "interval"]
    beside = ["live", "value", "low", "high", "verdict"]
    yield ["slice", "metric", *keys, "live", "difference", "difference_low", "difference_high", "verdict", "p", "worse"]
    for item in result.get("metrics", ()):
        difference = result["comparison"]["differences"].get(item["name"]) or {}
        yield ["", item["name"], *(item[key] for key in keys), *(difference.get(key) for key in beside), None, None]
    for item in result.get("slices", ()):
        name = "; ".join(say(level) for level in item["name"])
        difference = item.get("live") or {}
        numbers = (*(item[key] for key in keys), *(difference.get(key) for key in beside))
        yield [name, result["sliced"]["metric"], *numbers, item["p"], item["worse"]]


ROWS = {
    AuditKind.PERFORMANCE: _performance,
    AuditKind.FAIRNESS: _fairness,
    AuditKind.EXPLANATION: _explanation,
    AuditKind.LINEAGE: _lineage,
    AuditKind.DRIFT: _drift,
    AuditKind.SAFETY: _safety,
}
