"""Writing out what a framework leaves to be understood, before it is checked and its digest is taken.

Pure: no Django. A criterion that is ``same_as`` a shipped one takes its texts and rules over, and a
checklist gets its ladder of one step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portal.message import Message

Data = dict[str, Any]
Homes = Mapping[str, Data]
Problem = tuple[tuple[str | int, ...], Message]

TAKEN = (
    "statement",
    "challenge",
    "how",
    "practice",
    "effort",
    "auto",
    "live",
    "person",
    "supports",
    "contradicts",
    "na_reason",
)

CHECKLIST_LEVELS = [
    {
        "number": 0,
        "title": {"en": "Not all met", "ja": "未達あり"},
        "text": {
            "en": "Some of what is required is not met yet.",
            "ja": "必須の基準に、まだ満たしていないものがあります。",
        },
    },
    {
        "number": 1,
        "title": {"en": "All met", "ja": "すべて達成"},
        "text": {"en": "Everything that is required is met.", "ja": "必須の基準をすべて満たしています。"},
    },
]


def homes_of(documents: Iterable[Any]) -> dict[str, Data]:
    """The criteria that others may be the same as, by ``framework/criterion``, as they are written."""
    found = {}
    for data in documents:
        for criterion in _criteria(data):
            found[f"{data.get('key')}/{criterion.get('id')}"] = criterion
    return found


def fill(data: Data, homes: Homes) -> tuple[Data, list[Problem]]:
    """Write out what each ``same_as`` takes over.

    Parameters
    ----------
    data : dict
        A framework as it was read; it is not changed.
    homes : mapping of ``framework/criterion`` to a criterion as it is written
        From `homes_of`; a framework's own criteria can be named too, as they are written in it.

    Returns
    -------
    filled : dict
        The same, with nothing taken for granted: what the digest is taken from.
    problems : list of (path, Message)
        Each ``same_as`` that leads nowhere; its criterion is left as it was.
    """
    problems = []
    criteria = []
    homes = {**homes, **homes_of([data])}
    for index, criterion in enumerate(data["criteria"] if isinstance(data.get("criteria"), list) else []):
        if isinstance(criterion, dict) and criterion.get("same_as") is not None:
            reason = _refusal(f"{data.get('key')}/{criterion.get('id')}", criterion["same_as"], homes)
            if reason:
                problems.append((("criteria", index, "same_as"), reason))
            else:
                criterion = _taken(homes[criterion["same_as"]]) | criterion
        criteria.append(criterion)
    return (data | {"criteria": criteria} if criteria else data), problems


def ladder(data: Data) -> tuple[Data, list[Problem]]:
    """Give a checklist its ladder of one step; what is levelled stays as it is.

    Returns
    -------
    data : dict
        What `Framework` can be made of.
    problems : list of (path, Message)
        Levels that a checklist writes, though it has none.
    """
    if data.get("kind") != "checklist":
        return data, []
    paths = [("levels",)] if "levels" in data else []
    paths += [("criteria", n, "level") for n, c in enumerate(data.get("criteria") or []) if "level" in _mapping(c)]
    paths += [
        ("dimensions", n, "adds_nothing")
        for n, d in enumerate(data.get("dimensions") or [])
        if "adds_nothing" in _mapping(d)
    ]
    criteria = data.get("criteria")
    if isinstance(criteria, list):
        criteria = [{**c, "level": 1} if isinstance(c, dict) else c for c in criteria]
        data = data | {"criteria": criteria}
    problems = [(path, Message("maturity.check.checklist")) for path in paths]
    return data | {"levels": CHECKLIST_LEVELS}, problems


def _refusal(own: str, home: Any, homes: Homes) -> Message | None:
    if not isinstance(home, str) or home not in homes:
        return Message("maturity.check.no-home", {"name": str(home)[:100]})
    if home == own:
        return Message("maturity.check.home-itself", {"name": home})
    if homes[home].get("same_as") is not None:
        return Message("maturity.check.home-chain", {"name": home, "home": str(homes[home]["same_as"])[:100]})
    return None


def _taken(home: Data) -> Data:
    return {name: home[name] for name in TAKEN if name in home}


def _criteria(data: Any) -> Iterator[Data]:
    criteria = _mapping(data).get("criteria")
    yield from (
        criterion for criterion in (criteria if isinstance(criteria, list) else ()) if isinstance(criterion, dict)
    )


def _mapping(value: Any) -> Data:
    return value if isinstance(value, dict) else {}
