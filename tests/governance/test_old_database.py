"""A database made before there were gates migrates, and what was under way in it goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def empty_database(tmp_path) -> Iterator[dict[str, str]]:
    """The variables that name one, on the same kind of server as the tests have."""
    home = {"SEKISHO_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    if connection.vendor == "sqlite":
        yield home
        return
    name = f"before_{uuid.uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield home | {"DATABASE_URL": os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"}
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")


def test_what_was_under_way_before_there_were_gates_goes_on(empty_database):
    words = [sys.executable, "-m", "tests.governance.old_database"]
    done = subprocess.run(words, env=os.environ | empty_database, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["aliases"] == ["2", "3", "1"]
    assert found["states"] == ["done"] * 4
    assert found["placed"] == [1, 2, 3, 1]
    assert set(found["pages"].values()) == {200}, found["pages"]
    assert found["problems"] == []
    assert found["signed"]
    assert found["moved"] == 3
