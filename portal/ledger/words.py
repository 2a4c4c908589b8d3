"""The words of the records: what each action, subject and changed field is called.

Pure: no Django. Each area registers its own; what nobody registered shows its code rather than hiding the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

_ACTIONS: dict[str, str] = {}
_SUBJECTS: dict[str, str] = {}
_FIELDS: dict[str, str] = {}
_LINKS: dict[str, Callable[[str], str]] = {}
_PARTS: dict[str, Callable[[str], str]] = {}
_NAMES: dict[str, str] = {}
_LABELS: dict[str, Callable[[str], str]] = {}
_WITHIN_TEAM: set[str] = set()


def _add(known: dict[str, str], new: Mapping[str, str]) -> None:
    for code, text in new.items():
        if known.setdefault(code, text) != text:
            raise ValueError(f"{code!r} is registered twice with different words")


def register_actions(texts: Mapping[str, str]) -> None:
    """Action code → what happened, as a label: ``{"team.create": gettext_noop("Team made")}``."""
    _add(_ACTIONS, texts)


def register_subjects(texts: Mapping[str, str], links: Mapping[str, Callable[[str], str]] | None = None) -> None:
    """Kind of subject → its word, and how to reach the page of one from its id."""
    _add(_SUBJECTS, texts)
    _LINKS.update(links or {})


def register_fields(texts: Mapping[str, str]) -> None:
    """Field of before, after and params → its word; ``"role.manager"`` is the word of one value of a field."""
    _add(_FIELDS, texts)


def register_parts(fields: Iterable[str], name: Callable[[str], str]) -> None:
    """Fields of parts that nobody knows beforehand: ``"claimed.training"`` is ``claimed`` of what `name` calls it."""
    _PARTS.update(dict.fromkeys(fields, name))


def register_labels(labels: Mapping[str, Callable[[str], str]]) -> None:
    """Kind of subject → how its label, which was kept with keys in it, is read."""
    _LABELS.update(labels)


def label_text(kind: str, label: str) -> str:
    """A subject's label as people read it."""
    return _LABELS[kind](label) if kind in _LABELS else label


def name_values(fields: Mapping[str, str]) -> None:
    """Field whose values are keys → under which name their titles are registered (`portal.web.names`)."""
    _NAMES.update(fields)


def names_of_field(field: str) -> str:
    """Under which name the titles of a field's values are registered, or nothing."""
    return _NAMES.get(field, "")


def part_text(name: str) -> tuple[str, str] | None:
    """The word of a field and that of its part, for a name such as ``"claimed.training"``; None for any other."""
    field, dot, part = name.partition(".")
    if not dot or name in _FIELDS or field not in _PARTS:
        return None
    return field_text(field), _PARTS[field](part)


def keep_within_team(*codes: str) -> None:
    """Actions whose records only the team itself reads, also where its results are open to the organisation."""
    _WITHIN_TEAM.update(codes)


def kept_within_team() -> list[str]:
    return sorted(_WITHIN_TEAM)


def action_text(code: str) -> str:
    return _ACTIONS.get(code, code)


def subject_text(kind: str) -> str:
    return _SUBJECTS.get(kind, kind)


def field_text(name: str) -> str:
    return _FIELDS.get(name, name)


def value_text(field: str, value: str) -> str | None:
    """The word of a field's value, or None for one that is its own word (a name, a number)."""
    return _FIELDS.get(f"{field}.{value}")


def codes_saying(typed: str, say: Callable[[str], str]) -> tuple[list[str], list[str]]:
    """The actions, and the kinds of subjects, whose words have this in them as `say` translates them."""

    def saying(known: Mapping[str, str]) -> list[str]:
        return [code for code, text in known.items() if typed.casefold() in say(text).casefold()]

    return saying(_ACTIONS), saying(_SUBJECTS)


def link_of(kind: str, identifier: str) -> str:
    """The address of a subject's page, or nothing."""
    return _LINKS[kind](identifier) if kind in _LINKS else ""


def known_actions() -> dict[str, str]:
    return dict(_ACTIONS)
