"""What all pages of a team share: the team one may see, its head and its tabs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from assessments.framework import Framework, shipped
from portal.accounts.models import Team

FRAMEWORK = "mlops-maturity"


def framework() -> Framework:
    """The framework that pages show."""
    return shipped()[FRAMEWORK]


def team_or_404(request: HttpRequest, slug: str) -> Team:
    """A team that the reader may see; another is not there."""
    return get_object_or_404(Team.objects.for_user(request.user).select_related("unit"), slug=slug)


def is_insider(request: HttpRequest, team: Team) -> bool:
    """Whether drafts and notes are shown: to the team, and to those whose role is to look everywhere."""
    return request.user.sees_everything or team.pk in request.user.team_ids


def address(name: str, *args: Any) -> str:
    """A page's address, or "" where the page does not exist."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def team_page(request: HttpRequest, team: Team, here: str, **context: Any) -> dict[str, Any]:
    """The context of a page of a team; `here` is the URL name of its tab."""
    models = address("models")
    places = [
        ("team", _("Levels"), reverse("team", args=[team.slug])),
        ("assessment", _("Assessment"), reverse("assessment", args=[team.slug])),
        ("roadmap", _("Roadmap"), reverse("roadmap", args=[team.slug])),
        ("models", _("Models"), f"{models}?team={team.slug}" if models else ""),
        ("team-history", _("History"), reverse("team-history", args=[team.slug])),
    ]
    tabs = [{"url": url, "words": words, "current": name == here, "count": None} for name, words, url in places if url]
    may = {
        "start": request.user.has_perm("assessment.start", team),
        "answer": request.user.has_perm("assessment.answer", team),
        "submit": request.user.has_perm("assessment.submit", team),
    }
    return {
        "team": team,
        "framework": framework(),
        "tabs": tabs,
        "may": may,
        "insider": is_insider(request, team),
        "report_url": address("team-report", team.slug),
        **context,
    }
