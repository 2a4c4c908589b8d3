"""What an upgrade does to a level, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from assessments import wording
from assessments.impact import Move


def sentence(team: str, move: Move) -> str:
    """ "Lending drops from 3 to 2 in Training (official), for “…” (asks for more than before)." """
    places = {
        "team": team,
        "before": move.before,
        "after": move.after,
        "dimension": wording.text(move.title),
        "kind": _("official") if move.kind == "official" else _("claimed"),
    }
    if move.after is None:
        return _("%(team)s: %(dimension)s is not part of it any more (%(kind)s level %(before)s)") % places
    if move.before is None:
        said = _("%(team)s begins at %(after)s in %(dimension)s (%(kind)s)")
    elif move.drops:
        said = _("%(team)s drops from %(before)s to %(after)s in %(dimension)s (%(kind)s)")
    else:
        said = _("%(team)s rises from %(before)s to %(after)s in %(dimension)s (%(kind)s)")
    return said % places
