"""What points at a criterion or a dimension by its name follows it into a newer version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q
from django.utils import timezone

from assessments.actions.roadmap import OPEN
from assessments.framework import Framework
from assessments.models import Contradiction, ContradictionState, RoadmapItem, Target
from portal.accounts.models import Team


def follow_names(new: Framework, team: Team, targets: Mapping[str, Sequence[str]]) -> None:
    """Bring a team's open steps, contradictions and target levels to the new names, in the caller's transaction.

    Parameters
    ----------
    targets : mapping of str to sequence of str
        What became of each criterion of the old version.
    """
    names = {part: found[0] for part, found in targets.items() if found and found[0] != part}
    counting = Q(state=ContradictionState.OPEN) | Q(accepted_until__gt=timezone.now())
    _rename(RoadmapItem.objects.filter(team=team, state__in=OPEN), new, names)
    _rename(Contradiction.objects.filter(counting, team=team), new, names)
    _rename_targets(team, new, renamed_dimensions(new, targets))


def renamed_dimensions(new: Framework, targets: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Dimensions that are gone, and the one that all of their criteria went to; those that were torn apart lack."""
    homes: dict[str, set[str]] = {}
    for part, found in targets.items():
        homes.setdefault(part.partition(".")[0], set()).update(new.by_id[key].dimension for key in found)
    kept = {dimension.key for dimension in new.dimensions}
    return {old: home.pop() for old, home in homes.items() if old not in kept and len(home) == 1}


def _rename(rows: Iterable[RoadmapItem | Contradiction], new: Framework, names: Mapping[str, str]) -> None:
    """One row a practice: where the new one has a row already, the old row keeps its name."""
    rows = list(rows)
    taken = {row.practice for row in rows}
    for row in (row for row in rows if row.framework == new.key and row.criterion in names):
        practice = new.by_id[names[row.criterion]].practice
        if practice == row.practice or practice not in taken:
            taken.add(practice)
            row.criterion, row.practice = names[row.criterion], practice
            row.save(update_fields=["criterion", "practice"])


def _rename_targets(team: Team, new: Framework, names: Mapping[str, str]) -> None:
    """A target that somebody has set for the new dimension already stays; levels that are no more end at the top."""
    rows = list(Target.objects.filter(team=team, framework=new.key)) if names else []
    taken = {row.dimension for row in rows}
    for row in (row for row in rows if names.get(row.dimension, row.dimension) not in taken):
        row.dimension, row.level = names[row.dimension], min(row.level, new.top)
        row.save(update_fields=["dimension", "level"])
        taken.add(row.dimension)
