"""The client of pipelines and its command, against a running Sekisho and against servers that are none."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from sekisho_client import Denied, NotAnswered, Refused, Sekisho, Unusable
from sekisho_client import client as module

from portal.accounts import actions
from tests.governance.hostile_names import NAMES
from tests.governance.promotions_made import audit, audited, make_model, make_version

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "portal" / "client"
EXAMPLES = ROOT / "docs" / "examples"
INSTALL = "python -m pip install --no-deps sekisho"
live = pytest.mark.django_db(transaction=True)


def ready(cast, **model):
    """A version of which every audit was made, so that registering it asks for none."""
    version = audited(make_version(make_model(cast, **model)))
    for kind in ("performance", "safety"):  # the shipped policy looks at neither
        audit(version, kind, {})
    return version


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.05)


@pytest.fixture
def token(transactional_db, cast) -> str:
    return actions.create_token(by=cast.member, name="build", scope="pipeline", days=9, team=cast.team)[1]


@pytest.fixture
def sekisho(live_server, token) -> Sekisho:
    return Sekisho(live_server.url, token)


class Answers(http.server.BaseHTTPRequestHandler):
    """A server that is no Sekisho: it answers what its class says, and keeps what it was sent."""

    status, body, headers_given = 200, b"<html>", ()

    def do_GET(self):
        self.server.seen.append(self)
        self.send_response(self.status)
        for name, value in self.headers_given:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET

    def log_message(self, *words):
        pass


@contextlib.contextmanager
def server(**answers):
    kind = type("Given", (Answers,), answers)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as found:
        found.seen = []
        found.url = f"http://127.0.0.1:{found.server_port}"
        threading.Thread(target=found.serve_forever, daemon=True).start()
        try:
            yield found
        finally:
            found.shutdown()


def shell(script: str, url: str, token: str, tmp_path, **more) -> subprocess.CompletedProcess:
    """Run a script with bash as a pipeline would; the command is the one that pyproject names."""
    command = tmp_path / "sekisho"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sekisho_client "$@"\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(CLIENT),
        "LANG": "C.UTF-8",
        "SEKISHO_URL": url,
        "SEKISHO_TOKEN": token,
        **more,
    }
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )


# -- what it does ----------------------------------------------------------------------------------


@live
def test_a_pipeline_from_end_to_end(cast, sekisho, tmp_path, run_jobs):
    version = ready(cast)
    name, number = version.model.name, version.number
    registered = sekisho.register(name, number)
    assert (registered.model, registered.version) == (name, number)
    sekisho.push_fact(name, number, "load_test.p95_ms", 180.5, unit="ms")
    fact = version.facts.get()
    assert (fact.value, fact.unit, fact.token_name, fact.by) == (180.5, "ms", "build", cast.member)
    table = tmp_path / "cases.csv"
    table.write_text("id,label\n1,0\n2,1\n")
    _set, jobs = sekisho.push_evaluation(table, name="Nightly")
    run_jobs(limit=200)
    assert [job.state for job in sekisho.wait_for_jobs(jobs, 5)] == ["done"]
    verdict = sekisho.preflight(name, number, "production")
    assert verdict.passes, verdict.sentence
    first = sekisho.request(name, number, "production", reason="Nightly", key="run-1")
    assert sekisho.request(name, number, "production", reason="Nightly", key="run-1").id == first.id
    told = []
    assert sekisho.wait(first.id, 0.2, told.append).state == "open"
    assert [one.state for one in told] == ["open"]


@live
@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_stay_names(cast, live_server, token, name, tmp_path):
    """In an address, in a body, and in what is printed."""
    version = ready(cast, name=name[:300])
    sekisho = Sekisho(live_server.url, token)
    assert sekisho.preflight(name, version.number, "production").document["model"] == name
    sekisho.push_fact(name, version.number, "load", 1)
    assert version.facts.count() == 1
    with pytest.raises(Refused) as refused:
        sekisho.preflight(name, 99, "production")
    assert refused.value.status == 404
    assert str(refused.value).isprintable()


@live
def test_the_server_says_what_is_wrong(cast, sekisho):
    version = ready(cast)
    with pytest.raises(Refused) as refused:
        sekisho.push_fact(version.model.name, 1, "No Key", 1)
    assert (refused.value.status, refused.value.code) == (422, "fact.key")
    assert str(refused.value).count("small letters") == 1
    with pytest.raises(Refused) as refused:
        sekisho.preflight(version.model.name, 1, "nowhere")
    assert "nowhere" in str(refused.value)
    with pytest.raises(Unusable, match="no registry"):
        sekisho.preflight("absent", 1, "production")
    with pytest.raises(Refused, match="There is no promotion 999999 that this token sees"):
        sekisho.promotion(999999)


@live
def test_a_wrong_token_is_said_to_be_one(live_server, cast):
    with pytest.raises(Denied, match="does not know this token"):
        Sekisho(live_server.url, "sek_wrong", registry="x").preflight("a", 1, "production")
    reading = actions.create_token(by=cast.member, name="r", scope="read", days=9)[1]
    with pytest.raises(Denied, match="only read"):
        Sekisho(live_server.url, reading, registry="x").register("a", 1)


# -- what it does not do ---------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "sek_a b", "sek_\n", "sek_é", "sek_\r\nX-Evil: 1"])
def test_a_token_that_is_none_is_not_sent(token):
    with pytest.raises(Unusable):
        Sekisho("http://127.0.0.1:9", token)


@pytest.mark.parametrize(
    "url", ["", "sekisho", "file:///etc/passwd", "ftp://h", "http://", "http://u:p@h", "http://h/?a=1", "http://h:x"]
)
def test_an_address_that_is_none_is_not_asked(url):
    with pytest.raises(Unusable):
        Sekisho(url, "sek_x")


def test_a_dead_server_is_said_to_be_one():
    with pytest.raises(NotAnswered, match="does not answer"):
        Sekisho("http://127.0.0.1:9", "sek_x", registry="m").preflight("a", 1, "production")


def test_the_token_follows_no_redirect():
    with server() as other, server(status=302, headers_given=(("Location", other.url),)) as first:
        with pytest.raises(NotAnswered, match="sends callers on"):
            Sekisho(first.url, "sek_x", registry="m").preflight("a", 1, "production")
        assert not other.seen


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"status": 200, "body": b"<html>"}, "not as Sekisho does"),
        ({"status": 404, "body": b"<html>"}, "not as Sekisho does"),
        ({"status": 503, "body": b"busy"}, "Try again later"),
        ({"status": 500, "body": b""}, "Try again later"),
        ({"status": 404, "body": b'{"title": "a\\u202eb\\u001b[2J"}'}, "a.u202eb.x1b.2J"),
    ],
)
def test_what_is_no_answer_is_a_sentence(given, words):
    with server(**given) as found, pytest.raises((NotAnswered, Refused), match=words):
        Sekisho(found.url, "sek_x", registry="m").preflight("a", 1, "production")


def test_a_change_is_tried_again_under_the_same_key():
    with server(status=503, body=b"busy") as found:
        with pytest.raises(NotAnswered):
            Sekisho(found.url, "sek_x", registry="m").request("a", 1, "production")
        keys = {one.headers["Idempotency-Key"] for one in found.seen}
        assert len(found.seen) == module.TRIES
        assert len(keys) == 1


def test_waiting_backs_off():
    pauses = module.pauses()
    found = [next(pauses) for _ in range(8)]
    assert found[0] < 0.75 * found[-1]
    assert max(found) <= 1.25 * module.LONGEST_PAUSE


def test_it_is_installed_without_anything_else(tmp_path):
    """A bare Python with the package alone, away from the sources of the site."""
    import shutil

    shutil.copytree(CLIENT / "sekisho_client", tmp_path / "sekisho_client")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import sekisho_client.cli as c; sys.exit(c.main(['wait','1']))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, env={}
    )
    assert (done.returncode, "SEKISHO_URL" in done.stderr) == (3, True), done.stderr


def test_the_command_of_pyproject_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    package, _, name = project["project"]["scripts"]["sekisho"].partition(":")
    assert callable(getattr(import_module(package), name))


# -- the command -----------------------------------------------------------------------------------


VERDICT = {"outcome": "pass", "passes": True, "sentence": "It may go.", "reasons": []}
WAITING = {"gate": "load", "outcome": "not_evaluated", "sentence": "Nothing was told.", "fix": "Push it."}


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (VERDICT, 0),
        (VERDICT | {"outcome": "fail", "passes": False, "reasons": [WAITING]}, 1),
        (VERDICT | {"outcome": "inconclusive", "passes": False}, 2),
        (VERDICT | {"outcome": "not_evaluated", "passes": False, "reasons": [WAITING]}, 2),
        ({"title": "No"}, 3),
    ],
)
def test_exit_codes(verdict, code, capsys, monkeypatch):
    from sekisho_client.cli import main

    with server(status=200 if "outcome" in verdict else 404, body=json.dumps(verdict).encode()) as found:
        monkeypatch.setenv("SEKISHO_TOKEN", "sek_x")
        words = ["--url", found.url, "--registry", "m", "preflight", "model/15", "--to", "production"]
        assert main(words) == code
        assert main([*words, "--wait", "1s"]) == code
        waited = code == 2 and bool(verdict["reasons"])
        assert (len(found.seen) > 2) == waited  # only what was not looked at is worth waiting for
    assert main([*words, "--wait", "long"]) == 3
    with pytest.raises(SystemExit) as wrong:
        main(["preflight", "model/15"])
    assert wrong.value.code == 3


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ({1: "done", 2: "done", 3: "done"}, 0),
        ({1: "done", 2: "done", 3: "failed"}, 1),
        ({1: "failed"}, 1),
        ({1: "done", 2: "done", 3: "running"}, 2),
        ({1: "queued"}, 2),
    ],
)
def test_registering_waits_for_the_audits_that_a_reading_asks_for(states, code, monkeypatch, capsys):
    from sekisho_client import Job, Registered
    from sekisho_client.cli import main

    def job(_self, number):
        return Job(number, states[number], "", {"audits": [2, 3]} if number == 1 and states[1] == "done" else {})

    monkeypatch.setattr(Sekisho, "job", job)
    monkeypatch.setattr(Sekisho, "register", lambda _self, *named: Registered("m", *named, jobs=(1,)))
    monkeypatch.setenv("SEKISHO_TOKEN", "sek_x")
    assert main(["--url", "http://127.0.0.1:9", "register", "credit/7", "--wait", "1s"]) == code


@pytest.mark.parametrize("given", ["model", "model/", "/15", "model/x", "model/1/", "model/-1", "model/１"])
def test_a_version_is_named_with_its_number(given, monkeypatch, capsys):
    from sekisho_client.cli import main

    monkeypatch.setenv("SEKISHO_TOKEN", "sek_x")
    assert main(["--url", "http://127.0.0.1:9", "register", given]) == 3
    assert "model/15" in capsys.readouterr().err


def test_it_speaks_japanese(monkeypatch, capsys):
    from sekisho_client.cli import main

    monkeypatch.setenv("SEKISHO_LANGUAGE", "ja")
    monkeypatch.setenv("SEKISHO_TOKEN", "sek_x")
    assert main(["--url", "http://127.0.0.1:9", "--registry", "m", "preflight", "a/1", "--to", "x"]) == 3
    assert "応答がありません" in capsys.readouterr().err


# -- the examples ----------------------------------------------------------------------------------


def scripts(path: Path) -> list[str]:
    """What the runners would hand to bash: each step of GitHub's, the script of GitLab's job as one."""
    document = yaml.safe_load(path.read_text("utf-8"))
    if path.parent.name == "github":
        return [step["run"] for job in document["jobs"].values() for step in job["steps"]]
    jobs = [job for job in document.values() if isinstance(job, dict) and "script" in job]
    return [part for job in jobs for part in (*job["before_script"], "\n".join(job["script"]))]


@live
@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yml")), ids=lambda path: path.parent.name)
def test_the_examples_do_what_they_say(cast, live_server, token, tmp_path, path):
    version = ready(cast)
    found = scripts(path)
    assert found[0] == INSTALL
    given = {
        "MODEL": version.model.name, "VERSION": str(version.number), "GITHUB_RUN_ID": "7", "CI_PIPELINE_ID": "7",
        "GITHUB_REPOSITORY": "bank/models", "SEKISHO_REGISTRY": version.model.registry.slug,
    }  # fmt: skip
    for script in [*found[1:], found[-1]]:  # the last again, as when a job is started anew
        done = shell(script, live_server.url, token, tmp_path, **given)
        assert done.returncode == 0, (script, done.stdout, done.stderr)
    assert {fact.value for fact in version.facts.all()} == {180}
    promotion = version.promotions.get()
    assert (promotion.state, promotion.environment, promotion.requested_by) == ("open", "production", cast.member)
    assert "7" in promotion.reason


@live
def test_a_pipeline_stops_where_the_verdict_is_no(cast, live_server, token, tmp_path):
    version = make_version(make_model(cast))
    script = 'sekisho preflight "$MODEL/1" --to production\necho went on'
    done = shell(script, live_server.url, token, tmp_path, MODEL=version.model.name)
    assert done.returncode == 2
    assert "went on" not in done.stdout


def test_the_documentation_shows_the_examples():
    page = (ROOT / "docs" / "pipelines.md").read_text("utf-8")
    assert all(str(path.relative_to(ROOT / "docs")) in page for path in EXAMPLES.rglob("*.yml"))
