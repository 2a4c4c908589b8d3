"""Evaluation sets: measured before use, pinned by digest, refused when their bytes are others."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from governance.actions import evaluation_sets as sets
from governance.actions.data_connections import save_connection
from governance.auditing import measuring, places
from governance.auditing.evaluation_jobs import end_what_is_over
from governance.auditing.examination import Examination
from governance.auditing.features import features_of
from governance.auditing.leftovers import clear
from governance.auditing.sources import NotEvaluated, SetError, fetch_set, fetch_table
from governance.models import EvaluationSet, EvaluationSetUse, Profile, digest_of
from portal.jobs.models import Job
from portal.ledger.models import Event
from portal.web.errors import DomainError, Forbidden, Invalid
from tests.governance import factories as make
from tests.governance.agreed import release_set, use_set
from tests.governance.evaluation_made import CASES, PEOPLE, uploaded, work

BEFORE = ["kind", "risk", "intended_use", "population", "metric", "metric_direction", "evaluation_data"]
BEFORE += ["label_column", "prediction_column", "positive", "sensitive_columns", "bins", "excluded_columns"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def version(cast):
    return make.make_version(make.make_model(cast.team))


def table(version, tmp_path):
    version = type(version).objects.select_related("model__profile").get(pk=version.pk)
    return fetch_table(Examination(version), Profile.objects.get(model=version.model_id), tmp_path)


def test_an_upload_is_measured_and_pinned(cast, tmp_path):
    one = uploaded(cast.team, cast.member, consent="Asked by letter.")
    assert (one.state, one.rows, one.column_names) == ("ready", 60, ["id", "income", "label", "region"])
    assert one.digest == "sha256:" + hashlib.sha256(CASES.encode()).hexdigest()
    assert dict(one.preview["values"]["region"]) == {"north": 40, "south": 20}
    assert fetch_set(one, tmp_path).path.read_text() == CASES
    event = Event.objects.get(action="evaluation.create")
    assert "letter" not in event.body


def test_other_bytes_than_were_pinned_are_refused(cast, version, tmp_path):
    one = uploaded(cast.team, cast.member)
    use_set(model=version.model, one=one, role="gold", by=cast.member)
    one.kept_file.write_text(CASES.replace("59,590,1", "59,590,0"))
    with pytest.raises(NotEvaluated, match="not those that were pinned"):
        table(version, tmp_path)


def test_the_gold_set_takes_the_place_of_what_the_profile_names(cast, version, tmp_path):
    one = uploaded(cast.team, cast.member)
    use_set(model=version.model, one=one, role="gold", by=cast.member)
    read = table(version, tmp_path)
    assert (read.set, read.digest) == (one, one.digest)


def test_a_profile_without_the_new_fields_keeps_its_digest(cast, version):
    """Approvals of before bind it."""
    profile = version.model.profile
    assert profile.digest == digest_of({name: getattr(profile, name) for name in BEFORE})
    for field, value in (
        ("score_column", "p"),
        ("slice_columns", ["region"]),
        ("pools", {"sex": {"all": ["f", "m"]}}),
        ("pinned", {"gold": "sha256:1"}),
    ):
        changed = Profile(**{f.name: getattr(profile, f.name) for f in profile._meta.concrete_fields} | {field: value})
        assert changed.digest != profile.digest


def test_approvals_follow_the_sets(cast, version):
    before = version.model.profile.digest
    one = uploaded(cast.team, cast.member)
    use = use_set(model=version.model, one=one, role="gold", by=cast.member)
    profile = Profile.objects.get(model=version.model)
    assert profile.digest != before
    assert Job.objects.filter(kind="audit.fairness").exists()
    release_set(use=use, by=cast.member)
    assert Profile.objects.get(model=version.model).digest == before


def test_what_drift_is_measured_from_is_bound(cast, version):
    """The training data where there is no reference; and not where there is one."""
    training = uploaded(cast.team, cast.member)
    use_set(model=version.model, one=training, role="training", by=cast.member)
    assert Profile.objects.get(model=version.model).pinned == {"training": training.digest}
    text = "income,region,label\n1.0,north,0\n"
    reference = uploaded(cast.team, cast.member, text=text, name="Reference", file="reference.csv")
    use_set(model=version.model, one=reference, role="reference", by=cast.member)
    assert Profile.objects.get(model=version.model).pinned == {"reference": reference.digest}


def test_who_may_judge_a_model_on_what(cast, version):
    foreign = uploaded(cast.other_team, cast.stranger)
    with pytest.raises(Forbidden):
        use_set(model=version.model, one=foreign, role="gold", by=cast.member)  # theirs, and not open to others
    with pytest.raises(Forbidden):
        use_set(model=version.model, one=foreign, role="gold", by=cast.stranger)  # their set, another's model
    own = uploaded(cast.team, cast.member, name="Own")
    with pytest.raises(Forbidden):
        use_set(model=version.model, one=own, role="challenger", by=cast.member)
    use = use_set(model=version.model, one=foreign, role="challenger", by=cast.reviewer)
    with pytest.raises(Forbidden):
        release_set(use=use, by=cast.manager)
    assert foreign in EvaluationSet.objects.for_user(cast.member)  # they see what their model is judged on
    assert not cast.member.has_perm("evaluation.rows", foreign)
    assert not cast.reviewer.has_perm("evaluation.rows", foreign)
    assert cast.stranger.has_perm("evaluation.rows", foreign)


def test_restricted_attributes_are_joined_by_key_and_never_given_to_a_model(cast, version, tmp_path):
    version.model.profile.sensitive_columns = ["sex"]
    version.model.profile.save()
    gold = uploaded(cast.team, cast.member)
    people = uploaded(cast.other_team, cast.stranger, text=PEOPLE, name="People", file="people.csv", shared=True)
    use_set(model=version.model, one=gold, role="gold", by=cast.member)
    with pytest.raises(Invalid):
        use_set(model=version.model, one=people, role="sensitive", key_columns=["number"], by=cast.member)
    use_set(model=version.model, one=people, role="sensitive", key_columns=["id"], by=cast.member)
    read = table(version, tmp_path)
    rows = pq.read_table(read.path)
    assert read.joined == {"rows": 60, "unmatched": 11, "duplicates": 1}
    assert rows["id"].to_pylist() == list(range(60))
    assert rows["sex"].to_pylist()[:8] == ["男", "女", "男", "女", "男", "女", "男", None]
    folder = tmp_path / "model"
    folder.mkdir()
    profile = Profile.objects.get(model=version.model)
    (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: x}}\n")
    assert features_of(rows, profile, folder).column_names == ["income", "region"]
    signed = """signature: {inputs: '[{"name": "sex", "type": "string"}]'}\n"""
    (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: x}}\n" + signed)
    with pytest.raises(NotEvaluated, match="sex"):
        features_of(rows, profile, folder)


def test_a_challenger_that_brings_the_attributes_is_judged_by_its_own(cast, version, tmp_path):
    version.model.profile.sensitive_columns = ["sex"]
    version.model.profile.save()
    people = uploaded(cast.other_team, cast.stranger, text=PEOPLE, name="People", file="people.csv", shared=True)
    use_set(model=version.model, one=uploaded(cast.team, cast.member), role="gold", by=cast.member)
    use_set(model=version.model, one=people, role="sensitive", key_columns=["id"], by=cast.member)
    text = "id,income,region,label,sex\n1,5.0,north,1,x\n2,6.0,south,0,y\n"
    hard = uploaded(cast.other_team, cast.stranger, text=text, name="Hard", file="hard.csv", shared=True)
    use_set(model=version.model, one=hard, role="challenger", by=cast.reviewer)
    again = type(version).objects.select_related("model__profile").get(pk=version.pk)
    read = fetch_table(Examination(again, challenger=hard), Profile.objects.get(model=version.model_id), tmp_path)
    assert read.joined == {}
    assert read.path.read_text("utf-8") == text


def test_rows_of_the_training_data_are_found_in_the_gold_set(cast, version):
    use_set(model=version.model, one=uploaded(cast.team, cast.member), role="gold", by=cast.member)
    training = "income,region,label\n" + "".join(f"{i * 10}.0,north,0\n" for i in range(30))
    seen = uploaded(cast.team, cast.member, text=training, name="Training", file="training.csv")
    use_set(model=version.model, one=seen, role="training", by=cast.member)
    work("evaluation.overlap")
    overlap = EvaluationSetUse.objects.get(role="gold").overlap
    assert (overlap["rows"], overlap["of"], overlap["columns"]) == (20, 60, 2)


def test_shift_jis_is_read_and_other_encodings_are_not_guessed(cast):
    text = "性別,合否\n" + "女性,可\n男性,不可\n" * 5
    one = uploaded(cast.team, cast.member, text=text.encode("cp932"), file="受験者.csv")
    assert dict(one.preview["values"]["性別"]) == {"女性": 5, "男性": 5}
    bom = uploaded(cast.team, cast.member, text=text.encode("utf-8-sig"), name="With a mark", file="b.csv")
    assert bom.column_names == ["性別", "合否"]
    western = "naïve,résumé\nüber,café\nélève,señor\n".encode("latin-1")
    for wrong in (western, "性別\n".encode() + "女性\n".encode("cp932")):
        with pytest.raises(DomainError, match="neither UTF-8 nor Shift_JIS"):
            uploaded(cast.team, cast.member, text=wrong, name=str(len(wrong)), file="w.csv")
    assert EvaluationSet.objects.latest("pk").state == "refused"


def nested(path):
    pq.write_table(pa.table({"a": [[1, 2]]}), path)


def twice(path):
    path.write_text("sex,Sex\n1,2\n")


def bomb(path):
    """A few kilobytes that declare two hundred megabytes."""
    zeros = pa.chunked_array([pa.array([0]).take(pa.array([0] * 100_000))] * 50)
    pq.write_table(pa.table({f"c{i}": zeros for i in range(5)}), path, compression="zstd")


def cut(path):
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("make_file", "says"),
    [
        (nested, "lists, structures or bytes"),
        (twice, "the same name"),
        (bomb, "unfolded"),
        (cut, "cannot be read"),
        (lambda path: path.write_text(""), "empty"),
        (lambda path: path.write_text("a,b\n"), "no rows"),
    ],
    ids=["nested", "twice", "bomb", "cut", "empty", "headers"],
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path, monkeypatch, make_file, says):
    monkeypatch.setattr(measuring, "MOST_UNFOLDED", 100 * 2**20)
    path = tmp_path / ("t.csv" if make_file not in (nested, bomb, cut) else "t.parquet")
    make_file(path)
    with pytest.raises(SetError, match=says):
        measuring.measure(path, tmp_path)


def test_a_table_is_drawn_as_a_snapshot(cast, tmp_path):
    database = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(database)) as found:
        found.execute("CREATE SCHEMA scoring; CREATE TABLE scoring.held_out AS SELECT i, i % 2 AS y FROM range(9) t(i)")
    with sqlite3.connect(tmp_path / "lite.db") as found:
        found.execute("CREATE TABLE held_out AS SELECT 1 AS y, 'a' AS name UNION SELECT 0, 'b'")
    with pytest.raises(Forbidden):
        save_connection(name="W", kind="duckdb", address=str(database), by=cast.manager)
    opened = save_connection(name="W", kind="duckdb", address=str(database), team=cast.team, by=cast.admin)
    lite = save_connection(name="L", kind="sqlite", address=str(tmp_path / "lite.db"), by=cast.admin)

    def draw(name, connection, place, team=cast.team, by=cast.member):
        one = sets.create_set(team=team, name=name, source="table", connection=connection, place=place, by=by)
        work("evaluation.measure")
        return EvaluationSet.objects.get(pk=one.pk)

    assert draw("A", opened, "scoring.held_out").rows == 9
    drawn = draw("B", lite, "held_out")
    assert fetch_set(drawn, tmp_path).path.is_file()
    with pytest.raises(Invalid):  # opened to another team
        draw("C", opened, "scoring.held_out", cast.other_team, cast.stranger)
    with pytest.raises(DomainError, match="cannot be read"):
        draw("D", lite, "elsewhere")


class Storage(BaseHTTPRequestHandler):
    """As much of S3 as reading an object takes."""

    objects = {"/cases/shared/held out.csv": CASES.encode(), "/cases/imaging/theirs.csv": CASES.encode()}

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        from urllib.parse import unquote

        body = self.objects.get(unquote(self.path.split("?")[0]))
        if body is None or "Credential=reader/" not in self.headers.get("Authorization", ""):
            self.send_response(404 if body is None else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        total, start, end = len(body), 0, len(body) - 1
        if wanted := self.headers.get("Range"):
            low, _, high = wanted.removeprefix("bytes=").partition("-")
            start, end = int(low), min(int(high or end), end)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(end - start + 1))
        self.send_header("Content-Range", f"bytes {start}-{end}/{total}")
        self.send_header("Last-Modified", "Fri, 20 Nov 2026 10:00:00 GMT")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[start : end + 1])

    def log_message(self, *args):
        pass


@pytest.fixture
def storage(settings):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Storage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.S3_STORES = [f"http://127.0.0.1:{server.server_port}/cases"]
    settings.S3_KEY, settings.S3_SECRET, settings.S3_REGION = "reader", "secret", "us-east-1"
    yield server
    server.shutdown()
    server.server_close()


def test_an_object_is_read_from_storage_that_is_allowed(cast, storage, tmp_path, settings):
    one = sets.create_set(team=cast.team, name="S", source="s3", place="s3://cases/shared/held out.csv", by=cast.member)
    work("evaluation.measure")
    one.refresh_from_db()
    assert one.rows == 60
    assert fetch_set(one, tmp_path).digest == one.digest
    for place in (
        "s3://cases/imaging/theirs.csv",
        "s3://other/shared/x.csv",
        "s3://cases/shared/../imaging/theirs.csv",
    ):
        with pytest.raises(SetError, match="no place that the owner may read"):
            places.s3_bucket(place, cast.team)
    settings.DATA_LIMIT = 100
    with pytest.raises(SetError, match="larger than"):
        places.from_s3(one.place, cast.team, tmp_path)


def test_a_dataset_of_a_run_is_followed_where_it_is_allowed(cast, version):
    run = version.run | {
        "datasets": [
            {"name": "held-out", "source": {"uri": "s3://cases/shared/h.csv"}},
            {"name": "web", "source": {"url": "http://169.254.169.254/latest"}},
        ]
    }
    version.run = run
    assert sets.dataset_place(version, "held-out") == "s3://cases/shared/h.csv"
    for name in ("web", "none"):
        with pytest.raises(Invalid):
            sets.dataset_place(version, name)


def test_when_the_time_is_over_the_rows_go(cast, version, tmp_path):
    one = uploaded(cast.team, cast.member, keep_until=date(2020, 1, 1))
    with pytest.raises(SetError, match="is over"):
        fetch_set(one, tmp_path)
    assert end_what_is_over() == 1
    one.refresh_from_db()
    assert (one.state, one.preview, one.rows) == ("ended", {}, 60)
    with pytest.raises(Invalid):
        use_set(model=version.model, one=one, role="gold", by=cast.member)


def test_what_a_killed_worker_leaves_behind_goes_and_what_is_needed_stays(cast, settings):
    """An audit's folder may hold restricted attributes; a set may have ended before its copy was removed."""
    needed, ended = uploaded(cast.team, cast.member), uploaded(cast.team, cast.member, text=PEOPLE, name="People")
    EvaluationSet.objects.filter(pk=ended.pk).update(ended_at=ended.created_at)
    folders = [settings.SEKISHO_HOME / "scratch" / name for name in ("audit-killed", "audit-running")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "joined.parquet").write_text("who is what")
    incoming = settings.SEKISHO_HOME / "evaluation" / "incoming-1"
    incoming.write_text("half of an uplo")
    assert clear() == 0, "nothing is old enough"
    old = time.time() - 2 * 24 * 3600
    for path in (needed.kept_file, ended.kept_file, incoming, folders[0]):
        os.utime(path, (old, old))
    assert clear() == 3
    left = (needed.kept_file, ended.kept_file, incoming, *folders)
    assert [path.exists() for path in left] == [True, False, False, False, True]


def test_a_file_is_read_as_it_was_when_its_digest_was_taken(cast, tmp_path, settings):
    """Whoever may write to the storage could show one file to the digest and another to the audit."""
    settings.DATA_ROOTS = [tmp_path / "data"]
    file = tmp_path / "data" / "shared" / "cases.csv"
    file.parent.mkdir(parents=True)
    file.write_text(CASES)
    one = sets.create_set(team=cast.team, name="F", source="file", place=file.as_uri(), by=cast.member)
    work("evaluation.measure")
    one.refresh_from_db()
    table = fetch_set(one, tmp_path)
    file.write_text("id,income,label,region\n1,1,1,south\n")
    assert table.path.read_text() == CASES


def test_a_set_in_two_roles_is_read_twice(cast, version):
    one = uploaded(cast.team, cast.member)
    for role in ("gold", "training"):
        use_set(model=version.model, one=one, role=role, by=cast.member)
    assert list(work("evaluation.overlap").values()) == [{"rows": 60, "of": 60, "columns": 3}]
