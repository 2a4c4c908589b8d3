"""How the tests are dealt out to worker processes; loaded by `-p tests.dealing` (see pyproject.toml).

File by file, the longest first, so that no worker is left alone with one at the end. The files that use the MLflow
server of `tests.mlflow_server` go to one worker, for which one server and one training of the demo's models do.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED_SERVER = "tests.mlflow_server"
USES_SERVER = re.compile(r"^from tests\.(mlflow_server|governance\.registered) import", re.MULTILINE)
# Two of the first three need no database: they run while the first worker migrates one (see `tests.databases`).
LONGEST = [
    *(SHARED_SERVER, "tests/gate/test_gunicorn.py", "tests/governance/sandbox/test_battery.py", "tests/e2e/test_every"),
    *("tests/portal/operations/test_restore.py", "tests/e2e/", "tests/holding/", "tests/test_access.py"),
    *("tests/gate/test_uvicorn.py", "tests/gate/test_basic_auth.py", "tests/assessments/test_report"),
]


@cache
def scope(file: str) -> str:
    """The name under which a file is dealt out: its own, or one that it shares."""
    return SHARED_SERVER if USES_SERVER.search((ROOT / file).read_text("utf-8")) else file


def _place(item: pytest.Item) -> int:
    name = scope(item.nodeid.split("::", 1)[0])
    return next((place for place, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=_place)  # keeps the order within a file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Dealt(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope(super()._split_scope(nodeid))

    return Dealt(config, log)
