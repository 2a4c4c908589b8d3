"""Tokens are signed where the ledger's key lies, kept as rows, and recorded where a person asked for them."""

from __future__ import annotations

import json
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from governance.actions import promotions
from governance.actions.emergency import MOST_HOURS, make_kit, note_uses, revoke_kit
from governance.actions.gate_tokens import sign_token
from governance.gate_report import lacking, shortcomings
from governance.minting import HEADER, mint
from governance.mlflow_gate import tokens
from governance.mlflow_gate.emergency import unseal
from governance.models import EmergencyKit, KitState, MintedToken, Placement
from portal.ledger.key_actions import ensure_key
from portal.ledger.models import Event
from portal.web.errors import Conflict, Forbidden, Invalid, Unavailable
from tests.governance import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def signing(tmp_path, settings):
    """A host that has the key; returns the raw public key."""
    import base64

    settings.KEYS_ROOT = tmp_path / "keys"
    return base64.b64decode(ensure_key().public)


@pytest.fixture
def registry(db):
    return make.make_registry()


def read(token: str, public: bytes, registry) -> tokens.Grant:
    return tokens.verify(token, [public], now=timezone.now().timestamp(), server=registry.slug)


def test_a_token_is_good_at_the_gate_and_kept_without_itself(signing, registry):
    token = mint(action="alias.set", registry=registry, model="churn", alias="champion", old="12", new="14")
    grant = read(token, signing, registry)
    assert tokens.covers(grant, tokens.Change("alias.set", "churn", "champion", "12", "14"))
    assert grant.expires - grant.issued == 60
    row = MintedToken.objects.get()
    assert (str(row.jti), row.action, row.model, row.alias, row.old, row.new, row.used_at) == (
        *(grant.jti, "alias.set", "churn", "champion", "12", "14", None),
    )
    assert row.expires_at.timestamp() == grant.expires
    first = mint(action="alias.set", registry=registry, model="churn", alias="champion", old=None, new="1")
    assert read(first, signing, registry).old is None


def test_a_host_without_the_key_signs_nothing(settings, registry):
    settings.KEYS_ROOT = None
    with pytest.raises(Unavailable):
        mint(action="alias.set", registry=registry, model="churn", alias="champion", new="1")
    assert not MintedToken.objects.exists()


def test_what_no_token_can_say_is_refused(signing, registry):
    for wrong in ({"seconds": 601}, {"action": "alias.move"}, {"model": ""}, {"model": "\ud800"}):
        with pytest.raises(Invalid):
            mint(**{"action": "alias.set", "registry": registry, "model": "churn", "alias": "a", "new": "1"} | wrong)
    assert not MintedToken.objects.exists()


def test_a_token_is_over_when_it_says(signing, registry):
    with time_machine.travel("2026-11-21T09:00:00Z", tick=False) as clock:
        token = mint(action="alias.set", registry=registry, model="churn", alias="champion", old="1", new="2")
        clock.shift(59)
        assert read(token, signing, registry)
        clock.shift(1)
        with pytest.raises(tokens.Refused, match="expired"):
            read(token, signing, registry)
        clock.shift(-3600)  # the gate's clock set back
        with pytest.raises(tokens.Refused, match="not-yet"):
            read(token, signing, registry)


def test_an_administrator_signs_for_a_deletion_with_a_reason(signing, registry, cast):
    about = {"registry": registry, "action": "version.delete", "model": "churn", "old": "3"}
    for by in (cast.member, cast.manager, cast.reviewer, cast.auditor):
        with pytest.raises(Forbidden):
            sign_token(**about, reason="Personal data", by=by)
    with pytest.raises(Invalid):
        sign_token(**about, reason=" ", by=cast.admin)
    with pytest.raises(Invalid):
        sign_token(**about | {"action": "alias.set", "alias": "champion", "new": "3"}, reason="I want", by=cast.admin)
    assert not Event.objects.filter(action="gate.token").exists()
    token = sign_token(**about, reason="Personal data in the files", by=cast.admin)
    assert tokens.covers(read(token, signing, registry), tokens.Change("version.delete", "churn", None, "3", None))
    event = Event.objects.get(action="gate.token")
    assert json.loads(event.body)["params"]["model"] == "churn"


