"""A token says one thing, to the byte, and allows just that."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from governance.mlflow_gate import tokens
from governance.mlflow_gate.tokens import ANY, Change, Grant, Refused, covers, sign, verify

PRIVATE = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
NOW = 1_795_180_000
GRANT = Grant("alias.set", "churn", "champion", "12", "14", NOW + 60, str(uuid.UUID(int=7)), "mlflow-main", NOW)

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
maybe = st.none() | names.filter(lambda text: text != ANY)
grants = st.builds(
    Grant,
    action=st.sampled_from(tokens.ACTIONS),
    model=names,
    alias=maybe,
    old=maybe,
    new=maybe,
    expires=st.integers(NOW + 1, NOW + tokens.LIFE),
    jti=st.uuids().map(str),
    server=names,
    issued=st.just(NOW),
)


def refusal(token: str, **how) -> str:
    with pytest.raises(Refused) as caught:
        verify(token, how.pop("keys", [PUBLIC]), **{"now": NOW, "server": "mlflow-main"} | how)
    return caught.value.code


def forged(**fields) -> str:
    """A token over whatever payload, signed with the good key."""
    head = sign(GRANT, PRIVATE).partition(".")[0]
    payload = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) | fields
    return signed(json.dumps(payload, sort_keys=True, separators=(",", ":")).encode())


def signed(payload: bytes, domain: bytes = tokens.DOMAIN) -> str:
    signature = Ed25519PrivateKey.from_private_bytes(PRIVATE).sign(domain + payload)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (payload, signature))


@given(grants)
def test_what_is_signed_is_read_again(grant):
    assert verify(sign(grant, PRIVATE), [PUBLIC], now=NOW, server=grant.server) == grant


def test_the_form_on_the_wire():
    head, _, tail = sign(GRANT, PRIVATE).partition(".")
    payload = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    assert payload == (
        b'{"action":"alias.set","alias":"champion","exp":1795180060,"form":"sekisho.grant/1","from":"12",'
        b'"iat":1795180000,"jti":"00000000-0000-0000-0000-000000000007","key":"%s","model":"churn",'
        b'"server":"mlflow-main","to":"14"}' % tokens.key_id(PUBLIC).encode()
    )
    signature = base64.urlsafe_b64decode(tail + "==")
    Ed25519PrivateKey.from_private_bytes(PRIVATE).public_key().verify(signature, b"sekisho.grant/1\n" + payload)


@given(grants, st.data())
def test_no_token_with_a_changed_byte_is_good(grant, data):
    token = sign(grant, PRIVATE)
    place = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters(max_codepoint=255).filter(lambda c: c != token[place]))
    with pytest.raises(Refused):
        verify(token[:place] + character + token[place + 1 :], [PUBLIC], now=NOW, server=grant.server)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_rubbish_is_refused(text):
    assert refusal(text) == "malformed"


@pytest.mark.parametrize("cut", [0, 1, 40, 86, 87])
def test_a_token_that_is_cut_short_or_goes_on_is_refused(cut):
    token = sign(GRANT, PRIVATE)
    assert refusal(token[: -cut or None] + ("A" if cut == 0 else "")) == "malformed"
    assert refusal(f"{token},{token}") == "malformed"  # as servers join two headers
    assert refusal(token + " ") == "malformed"
    assert refusal(token + "=") == "malformed"


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "alias.SET"},
        {"action": "never"},
        {"form": "sekisho.grant/2"},
        {"more": 1},
        {"model": ""},
        {"model": None},
        {"model": 7},
        {"to": 14},
        {"to": ANY},
        {"from": ANY},
        {"exp": 1795180060.0},
        {"exp": "1795180060"},
        {"exp": True},
        {"iat": -1},
        {"exp": 2**60},
        {"jti": "7"},
        {"jti": str(uuid.UUID(int=7)).upper().replace("0", "A")},
        {"server": None},
        {"key": None},
    ],
)
def test_a_payload_of_another_form_is_refused_though_it_is_signed(fields):
    assert refusal(forged(**fields)) == "malformed"


def test_only_canonical_payloads_are_good():
    head = sign(GRANT, PRIVATE).partition(".")[0]
    payload = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    assert verify(signed(payload), [PUBLIC], now=NOW, server="mlflow-main") == GRANT
    assert refusal(signed(payload.replace(b'","', b'", "', 1))) == "malformed"
    assert refusal(signed(payload[:-1] + b',"to":"14"}')) == "malformed"  # twice, the last as before
    assert refusal(signed(payload.replace(b"churn", b"\\u0063hurn"))) == "malformed"
    assert refusal(signed(payload + b"\n")) == "malformed"
    assert refusal(signed(b"[" * 900)) == "malformed"


def test_another_signature_of_the_same_key_is_no_token():
    head = sign(GRANT, PRIVATE).partition(".")[0]
    payload = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    assert refusal(signed(payload, b"")) == "bad-signature"
    assert refusal(signed(payload, b"sekisho.grant/1")) == "bad-signature"


def test_other_keys_are_refused():
    other = bytes(reversed(range(32)))
    public = Ed25519PrivateKey.from_private_bytes(other).public_key().public_bytes_raw()
    assert refusal(sign(GRANT, other)) == "unknown-key"
    assert refusal(sign(GRANT, PRIVATE), keys=[public]) == "unknown-key"
    assert refusal(sign(GRANT, PRIVATE), keys=[]) == "unknown-key"
    assert verify(sign(GRANT, other), [PUBLIC, public], now=NOW) == GRANT  # while keys change
    assert refusal(signed_by(other, claimed=PUBLIC), keys=[PUBLIC, public]) == "bad-signature"


def signed_by(private: bytes, *, claimed: bytes) -> str:
    payload = tokens._payload(GRANT, tokens.key_id(claimed))
    signature = Ed25519PrivateKey.from_private_bytes(private).sign(tokens.DOMAIN + payload)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (payload, signature))


def test_a_token_lives_from_its_issue_to_its_end():
    token = sign(GRANT, PRIVATE)
    assert verify(token, [PUBLIC], now=NOW - tokens.SKEW) == GRANT
    assert verify(token, [PUBLIC], now=NOW + 59.9) == GRANT
    assert refusal(token, now=NOW - tokens.SKEW - 1) == "not-yet"  # or this clock was set back
    assert refusal(token, now=NOW + 60) == "expired"


def test_no_token_lives_long():
    longest = replace(GRANT, expires=NOW + tokens.LIFE)
    assert verify(sign(longest, PRIVATE), [PUBLIC], now=NOW) == longest
    assert refusal(forged(exp=NOW + tokens.LIFE + 1)) == "too-long"
    assert refusal(forged(exp=NOW)) == "too-long"
    with pytest.raises(ValueError, match="too-long"):
        sign(replace(GRANT, expires=NOW + tokens.LIFE + 1), PRIVATE)
    emergency = replace(GRANT, old=ANY, new=ANY, expires=NOW + tokens.EMERGENCY_LIFE)
    assert verify(sign(emergency, PRIVATE), [PUBLIC], now=NOW + 86_400 * 29) == emergency
    with pytest.raises(ValueError, match="too-long"):
        sign(replace(emergency, expires=NOW + tokens.EMERGENCY_LIFE + 1), PRIVATE)


def test_a_token_for_one_server_is_not_good_at_its_twin():
    assert refusal(sign(GRANT, PRIVATE), server="mlflow-lab") == "other-server"
    assert verify(sign(GRANT, PRIVATE), [PUBLIC], now=NOW, server="") == GRANT


def test_names_of_any_kind_survive_to_the_byte():
    for name in ("=cmd|calc", "%2e%2e%2f", "モデル", "a\u202eb", "x" * 256, '"\\', "\x00"):
        grant = replace(GRANT, model=name)
        assert verify(sign(grant, PRIVATE), [PUBLIC], now=NOW).model == name
    with pytest.raises(ValueError, match="at most 4096"):
        sign(replace(GRANT, action="tag.set", new="x" * 5000), PRIVATE)
    with pytest.raises(ValueError, match="surrogates"):
        sign(replace(GRANT, model="\ud800"), PRIVATE)


@given(grants, st.data())
def test_no_other_change_is_covered(grant, data):
    change = Change(grant.action, grant.model, grant.alias, grant.old, grant.new)
    assert covers(grant, change)
    field = data.draw(st.sampled_from(["action", "model", "alias", "old", "new"]))
    values = st.sampled_from(tokens.ACTIONS) if field == "action" else names if field == "model" else maybe
    other = replace(change, **{field: data.draw(values)})
    numbers = tokens._NUMBERS.get(change.action, ())
    same = other == change or (
        field in numbers
        and tokens._number(getattr(other, field)) is not None
        and tokens._number(getattr(other, field)) == tokens._number(getattr(change, field))
    )
    assert covers(grant, other) == same


def test_a_version_is_the_number_that_mlflow_reads():
    for spelling in ("14", "014", " 14 ", "1_4", "１４"):
        assert covers(GRANT, Change("alias.set", "churn", "champion", "12", spelling))
    for spelling in ("15", "14.0", "", "champion", None):
        assert not covers(GRANT, Change("alias.set", "churn", "champion", "12", spelling))
    tag = Grant("tag.set", "churn", "sekisho.move", "3", "14", NOW + 60, GRANT.jti, "", NOW)
    assert not covers(tag, Change("tag.set", "churn", "sekisho.move", "3", "014"))  # a value is no number


def test_no_alias_yet_is_not_the_empty_alias():
    first = replace(GRANT, old=None)
    assert covers(first, Change("alias.set", "churn", "champion", None, "14"))
    assert not covers(first, Change("alias.set", "churn", "champion", "", "14"))


def test_an_emergency_token_sets_one_alias_of_one_model_to_any_version():
    grant = replace(GRANT, old=ANY, new=ANY)
    assert covers(grant, Change("alias.set", "churn", "champion", "3", "9"))
    assert covers(grant, Change("alias.set", "churn", "champion", None, "9"))
    assert not covers(grant, Change("alias.set", "churn", "staging", "3", "9"))
    assert not covers(grant, Change("alias.set", "fraud", "champion", "3", "9"))
    assert not covers(grant, Change("alias.delete", "churn", "champion", "3", None))
    assert not covers(grant, Change("alias.set", "churn", "champion", "3", ANY))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has 0 bytes"),
        ("not base64!", "is not base64"),
        (base64.b64encode(bytes(31)).decode(), "has 31 bytes"),
        (base64.b64encode(bytes(32)).decode(), "anybody"),
        (base64.b64encode(bytes(31) + b"\x80").decode(), "anybody"),
        (base64.b64encode(b"\x01" + bytes(31)).decode(), "anybody"),
    ],
)
def test_keys_that_are_none_are_named(text, why):
    with pytest.raises(ValueError, match=why):
        tokens.read_public_key(text)


def test_a_public_key_is_read():
    assert tokens.read_public_key(f" {base64.b64encode(PUBLIC).decode()}\n") == PUBLIC


def test_keys_that_anybody_can_sign_for_are_those_that_cryptography_would_take():
    """Why they are refused: a signature made without a private key verifies against the placeholder of zeros."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    neutral = b"\x01" + bytes(31)  # the neutral point: R = s·B − h·A with s = 0
    signature = neutral + bytes(32)
    Ed25519PublicKey.from_public_bytes(neutral).verify(signature, b"anything")
