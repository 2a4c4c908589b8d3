"""A registry of one model in memory, which can fail at any call, as a move speaks to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

from governance.registry import NotFound
from governance.registry.errors import RegistryError, TimedOut, Unreachable
from portal.message import Message
from tests.governance.promotions_made import FILES

CALLS = ("version", "model_files", "get_alias", "set_alias", "read_back")
COPIES = ("has_model", "create_model", "marked", "create_version", "copy_files", "copy_version")
BORN = 1_700_000_000_000
FAULTS = {
    "down": Unreachable(Message("registry.unreachable", {"address": "it", "reason": "refused"})),
    "slow": TimedOut(Message("registry.timeout", {"address": "it", "seconds": 10.0})),
    "503": RegistryError(Message("registry.failed", {"address": "it", "status": 503, "detail": ""})),
}


class Killed(BaseException):
    """No handler catches it, as none runs after kill -9."""


@dataclass
class FakeRegistry:
    """`before` and `after` hold what happens around the next call of a name: an exception, or a function."""

    aliases: dict[str, str] = field(default_factory=dict)
    files: str = FILES
    numbers: tuple[int, ...] = (1, 2, 3, 4)
    before: dict[str, object] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    sets: list[tuple[str, str]] = field(default_factory=list)
    there: set[str] = field(default_factory=set)
    copies: dict[int, SimpleNamespace] = field(default_factory=dict)

    def version(self, name: str, number) -> SimpleNamespace:
        def answer():
            if int(number) not in self.numbers:
                raise NotFound(Message("registry.not_found", {"address": "it", "detail": ""}))
            return SimpleNamespace(model=name, version=str(number))

        if name in self.there:
            return self._call("copy_version", lambda: self.copies[int(number)])
        return self._call("version", answer)

    def model_files(self, name: str, number, **_more) -> SimpleNamespace:
        called = "copy_files" if name in self.there else "model_files"
        return self._call(called, lambda: SimpleNamespace(digest=self.files))

    def has_model(self, name: str) -> bool:
        return self._call("has_model", lambda: name in self.there)

    def create_model(self, name: str) -> None:
        return self._call("create_model", lambda: self.there.add(name))

    def create_version(self, name: str, source: str, *, run_id: str = "r1", tags, token: str = "") -> SimpleNamespace:
        def answer() -> SimpleNamespace:
            number = len(self.copies) + 1
            made = {"model": name, "version": str(number), "run_id": run_id, "source": source, "status": "READY"}
            self.copies[number] = SimpleNamespace(**made, created=BORN + number, tags=dict(tags))
            return self.copies[number]

        return self._call("create_version", answer)

    def marked(self, name: str, key: str, value: str) -> list[int]:
        def answer() -> list[int]:
            return [number for number, copy in self.copies.items() if copy.tags.get(key) == value]

        return self._call("marked", answer)

    def get_alias(self, name: str, alias: str) -> str | None:
        called = "read_back" if "set_alias" in self.calls else "get_alias"
        return self._call(called, lambda: self.aliases.get(alias))

    def set_alias(self, name: str, alias: str, number, *, token: str = "") -> None:
        def answer() -> None:
            self.aliases[alias] = str(number)
            self.sets.append((alias, str(number)))

        return self._call("set_alias", answer)

    def _call(self, name: str, answer: Callable):
        _happen(self.before.pop(name, None))
        self.calls.append(name)
        found = answer()
        _happen(self.after.pop(name, None))
        return found


def _happen(what) -> None:
    if isinstance(what, BaseException):
        raise what
    if what is not None:
        what()
