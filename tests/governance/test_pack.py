"""The period pack: what is listed and counted, who makes it, and that others can check it without Sekisho."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from governance import findings
from governance.actions import promotions
from governance.jobs_pack import KIND, request_pack
from governance.models import ModelVersion, Move, Placement, Promotion, RegisteredModel
from governance.moves.ending import finish
from governance.pack import collect, period
from governance.pack_files import change_rows, csv_text
from portal.jobs.models import Job, State
from portal.ledger.models import Event, SigningKey
from portal.ledger.offline import sekisho_verify
from portal.message import Message
from portal.pdf.models import Document
from portal.web.errors import Forbidden, Invalid
from tests.governance.hostile_names import NAMES
from tests.governance.promotions_made import approved, audited, make_model, make_version, requested
from tests.remembered import remembered

pytestmark = pytest.mark.django_db
PAGE, MAKE = reverse("pack"), reverse("pack-make")


def carry_out(promotion: Promotion, found: int | None = None) -> Event:
    """What a worker does once the alias is set: its own record, with what it had found there."""
    Move.objects.filter(promotion=promotion).update(state="moving", replaced=found)
    finish(Move.objects.select_related("promotion__version__model").get(promotion=promotion), 1)
    return Event.objects.about("promotion", promotion.pk).get(action="promotion.moved")


def strayed(model: RegisteredModel, found: int, *, expected: int = 1):
    told = {"alias": "champion", "model": model.name, "found": found, "expected": expected}
    with transaction.atomic():
        return findings.open_finding(
            kind="alias_moved", key=f"alias:{model.name}:champion", severity="high", detail=told,
            title=Message("finding.alias_moved", told), team=model.team,
            about={"model": model, "registry": model.registry, "environment": "production"},
        )  # fmt: skip


def today(environment: str = "production"):
    return period(environment, timezone.localdate() - timedelta(days=2), timezone.localdate())


@pytest.fixture
@remembered
def quarter(cast):
    """Two moves, a refusal, and an alias that somebody moved by hand between them."""
    model = make_model(cast)
    first, second = approved(cast, audited(make_version(model, 1))), audited(make_version(model, 2))
    carry_out(first)
    strayed(model, 7)
    refused = requested(cast, second)
    promotions.refuse(promotion=refused, rev=refused.rev, reason="=cmd|' /C calc'!A0", by=cast.reviewer)
    third = approved(cast, audited(make_version(model, 3)))
    carry_out(third, found=7)
    Job.objects.create(
        kind="registry.mirror", state=State.DONE, subject_type="registry", subject_id=str(model.registry_id),
        ended_at=timezone.now(),
    )  # fmt: skip
    return model


def test_the_list_and_its_sum(cast, quarter):
    found = collect(today())
    assert [row.event.action for row in found.rows] == [
        "promotion.moved", "finding.open", "promotion.refuse", "promotion.moved",
    ]  # fmt: skip
    assert [len(found.of(column)) for column in ("moves", "refusals", "exceptions", "findings")] == [2, 1, 0, 1]
    assert (found.count.carried_out, found.count.unexplained, found.count.total) == (2, 1, 3)
    assert found.count.closes
    assert [(row.found, row.left, row.way) for row in found.of("moves")] == [(None, 1, "approved"), (7, 3, "approved")]
    (server,) = found.registries
    assert (server.moves, server.unexplained, server.covered.read, server.covered.days) == (2, 1, 1, 1)
    assert {event.action for event in found.behind} == {"promotion.approve"}
    assert collect(today("staging")).rows == ()


def test_a_change_that_nobody_saw_keeps_the_sum_open(cast, quarter):
    fourth = approved(cast, audited(make_version(quarter, 4)))
    carry_out(fourth, found=9)
    found = collect(today()).count
    assert (found.missing, found.total) == (1, 5)
    RegisteredModel.objects.update(aliases={"champion": 12})
    quarter.registry.__class__.objects.update(synced_at=timezone.now(), error=None)
    assert collect(today()).count.missing == 2


def test_a_decision_a_place_or_a_number_that_is_gone_shows(cast, quarter):
    moved = Event.objects.filter(action="promotion.moved")
    Placement.objects.filter(promotion=int(moved.first().subject_id)).delete()
    assert collect(today()).count.unplaced == 1
    moved.filter(pk=moved.last().pk).delete()
    found = collect(today()).count
    assert found.unrecorded == 1
    assert not found.closes


def test_questions_do_not_grow_with_the_rows(cast, quarter):
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            collect(today())
        return len(queries)

    before = asked()
    for number in range(10, 14):
        carry_out(approved(cast, audited(make_version(quarter, number))), found=number - 1)
        strayed(quarter, 100 + number)
    assert asked() <= before


def test_only_auditors_and_administrators(cast, as_user, quarter):
    for user, status in ((cast.auditor, 200), (cast.admin, 200), (cast.reviewer, 403), (cast.member, 403)):
        assert as_user(user).get(PAGE).status_code == status
    with pytest.raises(Forbidden):
        request_pack(period=today(), language="en", by=cast.reviewer)
    assert as_user(cast.member).post(MAKE, {}).status_code == 403
    assert not Job.objects.filter(kind=KIND).exists()


@pytest.mark.parametrize(
    "query",
    ["from=2026-13-01&to=2026-01-01", "from=2026-07-02&to=2026-07-01", "from=2999-01-01&to=2999-01-02",
     "from=2001-01-01&to=2026-01-01", "environment=nowhere", "from=x&to=%00", "from=2026-01-01"],
)  # fmt: skip
def test_what_is_no_period_gets_a_sentence(cast, as_user, quarter, query):
    answer = as_user(cast.auditor).get(f"{PAGE}?{query}")
    assert answer.status_code in (400, 422)


def test_environments_and_quarters_are_links_as_in_other_lists(cast, as_user, quarter):
    page = as_user(cast.auditor).get(f"{PAGE}?environment=staging&from=2026-08-01&to=2026-08-31").content.decode()
    row = page.split('<dl class="facets">')[1].split("</dl>")[0]
    assert 'href="?from=2026-08-01&amp;to=2026-08-31&amp;environment=production">Production</a>' in row
    assert 'environment=staging" aria-current="true">Staging</a>' in row
    assert 'href="?environment=staging&amp;from=2026-07-01&amp;to=2026-07-31">The quarter before</a>' in row
    assert ">This quarter</a>" in row
    assert "今四半期" in as_user(type(cast.auditor).objects.create_user(
        "j@example.org", "x", name="J", language="ja", is_auditor=True
    )).get(PAGE).content.decode()  # fmt: skip


def test_a_sample_has_its_bounds(cast):
    for wrong in ({"size": 501, "seed": "x"}, {"size": 1, "seed": "x" * 61}):
        with pytest.raises(Invalid):
            request_pack(period=today(), language="en", by=cast.auditor, **wrong)


def test_nothing_in_the_tables_runs(cast):
    """Names and reasons of people stay text in a spreadsheet."""
    for number, name in enumerate(NAMES):
        model = make_model(cast, name[:250])
        carry_out(approved(cast, audited(make_version(model, number + 1))))
    rows = list(csv.reader(io.StringIO(csv_text(change_rows(collect(today()))).decode("utf-8-sig"))))
    assert len(rows) == len(NAMES) + 1
    assert not [value for row in rows[1:] for value in row if value.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_pack_is_read_back_and_proven_without_sekisho(cast, as_user, quarter, run_jobs, tmp_path):
    """One print for all that it must say, since printing takes seconds."""
    page = as_user(cast.auditor).get(PAGE).content.decode()
    assert "Changes: 3, explained by a decision: 2." in page
    given = {"environment": "production", "language": "en", "seed": "2026Q3", "size": "1"}
    days = {"from": str(today().first), "to": str(today().last)}
    answer = as_user(cast.auditor).post(MAKE, given | days)
    job = Job.objects.get(kind=KIND)
    assert answer["Location"] == reverse("job", args=[job.pk])
    run_jobs()
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    document = Document.objects.get(job=job)
    answer = as_user(cast.auditor).get(reverse("document", args=[document.pk]))
    assert answer["Content-Type"] == "application/zip"
    assert not list(document.file.parent.glob("*.pdf"))

    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as file:
        assert set(file.namelist()) == {"pack.pdf", "changes.csv", "readings.csv", "proof.json", "README.txt"}
        file.extractall(tmp_path)
    assert as_user(cast.member).get(reverse("document", args=[document.pk])).status_code == 404
    table = list(csv.reader(io.StringIO((tmp_path / "changes.csv").read_text("utf-8-sig"))))
    assert [line[0] for line in table[1:]] == [str(row.event.seq) for row in collect(today()).rows]
    assert [line[10] for line in table if "calc" in line[10]] == ["'=cmd|' /C calc'!A0"]
    assert sum(line[11] == "Yes" for line in table[1:]) == 1

    text = "".join("".join(page.extract_text() for page in PdfReader(tmp_path / "pack.pdf").pages).split())
    for part in ("Changes of production", "The sum closes", "In the sample", "Refused", "2026Q3", "How it was counted"):
        assert "".join(part.split()).lower() in text.lower(), part
    proof = json.loads((tmp_path / "proof.json").read_text("utf-8"))
    assert PdfReader(tmp_path / "pack.pdf").attachments["proof.json"] == [(tmp_path / "proof.json").read_bytes()]
    assert "".join(proof["checkpoint"].split("\n\n")[0].split()) in text
    key = SigningKey.objects.get().public
    assert key not in text

    verifier = tmp_path / "elsewhere" / "sekisho_verify.py"
    verifier.parent.mkdir()
    verifier.write_text(Path(sekisho_verify.__file__).read_text("utf-8"), "utf-8")

    def verify(path: Path, key: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-I", str(verifier), "verify", str(path), "--key", key]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = verify(tmp_path / "proof.json", key)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = {line[13] for line in table[1:]}
    proven = {json.loads(one["entry"])["id"] for one in proof["entries"]}
    assert listed < proven  # and the approvals behind the moves
    assert f"Proven: {len(proven)} " in done.stdout
    proof["entries"][0]["entry"] = proof["entries"][0]["entry"].replace("promotion", "promotiom", 1)
    (tmp_path / "proof.json").write_text(json.dumps(proof), "utf-8")
    assert verify(tmp_path / "proof.json", key).returncode == 1


def test_the_worlds_names_are_told_apart(cast):
    """A move of another environment, and a model of another, are not in it."""
    model = make_model(cast)
    carry_out(approved(cast, audited(make_version(model, 1)), environment="staging"))
    assert collect(today()).count.total == 0
    assert collect(today("staging")).count.total == 1
    assert ModelVersion.objects.count() == 1