def test_what_is_in_place_is_not_deleted_or_renamed(signing, cast):
    placement = in_place(cast)
    model, registry = placement.version.model, placement.version.model.registry
    number = str(placement.version.number)
    for change in (
        {"action": "version.delete", "old": number},
        {"action": "model.delete"},
        {"action": "model.rename", "new": "other"},
    ):
        with pytest.raises(Conflict) as caught:
            sign_token(registry=registry, model=model.name, **change, reason="Tidying", by=cast.admin)
        assert "production" in str(caught.value.message.params)
    other = str(placement.version.number + 1)
    assert sign_token(
        registry=registry, model=model.name, action="version.delete", old=other, reason="x", by=cast.admin
    )


def in_place(cast) -> Placement:
    """A placement in production, as the move of a promotion leaves it."""
    version = make.audit_all(make.make_version(make.make_model(cast.team), author="somebody"))
    asked = promotions.request(version=version, environment="production", reason="Better.", by=cast.member)
    return Placement.objects.create(
        model=version.model, environment="production", version=version, promotion=asked, since=timezone.now()
    )


class TestKits:
    @pytest.fixture
    def model(self, registry, cast):
        return make.make_model(cast.team, "churn", registry=registry, profile=False)

    @pytest.fixture
    def kit(self, signing, registry, model, cast):
        return make_kit(
            registry=registry,
            models=["churn"],
            alias="champion",
            custodians=[cast.manager, cast.member, cast.reviewer],
            hours=24,
            by=cast.admin,
        )

    def test_two_custodians_open_it_and_the_tokens_are_good(self, kit, signing, registry, cast):
        row, passphrases = kit
        assert len(passphrases) == 3
        assert row.custodians == [str(user.pseudonym) for user in (cast.manager, cast.member, cast.reviewer)]
        opened = unseal(json.loads(row.sealed), *list(passphrases.values())[:2])
        grants = [read(token, signing, registry) for token in opened["churn"]]
        assert len({grant.jti for grant in grants}) == 2
        assert all(grant.emergency and (grant.model, grant.alias) == ("churn", "champion") for grant in grants)
        assert MintedToken.objects.filter(kit=row).count() == 2
        everything = row.sealed + "".join(Event.objects.values_list("body", flat=True))
        assert not [text for text in passphrases.values() if text in everything]

    def test_it_is_recorded(self, kit, cast):
        event = Event.objects.get(action="emergency.seal")
        assert kit[0].event == event.uuid
        assert json.loads(event.body)["params"]["models"] == ["churn"]

    def test_wrong_kits_are_refused(self, signing, registry, model, cast):
        good = {"registry": registry, "models": ["churn"], "alias": "champion", "hours": 24, "by": cast.admin}
        both = [cast.manager, cast.member]
        for wrong in (
            {"custodians": [cast.manager]},
            {"custodians": [cast.manager, cast.manager]},
            {"custodians": [cast.manager, cast.admin]},
            {"custodians": both, "models": []},
            {"custodians": both, "models": ["churn", "fraud"]},
            {"custodians": both, "hours": 0},
            {"custodians": both, "hours": MOST_HOURS + 1},
        ):
            with pytest.raises(Invalid):
                make_kit(**good | wrong)
        with pytest.raises(Forbidden):
            make_kit(**good | {"custodians": both, "by": cast.reviewer})
        assert not EmergencyKit.objects.exists()
        assert not MintedToken.objects.exists()

    def test_its_use_is_noted_once(self, kit, registry):
        row, _ = kit
        used = MintedToken.objects.filter(kit=row).first()
        report = {
            "uses": [
                {"jti": str(used.jti), "new": "9", "status": 200},
                {"jti": "no uuid", "status": 200},
                {"jti": str(MintedToken.objects.filter(kit=row).last().jti), "new": "9", "status": 403},
            ]
        }
        assert [token.new for token in note_uses(registry=registry, report=report)] == ["9"]
        assert note_uses(registry=registry, report=report) == []
        row.refresh_from_db()
        assert row.state == KitState.USED
        assert Event.objects.filter(action="emergency.use").count() == 1

    def test_the_use_of_an_ordinary_token_opens_nothing(self, signing, registry):
        mint(action="alias.set", registry=registry, model="churn", alias="champion", old="1", new="2")
        row = MintedToken.objects.get()
        assert note_uses(registry=registry, report={"uses": [{"jti": str(row.jti), "new": "2", "status": 200}]}) == []
        row.refresh_from_db()
        assert row.used_at is not None
        assert not Event.objects.filter(action="emergency.use").exists()

    def test_it_is_withdrawn_with_a_reason(self, kit, cast):
        row, _ = kit
        with pytest.raises(Invalid):
            revoke_kit(kit=row, reason="", by=cast.admin)
        assert revoke_kit(kit=row, reason="A custodian left", by=cast.admin).state == KitState.REVOKED
        with pytest.raises(Conflict):
            revoke_kit(kit=row, reason="Again", by=cast.admin)


