"""What pipelines send: versions to register, promotions under a key, evaluation files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from governance.models import EvaluationSet, EvaluationSetUse, ModelVersion, ProfileChange, Promotion, RequestKey
from governance.registry import NotFound
from governance.registry.records import RemoteRun, RemoteVersion
from portal.accounts import actions
from portal.jobs.models import Job
from portal.message import Message
from tests.governance.evaluation_made import CASES
from tests.governance.promotions_made import audit, audited, make_model, make_version
from tests.governance.test_pipeline_tokens import program

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture
def pipeline(cast) -> Client:
    return program(cast.member, team=cast.team)


def where(version: ModelVersion, **more) -> dict:
    named = {"registry": version.model.registry.slug, "model": version.model.name, "version": version.number}
    return named | more


class Server:
    """A registry with one version, that nobody has polled."""

    def version(self, name, number):
        if number != 7:
            raise NotFound(Message("registry.absent", {}))
        return RemoteVersion(name, str(number), run_id="r7", created=1_700_000_000_000, updated=1_700_000_000_000)

    def runs(self, ids):
        return {"r7": RemoteRun("r7", user="ito")}


# -- versions --------------------------------------------------------------------------------------


def test_a_version_that_is_known_is_audited_where_it_was_not(cast, pipeline):
    version = make_version(make_model(cast))
    audit(version, "lineage")
    answer = pipeline.post("/api/v1/versions/", where(version), **JSON)
    assert answer.status_code == 202
    kinds = set(Job.objects.filter(pk__in=answer.json()["jobs"]).values_list("kind", flat=True))
    assert "audit.fairness" in kinds
    assert "audit.lineage" not in kinds


def test_a_version_that_is_new_is_read_and_audited(cast, pipeline, run_jobs, monkeypatch):
    model = make_model(cast)
    monkeypatch.setattr("governance.jobs_registering.connect", lambda registry: Server())
    named = {"registry": model.registry.slug, "model": model.name}
    first = pipeline.post("/api/v1/versions/", named | {"version": 7}, **JSON).json()["jobs"]
    again = pipeline.post("/api/v1/versions/", named | {"version": 7}, **JSON).json()["jobs"]
    assert first == again  # one reading, however often it is asked for
    run_jobs(limit=1)
    job = pipeline.get(f"/api/v1/jobs/{first[0]}/").json()
    assert job["state"] == "done"
    version = ModelVersion.objects.get(model=model, number=7)
    assert (version.author, job["result"]["version"]) == ("ito", version.pk)
    assert pipeline.get(f"/api/v1/jobs/{job['result']['audits'][0]}/").json()["kind"].startswith("audit.")


def test_a_version_that_the_registry_has_not_is_said_to_be_absent(cast, pipeline, run_jobs, monkeypatch):
    model = make_model(cast)
    monkeypatch.setattr("governance.jobs_registering.connect", lambda registry: Server())
    asked = {"registry": model.registry.slug, "model": model.name, "version": 8}
    [number] = pipeline.post("/api/v1/versions/", asked, **JSON).json()["jobs"]
    run_jobs(limit=1)
    job = pipeline.get(f"/api/v1/jobs/{number}/").json()
    assert (job["state"], job["error"]["code"]) == ("failed", "register.absent")
    assert not ModelVersion.objects.exists()


def test_models_of_others_and_models_that_are_not_there_are_told_alike(cast):
    version = make_version(make_model(cast))
    theirs = program(cast.stranger, team=cast.other_team)
    foreign = theirs.post("/api/v1/versions/", where(version), **JSON)
    absent = theirs.post("/api/v1/versions/", where(version) | {"model": "nowhere"}, **JSON)
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.json()["code"] == absent.json()["code"] == "register.no_model"
    assert not Job.objects.exists()


@pytest.mark.parametrize("number", [0, -1, 2**31, "x", None, 1.5, [1]])
def test_a_number_that_is_none_is_refused(cast, pipeline, number):
    version = make_version(make_model(cast))
    assert pipeline.post("/api/v1/versions/", where(version) | {"version": number}, **JSON).status_code in (400, 422)


# -- promotions ------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_promotion(cast, pipeline):
    version = audited(make_version(make_model(cast)))
    asked = where(version, environment="production", reason="Nightly")
    first = pipeline.post("/api/v1/promotions/", asked, headers={"Idempotency-Key": "run-1"}, **JSON)
    again = pipeline.post("/api/v1/promotions/", asked, headers={"Idempotency-Key": "run-1"}, **JSON)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = pipeline.post(
        "/api/v1/promotions/", asked | {"reason": "Other"}, headers={"Idempotency-Key": "run-1"}, **JSON
    )
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.other")
    new = pipeline.post("/api/v1/promotions/", asked, headers={"Idempotency-Key": "run-2"}, **JSON)
    assert new.status_code == 409  # one is under way
    assert Promotion.objects.count() == RequestKey.objects.count() == 1


def test_a_key_is_its_senders_own(cast, pipeline):
    version = audited(make_version(make_model(cast)))
    asked = where(version, environment="production")
    pipeline.post("/api/v1/promotions/", asked, headers={"Idempotency-Key": "run-1"}, **JSON)
    colleague = program(cast.manager, team=cast.team)
    answer = colleague.post("/api/v1/promotions/", asked, headers={"Idempotency-Key": "run-1"}, **JSON)
    assert answer.status_code == 409


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_that_is_none_is_refused(cast, pipeline, key):
    version = audited(make_version(make_model(cast)))
    asked = where(version, environment="production")
    answer = pipeline.post("/api/v1/promotions/", asked, headers={"Idempotency-Key": key}, **JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.length")
    assert not Promotion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_sent_many_times_at_once_makes_one_promotion(cast):
    version = audited(make_version(make_model(cast)))
    _token, key = actions.create_token(by=cast.member, name="x", scope="pipeline", days=9, team=cast.team)
    asked = where(version, environment="production")

    def send(_number):
        try:
            caller = Client(headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "run-1"})
            return caller.post("/api/v1/promotions/", asked, **JSON)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(send, range(4)))
    made = [answer for answer in answers if answer.status_code in (200, 201)]
    assert len({answer.json()["id"] for answer in made}) == 1
    assert [answer.status_code for answer in made].count(201) == 1
    assert Promotion.objects.count() == 1


# -- evaluation files ------------------------------------------------------------------------------


def push(caller: Client, body: bytes, query: str = "name=Nightly", kind: str = "text/csv"):
    return caller.post(f"/api/v1/evaluation-files/?{query}", body, content_type=kind)


def test_a_file_becomes_a_set_of_the_team_and_judges_nobody(cast, pipeline, run_jobs):
    answer = push(pipeline, CASES.encode())
    assert answer.status_code == 202
    run_jobs()
    one = EvaluationSet.objects.get(pk=answer.json()["set"])
    assert (one.team, one.state, one.rows, one.digest) == (cast.team, "ready", 60, answer.json()["digest"])
    assert one.kept_file.read_bytes() == CASES.encode()
    assert not EvaluationSetUse.objects.exists()
    assert not list(one.kept_file.parent.glob("pushed-*"))
    assert pipeline.get(f"/api/v1/evaluation-sets/{one.pk}/").json()["rows"] == 60


def test_that_a_model_be_judged_on_it_is_proposed_and_not_in_force(cast, pipeline, run_jobs):
    model = make_model(cast)
    before = model.profile.digest
    answer = push(pipeline, CASES.encode(), f"name=N&registry={model.registry.slug}&model={model.name}&role=gold")
    assert answer.status_code == 202, answer.content
    run_jobs()
    change = ProfileChange.objects.get()
    assert (change.state, change.proposed_by) == ("proposed", cast.member)
    model.profile.refresh_from_db()
    assert model.profile.digest == before
    assert not EvaluationSetUse.objects.exists()


def test_a_pipeline_brings_no_challenger(cast, pipeline):
    model = make_model(cast)
    answer = push(pipeline, CASES.encode(), f"name=N&registry={model.registry.slug}&model={model.name}&role=challenger")
    assert answer.status_code == 400
    assert not EvaluationSet.objects.exists()


@pytest.mark.parametrize(
    ("query", "kind", "body", "status"),
    [
        ("name=N", "application/x-python-pickle", b"x", 422),
        ("name=N", "application/json", b"{}", 422),
        ("name=N", "text/csv", b"", 422),
        ("", "text/csv", b"a\n1\n", 400),
        ("name=N&role=gold", "text/csv", b"a\n1\n", 422),
        ("name=N&team=imaging", "text/csv", b"a\n1\n", 404),
        ("name=N&state=ready&approved_by=1", "text/csv", b"a\n1\n", 422),
        ("name=N&registry=x&model=y&role=gold", "text/csv", b"a\n1\n", 404),
    ],
)
def test_what_cannot_be_taken_is_refused_and_not_kept(cast, pipeline, settings, query, kind, body, status):
    answer = push(pipeline, body, query, kind)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not EvaluationSet.objects.exists()
    folder = settings.SEKISHO_HOME / "evaluation"
    assert not folder.exists() or not list(folder.iterdir())


def test_a_file_beyond_the_limit_is_not_read(cast, pipeline, settings):
    settings.PUSH_LIMIT = 1000
    answer = push(pipeline, b"a\n" + b"1\n" * 1000)
    assert (answer.status_code, answer.json()["code"]) == (422, "push.large")
    assert not EvaluationSet.objects.exists()


def test_a_body_that_lies_about_its_length_is_bounded_too(settings):
    import io

    from governance.pushed_files import received
    from portal.web.errors import Invalid

    settings.PUSH_LIMIT = 1000
    for announced in (None, 10):
        with pytest.raises(Invalid), received(io.BytesIO(b"x" * 5000), name="x.csv", announced=announced):
            raise AssertionError("was taken")
    with pytest.raises(Invalid) as cut, received(io.BytesIO(b"x" * 5), name="x.csv", announced=10):
        raise AssertionError("was taken")
    assert cut.value.message.code == "push.cut"


def test_bytes_that_are_no_table_are_refused_by_the_reader(cast, pipeline, run_jobs):
    answer = push(pipeline, b"PAR1" + b"\x00" * 50, kind="application/vnd.apache.parquet")
    run_jobs()
    assert EvaluationSet.objects.get(pk=answer.json()["set"]).state == "refused"
