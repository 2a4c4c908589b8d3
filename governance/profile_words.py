"""Two profiles side by side, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.models import EvaluationSet, Profile, ProfileChange, ProfileVersion
from governance.profile_change import SETS, differing, softens
from portal.accounts.models import Team
from portal.message import Message
from portal.web.say import say

ROLES = (*SETS, "sensitive", "challenger")


@dataclass(frozen=True)
class Row:
    """One field in which two profiles differ; ``softens`` where less is asked of the model by it."""

    name: str
    before: str
    after: str
    softens: bool


def change_as_plain(change: ProfileChange) -> dict[str, Any]:
    return {**change.content, "pinned": change.pinned, "team": change.to_team.slug}


def version_as_plain(version: ProfileVersion) -> dict[str, Any]:
    return {**version.content, "pinned": version.pinned, "team": version.team.slug if version.team else ""}


def profile_as_plain(profile: Profile) -> dict[str, Any]:
    team = profile.model.team
    return {**profile.content, "pinned": profile.pinned, "team": team.slug if team else ""}


def difference(before: Mapping[str, Any], after: Mapping[str, Any], *, first: bool = False) -> list[Row]:
    """What differs; of a first profile all that it says, and it softens nothing."""
    soft = () if first else softens(before, after)
    names = _names(before, after)
    return [
        Row(part_name(part), _said(part, before, names), _said(part, after, names), part in soft)
        for part in differing(before, after)
        if part != "uses"
    ]


def part_name(part: str) -> str:
    """The word for a field or a role of a set."""
    if part == "team" or part in ROLES:
        return say(Message(f"profile.part.{part}"))
    return str(Profile._meta.get_field(part).verbose_name)


def _said(part: str, profile: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if part in ROLES:
        value = (profile.get("pinned") or {}).get(part)
        digests = [value["digest"]] if isinstance(value, dict) else value if isinstance(value, list) else [value]
        shown = [names.get(digest) or str(digest)[:19] for digest in digests if digest]
    else:
        value = profile.get(part)
        if part in ("kind", "risk", "metric_direction") and value:
            return str(dict(Profile._meta.get_field(part).flatchoices).get(value, value))
        if part == "team":
            return names.get(f"team:{value}") or str(value or "–")
        if isinstance(value, dict):
            shown = [f"{key}: {_flat(inner)}" for key, inner in value.items()]
        else:
            shown = [str(one) for one in value] if isinstance(value, list) else [str(value or "")]
    found = [text for text in shown if text]
    return say(Message("profile.values", {"values": found})) if found else "–"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} = {', '.join(map(str, levels))}" for name, levels in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _names(*profiles: Mapping[str, Any]) -> dict[str, str]:
    """Sets by digest and teams by slug, as people know them. A set that was pinned anew shows its old digest."""
    digests: set[str] = set()
    for profile in profiles:
        for value in (profile.get("pinned") or {}).values():
            found = [value["digest"]] if isinstance(value, dict) else value if isinstance(value, list) else [value]
            digests.update(found)
    known = EvaluationSet.objects.filter(digest__in=digests - {""}).values_list("digest", "name")
    named = {digest: f"{name} ({digest[7:15]})" for digest, name in known}
    slugs = {profile.get("team") for profile in profiles} - {None, ""}
    teams = Team.objects.filter(slug__in=slugs).values_list("slug", "name")
    return named | {f"team:{slug}": name for slug, name in teams}
