"""What keys are called: areas tell the titles of what they name by keys, so that people read those and not the keys.

A sentence that was stored with a key says the title that stands for it today; a key that nobody knows stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Titles = Mapping[str, Any]
_TITLES: dict[str, Callable[[], Titles]] = {}
_read: ContextVar[dict[str, Titles] | None] = ContextVar("titles_read", default=None)


def register_titles(name: str, titles: Callable[[], Titles]) -> None:
    """Key → title, as ``{"en", "ja"}``, for the parameter of sentences and the field of records of this name."""
    if _TITLES.setdefault(name, titles) is not titles:
        raise ValueError(f"the titles of {name!r} are registered twice")


def title_of(name: str, key: str) -> Any:
    """The title of what a key names, else the key."""
    if name not in _TITLES:
        return key
    known = _read.get()
    if known is None:
        return _TITLES[name]().get(key, key)
    if name not in known:
        known[name] = _TITLES[name]()
    return known[name].get(key, key)


@contextmanager
def read_once() -> Iterator[None]:
    """Within it titles are read once, however many sentences say them: a request, a job, a report."""
    known = _read.get()
    token = _read.set({} if known is None else known)
    try:
        yield
    finally:
        _read.reset(token)
