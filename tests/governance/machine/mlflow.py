"""An MLflow in memory: what the server holds, and one worker's line to it, on which a call can fail at each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from governance.registry.records import RemoteRun
from tests.governance.fake_registry import FakeRegistry
from tests.governance.promotions_made import FILES
from tests.governance.test_poll import BORN, Server, version

HAND = "hand"


@dataclass(frozen=True)
class Setting:
    """An alias that somebody set; `by` is the move's id, or a hand."""

    alias: str
    number: str | None
    by: int | str


class Mlflow(Server):
    """One model with its versions. `witness` is asked before a worker's setting of an alias takes effect."""

    def __init__(self, model: str, authors: dict[int, str]) -> None:
        rows = [version(number, model=model, tags={}) for number in authors]
        runs = [RemoteRun(f"r{number}", experiment_id="7", user=author) for number, author in authors.items()]
        super().__init__(*rows, runs=runs)
        self.model, self.log = model, []
        self.files = dict.fromkeys(authors, FILES)
        self.witness: Callable[[str, int], int | str] = lambda alias, number: HAND

    def by_hand(self, alias: str, number: int | None) -> None:
        """Somebody sets an alias in MLflow's own pages, or removes it."""
        self.aliases.pop(alias, None)
        if number is not None:
            self.aliases[alias] = str(number)
        self.log.append(Setting(alias, None if number is None else str(number), HAND))

    def delete(self, number: int) -> None:
        """A version goes, and its aliases with it, as MLflow does."""
        self.listed.pop((self.model, str(number)), None)
        for alias in [alias for alias, there in self.aliases.items() if there == str(number)]:
            self.by_hand(alias, None)

    def make_again(self, number: int) -> None:
        """A version is there again under its number: the same one, as from a backup of the server."""
        self.listed[self.model, str(number)] = replace(version(number, model=self.model, tags={}), updated=BORN + 10**6)

    @property
    def numbers(self) -> list[int]:
        return [int(number) for _model, number in self.listed]


class Line(FakeRegistry):
    """A worker's connection: what it sets is seen by the witness first, and kept in the server's log.

    A deaf one answers that an alias is set, and sets nothing.
    """

    def __init__(self, server: Mlflow, *, deaf: bool = False, **faults) -> None:
        super().__init__(aliases=server.aliases, numbers=tuple(server.numbers), **faults)
        self.server, self.deaf = server, deaf

    def version(self, name, number):
        self.numbers = tuple(self.server.numbers)
        return super().version(name, number)

    def model_files(self, name, number, **more):
        self.files = self.server.files[int(number)]
        return super().model_files(name, number, **more)

    def set_alias(self, name, alias, number, *, token=""):
        def answer() -> None:
            by = self.server.witness(alias, int(number))
            if self.deaf:
                return
            self.aliases[alias] = str(number)
            self.server.log.append(Setting(alias, str(number), by))

        return self._call("set_alias", answer)
