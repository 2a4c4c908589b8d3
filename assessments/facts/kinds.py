"""One kind of fact, and how a list of them is declared.

Pure: no Django.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "count", "flag", "days", "hours"]


@dataclass(frozen=True)
class Kind:
    """One kind of fact.

    ``minimum`` is the least number of items that a value must rest on; a rule may ask for more or
    fewer. Shares of runs need 10 and other shares 5, so that a percentage means something; of live
    models and versions all are counted, so 1 is enough, and with none live there is no fact.
    """

    name: str
    unit: Unit
    minimum: int
    label: str

    @property
    def source(self) -> str:
        return self.name.partition(".")[0]


def kinds(unit: Unit, minimum: int, labels: dict[str, str]) -> tuple[Kind, ...]:
    """Kinds of one unit that need the same number of items, from their names and labels."""
    return tuple(Kind(name, unit, minimum, label) for name, label in labels.items())