REPORT = {
    "form": "sekisho.gate/1",
    "keys": [],
    "aliases": ["champion", "staging"],
    "models": ["*"],
    "environment_models": [],
    "server": "",
    "problems": [],
}


def codes(report=REPORT, **how) -> list[str]:
    given = {"aliases": {"champion"}, "patterns": set(), "live": {"churn"}, "slug": "main"} | how
    return [message.code for message in lacking(report, **given)]


def test_what_a_gate_lacks_is_named():
    assert codes() == []
    assert codes(aliases={"Champion", "STAGING"}) == []
    assert codes(aliases={"champion", "live"}) == ["gate.aliases-free"]
    assert codes(REPORT | {"models": ["prod.*"]}) == ["gate.models-free"]
    assert codes(patterns={"prod.*"}) == ["gate.environments-open"]
    assert codes(REPORT | {"environment_models": ["prod.*"]}, patterns={"prod.*"}) == []
    assert codes(REPORT | {"server": "twin"}) == ["gate.other-server"]
    assert codes(REPORT | {"server": "main"}) == []
    assert codes(REPORT | {"problems": ["SEKISHO_STATE is not set"]}) == ["gate.problem"]


def test_the_key_that_signs_now_must_be_known(signing, registry):
    report = REPORT | {"aliases": ["*"]}
    assert [message.code for message in shortcomings(registry, None)] == ["gate.off"]
    assert [message.code for message in shortcomings(registry, report)] == ["gate.key-unknown"]
    assert shortcomings(registry, report | {"keys": [tokens.key_id(signing)]}) == []


class TestCommand:
    def run(self, *words: str) -> str:
        out = StringIO()
        with transaction.atomic():
            call_command("gate", *words, stdout=out, stderr=StringIO())
        return out.getvalue()

    def test_a_token(self, signing, registry, cast):
        words = ("token", "--registry", registry.slug, "--by", cast.admin.email, "--reason", "Personal data")
        header, _, token = self.run(*words, "--delete-version", "churn", "3").strip().partition(": ")
        assert header == HEADER
        assert tokens.covers(read(token, signing, registry), tokens.Change("version.delete", "churn", None, "3", None))
        for change, expected in (
            (["--delete-model", "churn"], tokens.Change("model.delete", "churn")),
            (["--rename", "churn", "new"], tokens.Change("model.rename", "churn", None, None, "new")),
            (
                ["--stage", "churn", "3", "None", "Archived"],
                tokens.Change("stage.set", "churn", "Archived", "None", "3"),
            ),
        ):
            token = self.run(*words, *change).strip().partition(": ")[2]
            assert tokens.covers(read(token, signing, registry), expected)

    def test_a_kit(self, signing, registry, cast, tmp_path):
        make.make_model(cast.team, "churn", registry=registry, profile=False)
        path = tmp_path / "kit.json"
        words = ["kit", "--registry", registry.slug, "--by", cast.admin.email, "--models", "churn"]
        words += ["--alias", "champion", "--out", str(path)]
        words += ["--custodian", cast.manager.email, "--custodian", cast.member.email]
        lines = self.run(*words).splitlines()[1:]
        opened = unseal(json.loads(path.read_text("utf-8")), *(line.split()[0] for line in lines))
        assert read(opened["churn"][0], signing, registry).emergency
        with pytest.raises(CommandError, match="exists"):
            self.run(*words)
        sealed = EmergencyKit.objects.count()
        with pytest.raises(CommandError, match="no folder"):
            self.run(*(str(tmp_path / "absent" / "kit.json") if word == str(path) else word for word in words))
        assert EmergencyKit.objects.count() == sealed

    def test_wrong_words(self, signing, registry, cast):
        words = ("token", "--delete-model", "churn", "--reason", "x", "--registry")
        with pytest.raises(CommandError, match=f"There is no registry 'nowhere'. Known: {registry.slug}\\.") as unknown:
            self.run(*words, "nowhere", "--by", cast.admin.email)
        assert unknown.value.returncode == 2
        with pytest.raises(CommandError, match="Nobody signs in"):
            self.run(*words, registry.slug, "--by", "nobody@example.org")
        with pytest.raises(CommandError) as caught:
            self.run(*words, registry.slug, "--by", cast.member.email)
        assert caught.value.returncode == 2
