"""Kinds of job for a test, taken away after it."""

from __future__ import annotations

import pytest

from portal.jobs.kinds import DUTIES, KINDS
from tests.portal.jobs import kinds_for_tests  # noqa: F401  (registers test.quick and test.slow)


@pytest.fixture(autouse=True)
def _kinds_of_the_test(db):
    kinds, duties = dict(KINDS), dict(DUTIES)
    yield
    KINDS.clear()
    KINDS.update(kinds)
    DUTIES.clear()
    DUTIES.update(duties)
