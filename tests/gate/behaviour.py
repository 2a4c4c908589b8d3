"""What the gate does on a real server, whichever serves it: tests that a module inherits with its server."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from governance.mlflow_gate import tokens
from governance.mlflow_gate.tokens import HEADER, Grant, sign
from tests.gate.servers import GateServer, opened, plain_get
from tests.gate.test_tokens import PRIVATE, PUBLIC

REST, AJAX = "/api/2.0/mlflow", "/ajax-api/2.0/mlflow"


def token(
    action: str, model: str, alias=None, old=None, new=None, *, life: int = 120, server: str = "mlflow-main"
) -> str:
    now = int(time.time())
    return sign(Grant(action, model, alias, old, new, now + life, tokens.new_jti(), server, now), PRIVATE)


def made(server: GateServer, versions: int = 2) -> str:
    """A new model with versions whose files stand nowhere; the registry does not look."""
    name = f"model-{uuid.uuid4().hex[:8]}"
    assert server.call(f"{REST}/registered-models/create", {"name": name})[0] == 200
    for _ in range(versions):
        body = {"name": name, "source": "s3://bucket/model"}
        assert server.call(f"{REST}/model-versions/create", body)[0] == 200
    return name


def aliases(server: GateServer, name: str) -> dict[str, str]:
    status, answer = server.call(f"{REST}/registered-models/get?name={name}", method="GET")
    assert status == 200
    return {entry["alias"]: entry["version"] for entry in answer["registered_model"].get("aliases", [])}


def move(server: GateServer, name: str, alias: str, version: str, *, base: str = REST, **how):
    return server.call(f"{base}/registered-models/alias", {"name": name, "alias": alias, "version": version}, **how)


def refused(answer, code: str) -> bool:
    status, body = answer
    return (status, body.get("error_code"), body.get("sekisho")) == (403, "PERMISSION_DENIED", code)


class Behaviour:
    """Inherit with a fixture `server`, a `GateServer` that is up."""

    def test_the_gate_says_what_it_governs(self, server):
        report = server.gate()
        assert report["form"] == "sekisho.gate/1"
        assert report["keys"] == [tokens.key_id(PUBLIC)]
        assert report["aliases"] == ["champion", "staging"]
        assert (report["single_use"], report["problems"]) == (True, [])

    def test_mlflows_own_client_sees_a_sentence(self, server):
        from mlflow.exceptions import MlflowException

        name, client = made(server), opened(server.address)
        with pytest.raises(MlflowException, match="Sekisho's gate refuses moving the alias 'champion'") as caught:
            client.set_registered_model_alias(name, "champion", "1")
        assert caught.value.error_code == "PERMISSION_DENIED"
        assert f"https://sekisho.example.org/models/?q={name}" in str(caught.value)
        for change in (
            lambda: client.delete_registered_model_alias(name, "champion"),
            lambda: client.delete_model_version(name, "1"),
            lambda: client.delete_registered_model(name),
            lambda: client.rename_registered_model(name, f"{name}-2"),
            lambda: client.set_model_version_tag(name, "1", "sekisho.move", "x"),
            lambda: client.delete_model_version_tag(name, "1", "sekisho.move"),
            lambda: client.set_registered_model_tag(name, "sekisho.owner", "x"),
            lambda: client.set_registered_model_tag(name, "mlflow.prompt.is_prompt", "true"),
        ):
            with pytest.raises(MlflowException, match="Sekisho's gate refuses"):
                change()
        with pytest.warns(FutureWarning), pytest.raises(MlflowException, match="Sekisho's gate refuses"):
            client.transition_model_version_stage(name, "1", "Production")
        assert aliases(server, name) == {}
        assert client.get_model_version(name, "1").current_stage == "None"

    def test_mlflows_own_client_works_besides(self, server):
        client = opened(server.address)
        name = f"model-{uuid.uuid4().hex[:8]}"
        client.create_registered_model(name, tags={"team": "risk"})
        version = client.create_model_version(name, "s3://bucket/model", tags={"a": "b"})
        client.update_model_version(name, version.version, "what it is")
        client.set_model_version_tag(name, version.version, "note", "x")
        client.set_registered_model_alias(name, "challenger", version.version)
        client.delete_registered_model_alias(name, "challenger")
        assert client.get_registered_model(name).tags == {"team": "risk"}
        run = client.create_run(client.create_experiment(f"e-{name}"))
        client.log_metric(run.info.run_id, "auc", 0.9)
        client.delete_run(run.info.run_id)

    def test_prompts_pass(self, server):
        client, name = opened(server.address), f"prompt-{uuid.uuid4().hex[:8]}"
        first = client.register_prompt(name, "Say {{ word }}.")
        client.set_prompt_alias(name, "champion", first.version)
        assert client.get_prompt_version_by_alias(name, "champion").version == first.version
        client.delete_prompt_alias(name, "champion")
        client.delete_prompt_version(name, str(first.version))
        client.delete_prompt(name)

    @pytest.mark.parametrize("base", [REST, AJAX])
    def test_a_token_moves_its_alias_once(self, server, base):
        name = made(server, versions=3)
        assert refused(move(server, name, "champion", "1", base=base), "no-token")
        first = token("alias.set", name, "champion", None, "1")
        assert move(server, name, "champion", "1", base=base, X_Sekisho_Token=first)[0] == 200
        second = token("alias.set", name, "champion", "1", "2")
        for wrong in (
            {"alias": "staging"},
            {"version": "3"},
            {"name": made(server)},
            {"alias": "Champion"},
        ):
            body = {"name": name, "alias": "champion", "version": "2"} | wrong
            answer = server.call(f"{base}/registered-models/alias", body, X_Sekisho_Token=second)
            assert refused(answer, "other-change"), wrong
        deletion = {"name": name, "alias": "champion"}
        path = f"{base}/registered-models/alias"
        assert refused(server.call(path, deletion, method="DELETE", X_Sekisho_Token=second), "other-change")
        assert move(server, name, "champion", "2", base=base, X_Sekisho_Token=second)[0] == 200
        back = token("alias.set", name, "champion", "2", "1")
        assert move(server, name, "champion", "1", base=base, X_Sekisho_Token=back)[0] == 200
        assert refused(move(server, name, "champion", "2", base=base, X_Sekisho_Token=second), "used")
        assert aliases(server, name) == {"champion": "1"}
        assert server.gate()["uses"][0]["model"] == name

    def test_tokens_of_others_are_refused(self, server):
        name = made(server)
        grant = Grant("alias.set", name, "champion", None, "1", int(time.time()) + 60, tokens.new_jti(), "mlflow-main")
        now = int(time.time())
        for text, code in (
            (sign(_issued(grant, now), bytes(reversed(range(32)))), "unknown-key"),
            (token("alias.set", name, "champion", None, "1", server="mlflow-lab"), "other-server"),
            (sign(_issued(grant, now + 600), PRIVATE), "not-yet"),
            (sign(_issued(grant, now - 120, end=now - 60), PRIVATE), "expired"),
            ("nonsense", "malformed"),
            ("", "malformed"),
        ):
            assert refused(move(server, name, "champion", "1", X_Sekisho_Token=text), code), code
        good = token("alias.set", name, "champion", None, "1")
        assert refused(_twice(server, name, good), "malformed")
        assert aliases(server, name) == {}

    def test_two_workers_are_handed_one_token_at_once(self, server):
        """Whoever comes first moves the alias; it goes back and forth, so that "from" alone refuses nobody."""
        name = made(server)
        assert (
            move(server, name, "champion", "1", X_Sekisho_Token=token("alias.set", name, "champion", None, "1"))[0]
            == 200
        )
        for turn in range(4):
            old, new = ("1", "2") if turn % 2 == 0 else ("2", "1")
            shared = token("alias.set", name, "champion", old, new)
            together = threading.Barrier(8)

            def hand_in(_: int, old=old, new=new, shared=shared, together=together) -> int:
                together.wait()
                return move(server, name, "champion", new, X_Sekisho_Token=shared)[0]

            with ThreadPoolExecutor(8) as pool:
                assert sorted(pool.map(hand_in, range(8))) == [200, *[403] * 7]
            assert aliases(server, name) == {"champion": new}
        used = [use for use in server.gate()["uses"] if use["model"] == name]
        assert [use["status"] for use in used] == [200] * 5

    def test_a_change_that_could_be_repeated_is_not(self, server):
        """A tag starts from nothing, so that single use alone refuses the second."""
        name = made(server)
        for value in ("a", "b", "c"):
            shared = token("tag.set", name, "sekisho.move", "1", value)
            body = {"name": name, "version": "1", "key": "sekisho.move", "value": value}
            together = threading.Barrier(8)

            def hand_in(_: int, body=body, shared=shared, together=together) -> str:
                together.wait()
                status, answer = server.call(f"{AJAX}/model-versions/set-tag", body, X_Sekisho_Token=shared)
                return answer.get("sekisho", str(status))

            with ThreadPoolExecutor(8) as pool:
                assert sorted(pool.map(hand_in, range(8))) == ["200", *["used"] * 7]

    @pytest.mark.parametrize(
        "body",
        [
            lambda b: json.dumps(json.dumps(b)).encode(),
            lambda b: json.dumps(b).encode()[:-1] + b', "alias": "champion"}',
            lambda b: json.dumps(b).encode().replace(b"champion", b"\\u0063\\u0068ampion"),
            lambda b: json.dumps(b | {"alias": "ｃｈａｍｐｉｏｎ"}).encode(),
            lambda b: json.dumps(b | {"alias": "CHAMPION"}).encode(),
            lambda b: json.dumps(b | {"version": " 0_1 "}).encode(),
            lambda b: json.dumps(b | {"unknown": [[[{}]]]}).encode(),
            lambda b: json.dumps(b | {"version": 1}).encode(),
            lambda b: json.dumps(b).encode("utf-16"),
            lambda b: b"\n \t" + json.dumps(b).encode() + b"\n",
        ],
    )
    def test_no_spelling_of_the_body_moves_the_alias(self, server, body):
        name = made(server)
        raw = body({"name": name, "alias": "champion", "version": "1"})
        for base in (REST, AJAX):
            status, _ = server.call(f"{base}/registered-models/alias", raw)
            assert status in (400, 403)
        assert aliases(server, name) == {}

    @pytest.mark.parametrize(
        ("path", "how"),
        [
            (f"{REST}/registered-models/alias/", {}),
            ("//api//2.0/mlflow/registered-models/alias", {}),
            (f"{REST}/registered-models/%61lias", {}),
            (f"{REST}/registered-models/x/../alias", {}),
            (f"{REST}/registered-models/x/%2e%2e/alias", {}),
            (f"{REST}/Registered-Models/alias", {}),
            (f"{REST}/registered-models/alias;a=b", {}),
            (f"{REST}/registered-models/alias?alias=other&version=1", {}),
            (f"{REST}/registered-models/alias", {"method": "PUT"}),
            (f"{REST}/registered-models/alias", {"method": "PATCH"}),
            (f"{REST}/registered-models/alias", {"method": "HEAD"}),
            (f"{REST}/registered-models/alias", {"method": "GET"}),
            (f"{REST}/registered-models/alias", {"X_HTTP_Method_Override": "POST", "method": "GET"}),
            (f"{REST}/registered-models/alias", {"Content_Type": "text/plain"}),
            (f"{REST}/registered-models/alias", {"Content_Type": "application/x-www-form-urlencoded"}),
            (f"{REST}/registered-models/alias", {"Content_Type": "application/json; charset=utf-16"}),
            (f"{REST}/registered-models/alias", {"Content_Type": ""}),
            (f"{REST}/registered-models/alias", {"X_MLFLOW_WORKSPACE": "default"}),
        ],
    )
    def test_no_spelling_of_the_address_moves_the_alias(self, server, path, how):
        name = made(server)
        body = {"name": name, "alias": "champion", "version": "1"}
        status, _ = server.call(path, body, **how)
        assert status >= 300 or how.get("method") in ("GET", "HEAD")
        assert aliases(server, name) == {}

    def test_a_body_in_pieces_is_read_whole(self, server):
        name = made(server)
        body = json.dumps({"name": name, "alias": "champion", "version": "1"}).encode()
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        chunks = (body[start : start + 7] for start in range(0, len(body), 7))
        link.request(
            "POST", f"{REST}/registered-models/alias", chunks, {"Content-Type": "application/json"}, encode_chunked=True
        )
        assert link.getresponse().status in (400, 403)
        link.close()
        assert aliases(server, name) == {}

    def test_mlflows_pages_are_served(self, server):
        assert b"<" in plain_get(f"{server.address}/")
        assert server.call(f"{AJAX}/registered-models/search?max_results=3", method="GET")[0] == 200

    def test_nothing_of_the_portal_or_django_is_loaded(self, server):
        """The server's environment makes their import an error, and it is up."""
        assert "ModuleNotFoundError" not in server.log
        assert "Traceback" not in server.log.partition("Uvicorn running")[0]


def _issued(grant: Grant, at: int, end: int | None = None) -> Grant:
    from dataclasses import replace

    return replace(grant, issued=at, expires=end or at + 60, jti=tokens.new_jti())


def _twice(server: GateServer, name: str, text: str):
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    body = json.dumps({"name": name, "alias": "champion", "version": "1"}).encode()
    link.putrequest("POST", f"{REST}/registered-models/alias")
    for key, value in (
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        (HEADER, text),
        (HEADER, text),
    ):
        link.putheader(key, value)
    link.endheaders(body)
    answer = link.getresponse()
    data = json.loads(answer.read())
    link.close()
    return answer.status, data
