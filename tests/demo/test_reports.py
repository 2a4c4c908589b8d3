"""The demo's reports: asked for as a reader would, and honest where the machine lacks Pango."""

from __future__ import annotations

import pytest

from portal.demo import reports
from portal.jobs.runner import drain
from portal.pdf import render
from portal.pdf.models import Document
from tests.governance import factories as make


@pytest.fixture
def version(cast, monkeypatch):
    """A version; the worker's part is done while the demo waits."""

    def wait_for(condition, what, seconds=0):
        drain()
        assert condition(), what

    monkeypatch.setattr(reports, "wait_for", wait_for)
    return make.make_version(make.make_model(cast.team))


def test_both_reports_are_made_in_both_languages(cast, version):
    steps = reports.make_reports(cast.auditor, version)
    assert [step.ok for step in steps] == [True] * 4, steps
    assert {document.language for document in Document.objects.all()} == {"en", "ja"}
    assert all(step.ledger for step in steps)


def test_without_pango_the_step_says_what_to_install(cast, version, monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text(f"import sys; sys.exit({render.NO_PANGO})")
    monkeypatch.setattr(render, "CHILD", child)
    steps = reports.make_reports(cast.auditor, version)
    assert all(step.ok and "apt-get install" in step.observed for step in steps)
    assert not Document.objects.exists()


def test_another_failure_is_no_success(cast, version, monkeypatch):
    monkeypatch.setattr(render, "MOST_HTML", 10)
    steps = reports.make_reports(cast.auditor, version)
    assert not any(step.ok for step in steps)
    assert "too large" in steps[0].observed
