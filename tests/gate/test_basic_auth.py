"""The gate behind MLflow's own sign-in: uvicorn, two workers that both find an empty store of users."""

from __future__ import annotations

import secrets

import pytest

from tests.gate.behaviour import REST, refused, token
from tests.gate.servers import GateServer

# All of them ask for the database, though few use it: those that do run first, and would start the server by itself.
pytestmark = [pytest.mark.mlflow, pytest.mark.django_db, pytest.mark.filterwarnings("ignore")]

USERS = "/api/2.0/mlflow/users"
ADMIN = f"admin:{secrets.token_hex(12)}"
PORTAL, ALICE = f"sekisho:{secrets.token_hex(12)}", f"alice:{secrets.token_hex(12)}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("auth")
    (home / "auth.ini").write_text(
        "[mlflow]\ndefault_permission = READ\n"
        f"database_uri = sqlite:///{home}/users.db\n"
        f"admin_username = admin\nadmin_password = {ADMIN.partition(':')[2]}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        "auth_cache_ttl_seconds = 600\n"  # hashing a password takes longer than all the rest of a request
    )
    # MLFLOW_AUTH_CONFIG_PATH alone asks for sign-in, whichever of the two names the server is started by.
    server = GateServer(
        home, MLFLOW_AUTH_CONFIG_PATH=str(home / "auth.ini"), MLFLOW_FLASK_SERVER_SECRET_KEY=secrets.token_hex(16)
    )
    try:
        server.start()
        for user in (PORTAL, ALICE):
            username, _, password = user.partition(":")
            status, answer = server.call(f"{USERS}/create", {"username": username, "password": password}, user=ADMIN)
            assert status == 200, answer
        yield server
    finally:
        server.stop()


@pytest.fixture
def model(server):
    """A model that the portal's account made, and may therefore change."""
    name = f"model-{secrets.token_hex(4)}"
    assert server.call(f"{REST}/registered-models/create", {"name": name}, user=PORTAL)[0] == 200
    for _ in range(2):
        body = {"name": name, "source": "s3://bucket/model"}
        assert server.call(f"{REST}/model-versions/create", body, user=PORTAL)[0] == 200
    return name


def move(server, name, version, user, **headers):
    body = {"name": name, "alias": "champion", "version": version}
    return server.call(f"{REST}/registered-models/alias", body, user=user, **headers)


def standing(server, name):
    path = f"{REST}/registered-models/get?name={name}"
    _, answer = server.call(path, method="GET", user=ADMIN)
    return {entry["alias"]: entry["version"] for entry in answer["registered_model"].get("aliases", [])}


def test_a_stranger_is_turned_away_and_spends_no_token(server, model):
    good = token("alias.set", model, "champion", None, "1")
    for user in ("", "alice:wrong", "nobody:nothing"):
        status, answer = move(server, model, "1", user, X_Sekisho_Token=good)
        assert status == 401
        assert "sekisho" not in answer
    status, answer = move(server, model, "1", ALICE, X_Sekisho_Token=good)
    assert (status, "sekisho" in answer) == (403, False)  # basic-auth's own refusal: she may only read
    assert standing(server, model) == {}
    assert move(server, model, "1", PORTAL, X_Sekisho_Token=good)[0] == 200
    assert refused(move(server, model, "1", PORTAL, X_Sekisho_Token=good), "other-change")
    assert standing(server, model) == {"champion": "1"}


def test_no_right_replaces_a_token(server, model):
    for user in (PORTAL, ADMIN):
        assert refused(move(server, model, "1", user), "no-token")
        version = {"name": model, "version": "2"}
        assert refused(server.call(f"{REST}/model-versions/delete", version, method="DELETE", user=user), "no-token")
    assert standing(server, model) == {}


def test_the_report_needs_a_sign_in(server):
    assert server.call("/ajax-api/2.0/sekisho/gate", method="GET")[0] == 401
    assert server.gate(user=ALICE)["single_use"] is True
    assert server.gate(user=PORTAL)["problems"] == []


def test_both_workers_came_up_on_an_empty_store_of_users(server):
    assert server.log.count("Application startup complete") == 2
    assert "Traceback" not in server.log


def test_an_alias_that_is_not_governed_is_left_to_basic_auth(server, model):
    body = {"name": model, "alias": "challenger", "version": "1"}
    assert server.call(f"{REST}/registered-models/alias", body, user=ALICE)[0] == 403
    assert server.call(f"{REST}/registered-models/alias", body, user=PORTAL)[0] == 200


