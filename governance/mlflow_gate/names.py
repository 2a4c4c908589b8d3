"""How the gate compares names: as the laxest database behind MLflow would.

MySQL's and SQL Server's usual collations find ``champion`` under ``Champion``, ``chámpion`` and ``champion ``.
So a name is governed if any of its spellings is; a token still allows one spelling only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from fnmatch import fnmatchcase


def fold(name: str) -> str:
    """A name without what such a collation overlooks: case, accents, width, invisible characters, outer spaces."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc")).strip()


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name, however it is spelled, is one of the patterns (``*`` and ``?`` as in a shell)."""
    folded = fold(name)
    return any(fnmatchcase(folded, fold(pattern)) for pattern in patterns)
