"""Lists narrowed by team."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Team
from portal.web.lists import Facet


def team_facet(user, field: str) -> Facet:
    """The teams that somebody sees; `field` leads to a team's slug."""
    seen = Team.objects.for_user(user)
    return Facet("team", _("Team"), field=field, choices=lambda: seen.values_list("slug", "name"))
