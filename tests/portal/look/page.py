"""What the page of all pieces shows, and its two views."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.utils.translation import get_language

from portal.charts import Edge, Event, Node, Scale
from portal.web.lists import FacetView, Option

PAGE = Path(__file__).with_name("look.html")


class LookForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As colleagues call it.")
    address = forms.URLField(label="Address", required=False, assume_scheme="https")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "Bounded"), ("b", "Open")], widget=forms.RadioSelect)
    read_only = forms.BooleanField(label="Read only", required=False, help_text="Sekisho never sets an alias.")


def figures() -> dict[str, object]:
    nodes = [
        Node("a", 0, "core.loans", "table · to 2026-10-31"),
        Node("b", 0, "bureau.scores", "version not recorded", kind="gap"),
        Node("d", 1, "credit_features", "45 features", href="/look"),
        Node("e", 2, "run 8f21c0", "2026-11-16 · Ren Ito", href="/look"),
        Node("m", 3, "credit-limit 14", "this version", kind="self"),
        Node("q", 4, "limit-api", "service"),
        Node("r", 4, "+3", "batch jobs", kind="more"),
    ]
    edges = [Edge("a", "d"), Edge("b", "d", gap=True), Edge("d", "e"), Edge("e", "m"), Edge("m", "q"), Edge("m", "r")]
    return {
        "dims": [("Training", 2, 3, 2), ("Release", 2, 2, 2), ("Integration", None, None, None)],
        "scale": Scale(0.5, 0.9),
        "band": (0.71, 0.81),
        "grid": [0.6, 0.7, 0.8],
        "groups": [
            ("18–29", 0.76, 0.725, 0.792, "pass"),
            ("60 and over", 0.64, 0.593, 0.686, "fail"),
            ("Hokkaido", 0.73, 0.633, 0.808, "inconclusive"),
            ("Okinawa", 0.667, 0.454, 0.828, "not_evaluated"),
        ],
        "claimed": [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3],
        "evidenced": [None, None, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2],
        "reviews": [(3, 1), (11, 2)],
        "ends": ("2025-12", "2026-11"),
        "values": [0.42, 0.43, 0.41, 0.44, None, None, None, None, 0.4, 0.42, 0.51, 0.43, 0.52, 0.53],
        "days": [f"2026-11-{day:02}" for day in range(1, 15)],
        "cband": (0.38, 0.46),
        "events": [Event(3), Event(10)],
        "ref": [0.1, 0.2, 0.4, 0.2, 0.1],
        "cur": [0.05, 0.15, 0.35, 0.3, 0.15],
        "hours": ["ok"] * 15 + ["slow"] * 3 + ["failed"] * 4 + ["none"] * 2,
        "nodes": nodes,
        "edges": edges,
        "columns": ["Sources", "Features and data", "Training", "Version", "Used by"],
    }


def context() -> dict[str, object]:
    ja = get_language() == "ja"
    form = LookForm({"name": "", "address": "not an address"})
    form.add_error(None, "Two fields need a look.")
    facet = FacetView(
        "state",
        "State",
        "/look",
        40,
        False,
        [Option("Running", "/look?s=r", 12, True), Option("Done", "/look", 28, False)],
    )
    page = SimpleNamespace(
        facets=[facet], filtered=True, found=112, total=240, pages=5, page=2, first=26, last=50, query="credit",
        clear_url="/look", previous_url="/look", next_url="/look", kept=[("state", "r")],
    )  # fmt: skip
    return figures() | {
        "ja": ja,
        "now": dt.datetime(2026, 11, 20, 1, 2, tzinfo=dt.UTC),
        "today": dt.date(2026, 11, 20),
        "tabs": [
            {"url": "/look", "words": "Levels", "current": True},
            {"url": "/look", "words": "Assessment", "count": "14/21"},
        ],
        "list": page,
        "outcomes": [
            "pass",
            "fail",
            "inconclusive",
            "not_evaluated",
            "not_applicable",
            "waived",
            "warn",
            "running",
            "stale",
        ],
        "job": SimpleNamespace(state="running"),
        "form": form,
        "answers": [("3", "yes"), ("2", "partly"), ("n", "not applicable")],
        "word_approved": "承認" if ja else "APPROVED",
        "word_refused": "差し戻し" if ja else "SENT BACK",
        "family": "鈴木" if ja else "SUZUKI",
    }


def look(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string(PAGE.read_text())
    return HttpResponse(template.render(context(), request))


def save(request: HttpRequest) -> HttpResponse:
    """Saves nothing: answers as the note asks, so that the browser's side can be watched."""
    note = request.POST.get("note", "")
    if "fail" in note:
        return HttpResponse(status=500)
    if "conflict" in note and request.POST["rev"] != "9":
        return JsonResponse({"rev": 9, "who": "Ken Tanaka", "values": {"note": "their text"}}, status=409)
    return HttpResponse(json.dumps({}), headers={"Sekisho-Rev": str(int(request.POST["rev"]) + 1)})
