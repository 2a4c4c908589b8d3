"""A poll of a registry on a real server beside a full mirror: 200 models of 25 versions, two of each in use.

Both read over HTTP what they need. Between the two, aliases are moved behind the server's back, versions are deleted
and tags are changed: the poll agrees if it finds each of these and nothing else.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks import Figure
from benchmarks.mirror import MODELS, VERSIONS, fill, mirrored
from governance.polling import News, read_news
from governance.reconcile_rules import Compared, Placed, compare
from governance.registry import Connection
from portal.demo.mlflow_server import MlflowServer

T = TypeVar("T")
GOAL = 10.0
GOVERNED = {"champion": "production", "staging": "staging"}
_NOW = 1_760_000_000_000
_TIMES = 3


def run() -> list[Figure]:
    """Start a server, fill its database, read all of it, change a few things, and poll."""
    with tempfile.TemporaryDirectory() as folder, MlflowServer(Path(folder)) as server:
        database = Path(folder) / "mlflow.db"
        fill(database)
        connection = Connection(server.address)
        connection.check()  # both find the server warm
        nothing = difference(polled(connection)).differences
        expected = change(database)
        mirrored_in, polled_in = [], []
        for _ in range(_TIMES):  # by turns, and the least of each: a machine is not equally fast all the time
            took, whole = _timed(mirrored, connection)
            mirrored_in.append(took)
            for _ in range(_TIMES):
                took, news = _timed(polled, connection)
                polled_in.append(took)
    found = {(one.kind, one.model) for one in difference(news).differences}
    left = MODELS * VERSIONS - sum(kind == "version_deleted" for kind, _model in expected)
    agreed = len(whole) == left and not nothing and found == expected
    ratio = min(mirrored_in) / min(polled_in)
    return [Figure("poll", "a full mirror", MODELS * VERSIONS, "wall", ratio, GOAL, agreed)]


def placed() -> list[Placed]:
    """What stands in the two environments of each model, as `benchmarks.mirror` fills the server."""
    return [
        Placed(
            f"model-{model}",
            number,
            GOVERNED[alias],
            alias,
            run_id=uuid.uuid5(uuid.NAMESPACE_URL, f"model-{model}/{number}").hex,
            born=_NOW,
            tags={"team": "credit"},
            metrics=dict.fromkeys(("accuracy", "roc_auc", "log_loss"), number / 100),
        )
        for model in range(MODELS)
        for alias, number in (("champion", VERSIONS - 2), ("staging", VERSIONS))
    ]


def polled(connection: Connection) -> News:
    """One poll, compared with what is known."""
    news = read_news(connection, _NOW + VERSIONS, placed(), {"0"})
    difference(news)
    return news


def _timed(read: Callable[[Connection], T], connection: Connection) -> tuple[float, T]:
    started = time.perf_counter()
    result = read(connection)
    return time.perf_counter() - started, result


def difference(news: News) -> Compared:
    """What a poll finds that nobody decided."""
    before = {f"model-{m}": {"champion": VERSIONS - 2, "staging": VERSIONS} for m in range(MODELS)}
    return compare(news.seen, placed(), governed=GOVERNED, before=before)


def change(database: Path) -> set[tuple[str, str]]:
    """Change what no time stamp tells of, and say what has to be found."""
    last = VERSIONS - 2
    moved, removed, deleted, tagged = ([f"model-{m}" for m in range(k, MODELS, 20)] for k in (1, 5, 9, 13))
    alias = "registered_model_aliases WHERE alias = 'champion' AND name = ?"
    with sqlite3.connect(database, timeout=30) as connection:
        for name in moved:
            connection.execute(
                "UPDATE registered_model_aliases SET version = ? WHERE alias = 'champion' AND name = ?",
                [last - 1, name],
            )
        connection.executemany(f"DELETE FROM {alias}", [(name,) for name in removed])
        connection.executemany(
            "UPDATE model_versions SET current_stage = 'Deleted_Internal' WHERE version = ? AND name = ?",
            [(last, name) for name in deleted],
        )
        connection.executemany(
            "UPDATE model_version_tags SET value = 'other' WHERE version = ? AND name = ?",
            [(last, name) for name in tagged],
        )
    connection.close()
    return {
        *(("alias_moved", name) for name in moved),
        *(("alias_removed", name) for name in removed),
        *(("version_deleted", name) for name in deleted),
        *(("tag_changed", name) for name in tagged),
    }
