"""The pages of many teams share their tabs."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.framework import Framework
from assessments.views.frame import address, in_framework


def overview_tabs(request: HttpRequest, here: str, model: Framework | None = None) -> list[dict]:
    """Compare, portfolio, investments, campaigns, reviews: those that the reader may open."""
    within = in_framework(model) if model else ""
    may = request.user.has_perm
    places = [
        ("teams", _("Compare"), reverse("teams") + within),
        ("portfolio", _("Portfolio"), address("portfolio") + within if may("portfolio.view") else ""),
        ("investments", _("Investments"), address("investments") if may("investments.view") else ""),
        ("campaigns", _("Campaigns"), address("campaigns")),
        ("reviews", _("Reviews"), address("reviews") if may("assessment.review") else ""),
    ]
    return [{"url": url, "words": words, "current": name == here, "count": None} for name, words, url in places if url]
