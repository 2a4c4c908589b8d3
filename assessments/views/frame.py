"""What all pages of a team share: the team one may see, its head and its tabs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from assessments import campaigns, catalogue
from assessments.catalogue import FRAMEWORK
from assessments.framework import Framework
from portal.accounts.models import Team


def framework(request: HttpRequest) -> Framework:
    """The framework that a page shows: the one of ``?framework=`` in its address."""
    key = request.GET.get("framework", "").replace("\x00", "") or FRAMEWORK
    try:
        return catalogue.current(key)
    except KeyError:
        raise Http404 from None


def in_framework(model: Framework) -> str:
    """What the address of a page ends with, so that it stays within a framework."""
    return "" if model.key == FRAMEWORK else f"?framework={model.key}"


def team_or_404(request: HttpRequest, slug: str) -> Team:
    """A team that the reader may see; another is not there."""
    return get_object_or_404(Team.objects.for_user(request.user).select_related("unit"), slug=slug)


def address(name: str, *args: Any) -> str:
    """A page's address, or "" where the page does not exist."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def team_page(request: HttpRequest, team: Team, here: str, **context: Any) -> dict[str, Any]:
    """The context of a page of a team; `here` is the URL name of its tab."""
    models, model = address("models"), framework(request)
    within = in_framework(model)
    asks = request.user.is_insider(team) and any(criterion.pulse for criterion in model.criteria)
    places = [
        ("team", _("Levels"), reverse("team", args=[team.slug]) + within),
        ("assessment", _("Assessment"), reverse("assessment", args=[team.slug]) + within),
        ("roadmap", _("Roadmap"), reverse("roadmap", args=[team.slug]) + within),
        ("team-pulse", _("Pulse"), reverse("team-pulse", args=[team.slug]) + within if asks else ""),
        ("team-map", _("Map"), reverse("team-map", args=[team.slug]) + within if model.tools else ""),
        ("models", _("Models"), f"{models}?team={team.slug}" if models else ""),
        ("team-history", _("History"), reverse("team-history", args=[team.slug]) + within),
    ]
    tabs = [{"url": url, "words": words, "current": name == here, "count": None} for name, words, url in places if url]
    may = {
        "start": request.user.has_perm("assessment.start", team),
        "answer": request.user.has_perm("assessment.answer", team),
        "submit": request.user.has_perm("assessment.submit", team),
    }
    return {
        "team": team,
        "framework": model,
        "within": within,  # ends the address of every page of the team: {% url 'roadmap' team.slug %}{{ within }}
        "tabs": tabs,
        "may": may,
        "asked_by": campaigns.running_for(team, model.key),
        "insider": request.user.is_insider(team),
        "report_url": address("team-report", team.slug) + within,
        **context,
    }