class TestPermissions:
    """Tier 1: models that are environments belong to the portal's account, set up and tried."""

    def connection(self, server, user):
        from governance.registry import Connection

        username, _, password = user.partition(":")
        return Connection(server.address, username, password)

    def test_one_account_alone_may_change_them(self, server):
        from governance.rights import set_up, try_out

        area = f"prod-{secrets.token_hex(3)}"
        patterns = [f"{area}.*"]
        admin, portal, alice = (self.connection(server, user) for user in (ADMIN, PORTAL, ALICE))
        mine, hers = f"{area}.churn", f"{area}.fraud"
        assert server.call(f"{REST}/registered-models/create", {"name": hers}, user=ALICE)[0] == 200
        before = {(trial.account, trial.model, trial.right) for trial in try_out(portal, alice, patterns)}
        assert before == {("alice", hers, False), ("sekisho", hers, False)}  # whoever makes a model may change it

        grants = set_up(admin, portal, patterns, make=[mine])
        assert {(g.account, g.model, g.before, g.after) for g in grants} == {
            ("alice", hers, "MANAGE", "READ"),
            ("alice", mine, "READ", "READ"),
            ("sekisho", hers, "READ", "MANAGE"),
            ("sekisho", mine, "MANAGE", "MANAGE"),
        }
        assert all(grant.right for grant in grants)
        trials = try_out(portal, alice, patterns)
        assert len(trials) == 2 * 2 * 6
        assert all(trial.right for trial in trials)
        assert set_up(admin, portal, patterns, make=[mine]) == [
            type(grant)(grant.account, grant.model, grant.after, grant.after, grant.wanted) for grant in grants
        ]

        # It is as said: she registers elsewhere and cannot promote by copying; the portal can.
        own = f"{area}-own"
        assert server.call(f"{REST}/registered-models/create", {"name": own}, user=ALICE)[0] == 200
        body = {"name": own, "source": "s3://bucket/model"}
        assert server.call(f"{REST}/model-versions/create", body, user=ALICE)[0] == 200
        copy = {"name": mine, "source": f"models:/{own}/1"}
        assert server.call(f"{REST}/model-versions/create", copy, user=ALICE)[0] == 403
        assert server.call(f"{REST}/model-versions/create", copy, user=PORTAL)[0] == 200

    def test_trying_changes_nothing(self, server, model):
        from governance.rights import try_out

        def seen():
            path = f"{REST}/registered-models/get?name={model}"
            return server.call(path, method="GET", user=ADMIN)

        before = seen()
        try_out(self.connection(server, PORTAL), self.connection(server, ALICE), [model])
        assert seen() == before

    def test_a_right_that_a_role_gives_is_said(self, server):
        from governance.rights import set_up, try_out

        area = f"lab-{secrets.token_hex(3)}"
        role = {"name": f"role-{area}", "workspace": "default"}
        status, answer = server.call("/api/3.0/mlflow/roles/create", role, user=ADMIN)
        assert status == 200, answer
        number = answer["role"]["id"]
        right = {"role_id": number, "resource_type": "registered_model", "resource_pattern": "*", "permission": "EDIT"}
        assert server.call("/api/3.0/mlflow/roles/permissions/add", right, user=ADMIN)[0] == 200
        assignment = {"username": "alice", "role_id": number}
        assert server.call("/api/3.0/mlflow/roles/assign", assignment, user=ADMIN)[0] == 200
        admin, portal, alice = (self.connection(server, user) for user in (ADMIN, PORTAL, ALICE))
        try:
            grants = set_up(admin, portal, [f"{area}.*"], make=[f"{area}.churn"])
            assert [(g.account, g.after) for g in grants if not g.right] == [("alice", "EDIT")]
            wrong = [trial.what for trial in try_out(portal, alice, [f"{area}.*"]) if not trial.right]
            assert "move an alias" in wrong
            assert "register a version" in wrong
        finally:
            server.call("/api/3.0/mlflow/roles/unassign", assignment, method="DELETE", user=ADMIN)


class TestCommand:
    """`manage.py gate` against the server, as an operator types it."""

    @pytest.fixture
    def registry(self, server):
        from governance.models import Registry
        from governance.secrets import seal
        from tests.gate.test_minting import ensure_key

        ensure_key()
        username, _, password = PORTAL.partition(":")
        return Registry.objects.create(
            name="Main",
            slug="mlflow-main",
            address=server.address,
            username=username,
            password_encrypted=seal(password),
        )

    def run(self, *words: str) -> tuple[int, str]:
        from io import StringIO

        from django.core.management import CommandError, call_command

        out = StringIO()
        try:
            call_command("gate", *words, stdout=out)
        except CommandError as error:
            return error.returncode, f"{out.getvalue()}{error}"
        return 0, out.getvalue()

    def test_check(self, server, registry):
        code, text = self.run("check", "--registry", "mlflow-main")
        assert code == 1
        assert "aliases             champion, staging" in text
        assert "The gate does not know the key that signs now. Add " in text
        assert text.count("SEKISHO_") == 1  # nothing else is wrong

    def test_permissions(self, server, registry, monkeypatch):
        area = f"env-{secrets.token_hex(3)}"
        assert server.call(f"{REST}/registered-models/create", {"name": f"{area}.fraud"}, user=ALICE)[0] == 200
        words = ["permissions", "--registry", "Main", "--models", f"{area}.*"]
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ALICE.partition(":")[2])
        code, text = self.run(*words, "--check", "--as", "alice")
        assert code == 1
        assert f"✗ alice on {area}.fraud: move an alias: allowed" in text
        code, text = self.run(*words, "--set-up", "--as", "alice")
        assert (code, "alice is no administrator" in text) == (2, True)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN.partition(":")[2])
        code, text = self.run(*words, "--set-up", "--as", "admin", "--make", f"{area}.churn")
        assert code == 0, text
        assert f"✓ alice on {area}.fraud: MANAGE → READ" in text
        assert f"✓ sekisho on {area}.churn: MANAGE → MANAGE" in text
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ALICE.partition(":")[2])
        code, text = self.run(*words, "--check", "--as", "alice")
        assert (code, "✗" in text) == (0, False)
        assert (
            self.run("permissions", "--registry", "Main", "--models", "nothing.*", "--check", "--as", "alice")[0] == 2
        )
