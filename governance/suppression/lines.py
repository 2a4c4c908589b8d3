"""Which groups to keep back besides the small ones, so that none of them is a difference of sums that are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

Key = tuple[tuple[str, str], ...]


def lines_of(cases: Mapping[Key, int]) -> list[tuple[Key, list[Key]]]:
    """Every total with the groups that it is the sum of; the total of all cases is ()."""
    groupings = defaultdict(list)
    for key in cases:
        groupings[tuple(name for name, _ in key)].append(key)
    found = []
    for fine, members in groupings.items():
        for coarse in [(), *groupings]:
            if len(coarse) < len(fine) and set(coarse) <= set(fine):
                parts = defaultdict(list)
                for key in members:
                    parts[tuple(level for level in key if level[0] in coarse)].append(key)
                found += [(total, sorted(line, key=cases.get)) for total, line in parts.items()]
    return found


def closed(hidden: set[Key], lines: list[tuple[Key, list[Key]]], cases: Mapping[Key, int]) -> set[Key]:
    """The groups to hide so that none of the given ones is a difference of sums that are shown."""
    found = set(hidden)
    grown = bool(found)
    while grown:
        grown = False
        for total, line in lines:
            kept_back = sum(key in found for key in line)
            known = total not in found
            if kept_back == known:  # one part alone of a total that is shown, or none of one that is not
                more = next((key for key in line if key not in found), None)
                more = more or (total if total in cases else None)
                if more is not None:
                    found.add(more)
                    grown = True
    return found
