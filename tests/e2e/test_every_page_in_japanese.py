"""Every page in Japanese. A file of its own, since tests are dealt out to processes by file."""

from __future__ import annotations

import pytest

from tests.e2e.walking import walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_full_and_empty_pages(live_server, browser, client, cast, world):
    problems = walk(live_server, browser, client, world, "ja")
    assert not problems, "\n".join(problems)
