"""Parts of the house that are found by their names, so that an area is added by adding its files."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType


def modules(package: str, *, begins: str = "", ends: str = "") -> Iterator[ModuleType]:
    """The modules right below a package whose names begin and end so, imported, in the order of their names."""
    for found in pkgutil.iter_modules(import_module(package).__path__):
        if found.name.startswith(begins) and found.name.endswith(ends):
            yield import_module(f"{package}.{found.name}")
