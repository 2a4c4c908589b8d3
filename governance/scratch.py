"""Folders for files that are worked on and kept nowhere; `auditing.leftovers` removes those of killed workers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def workplace(what: str) -> Iterator[Path]:
    """A folder that only this account reads, and that is gone at the end."""
    root = settings.SEKISHO_HOME / "scratch"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=f"{what}-") as folder:
        yield Path(folder)
