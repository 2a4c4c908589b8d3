"""A team's position as it stands, to be exported: what page and API hand out."""

from __future__ import annotations

from typing import Any

from assessments import catalogue, levels, position_file
from assessments.framework import Framework, shipped
from portal.accounts.models import Team


def of(team: Team, framework: Framework, *, with_words: bool) -> dict[str, Any]:
    """The content of the file; its framework goes with it unless it comes with the product as it is."""
    position = levels.current(team, framework).judged.position
    known = shipped().get(framework.key)
    source = "" if known and known.digest == framework.digest else catalogue.source(framework)
    return position_file.write(position, team=team.slug, source=source, with_words=with_words)
