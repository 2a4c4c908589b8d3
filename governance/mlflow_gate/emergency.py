"""The emergency way: sealed tokens that two custodians open together while the portal is down.

Run on any machine that has the sealed file, this package and a way to the MLflow server::

    python -m governance.mlflow_gate.emergency KIT.json --model churn --version 14

It asks two passphrases, sets the alias, and reads it back. The server's gate notes the use, so that the portal
finds it when it is up again and asks for a review.

A kit holds, for each pair of custodians, the tokens encrypted with the one's key and then with the other's
(Fernet, keys from passphrases by scrypt): no custodian opens it alone, and no one of them is missed.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import json
import os
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from .tokens import HEADER

FORM = "sekisho.kit/1"
USES = 2  # tokens a model: there, and back again
_COST = 2**15  # 32 MB and a tenth of a second for each guess
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


class NotOpened(Exception):
    """The file is no kit, or these two passphrases do not open it."""


def new_passphrase() -> str:
    """A passphrase that nobody guesses, in groups that can be typed from paper: 118 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(6))


def seal(tokens: Mapping[str, Sequence[str]], passphrases: Mapping[str, str], **about: Any) -> dict[str, Any]:
    """A kit as JSON.

    Parameters
    ----------
    tokens : mapping
        For each model, its tokens.
    passphrases : mapping
        For each custodian, by a name that they know each other by, the passphrase.
    about
        What stands in the open part: ``address``, ``server``, ``alias``, ``expires``.
    """
    if len(passphrases) < 2:
        raise ValueError("a kit needs two custodians")
    salts = {name: secrets.token_bytes(16) for name in passphrases}
    keys = {name: _key(passphrase, salts[name]) for name, passphrase in passphrases.items()}
    content = json.dumps({model: list(texts) for model, texts in tokens.items()}).encode()
    return {
        "form": FORM,
        **about,
        "models": sorted(tokens),
        "custodians": [{"name": name, "salt": base64.b64encode(salts[name]).decode()} for name in passphrases],
        "pairs": [
            {"of": [one, other], "sealed": Fernet(keys[other]).encrypt(Fernet(keys[one]).encrypt(content)).decode()}
            for one, other in combinations(passphrases, 2)
        ],
    }


def unseal(kit: Any, one: str, other: str) -> dict[str, list[str]]:
    """The tokens of each model, by the passphrases of two custodians in any order; or `NotOpened`."""
    try:
        salts = {str(entry["name"]): base64.b64decode(entry["salt"]) for entry in kit["custodians"]}
        pairs = {tuple(entry["of"]): entry["sealed"].encode() for entry in kit["pairs"]}
        known = kit["form"] == FORM
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotOpened("This file is no emergency kit.") from error
    if not known:
        raise NotOpened(f"This file is no emergency kit of the form {FORM}.")
    keys = {text: {name: _key(text, salt) for name, salt in salts.items()} for text in {one, other}}
    for first, second in permutations((one, other)):
        for (inner, outer), sealed in pairs.items():
            try:
                content = Fernet(keys[first][inner]).decrypt(Fernet(keys[second][outer]).decrypt(sealed))
            except InvalidToken:
                continue
            return json.loads(content)
    raise NotOpened("These two passphrases do not open the kit: they have to be those of two different custodians.")


def set_alias(address: str, model: str, alias: str, version: str, tokens: Sequence[str]) -> str:
    """Set the alias with the first token that was not used yet; return the version that then stands there.

    Raises
    ------
    RuntimeError
        With the server's own sentence, if it refuses.
    """
    body = {"name": model, "alias": alias, "version": version}
    refusal = "the kit has no token for it"
    for token in tokens:
        status, answer = _call(address, "POST", "registered-models/alias", body, token)
        if status == 200:
            return _standing(address, model, alias)
        refusal = str(answer.get("message", f"the server answered {status}"))
        if answer.get("sekisho") != "used":
            break
    raise RuntimeError(refusal)


def _standing(address: str, model: str, alias: str) -> str:
    where = f"registered-models/alias?name={quote(model, safe='')}&alias={quote(alias, safe='')}"
    status, answer = _call(address, "GET", where)
    if status != 200:
        raise RuntimeError(f"the alias was set, and could not be read back: the server answered {status}")
    return str(answer["model_version"]["version"])


def _call(address: str, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json"} | ({HEADER: token} if token else {})
    if user := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        pair = f"{user}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{address.rstrip('/')}/api/2.0/mlflow/{path}", data, headers, method=method)
    try:
        with urllib.request.build_opener(_Straight()).open(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        try:
            answer = json.loads(error.read())
        except ValueError:
            answer = {}
        return error.code, answer if isinstance(answer, dict) else {}


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a token goes to the address that was given, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _key(passphrase: str, salt: bytes) -> bytes:
    plain = passphrase.strip().encode()
    return base64.urlsafe_b64encode(Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(plain))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m governance.mlflow_gate.emergency", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("kit", type=Path, help="the sealed file")
    parser.add_argument("--model", help="the model; may be left out if the kit is for one")
    parser.add_argument("--version", help="the version that the alias shall point at")
    parser.add_argument("--address", help="the MLflow server's address, if it is not that of the kit")
    parser.add_argument(
        "--print", action="store_true", dest="only_print", help="print a token's header, change nothing"
    )
    options = parser.parse_args(arguments)
    try:
        return _open(options)
    except (NotOpened, RuntimeError, OSError) as error:
        print(f"Not done: {error}", file=sys.stderr)
        return 1


def _open(options: argparse.Namespace) -> int:
    try:
        kit = json.loads(options.kit.read_text("utf-8"))
    except ValueError as error:
        raise NotOpened("This file is no emergency kit.") from error
    names = ", ".join(str(entry.get("name")) for entry in kit.get("custodians", ())) if isinstance(kit, dict) else ""
    print(f"Two of these open the kit together: {names}", file=sys.stderr)
    tokens = unseal(kit, _asked("Passphrase of one: "), _asked("Passphrase of another: "))
    model = options.model or (next(iter(tokens)) if len(tokens) == 1 else "")
    if model not in tokens:
        raise NotOpened(f"The kit is for {', '.join(sorted(tokens))}: say which with --model.")
    if options.only_print:
        print("\n".join(f"{HEADER}: {token}" for token in tokens[model]))
        return 0
    if not options.version:
        raise NotOpened("Say which version with --version.")
    address = options.address or str(kit["address"])
    stands = set_alias(address, model, str(kit["alias"]), options.version, tokens[model])
    print(f"The alias {kit['alias']} of {model} stands at version {stands}.")
    print("Sekisho finds this when it is up again, and asks for a review.", file=sys.stderr)
    return 0 if stands == options.version else 1


def _asked(prompt: str) -> str:
    """A passphrase from the terminal, or from standard input where that is none."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


if __name__ == "__main__":
    sys.exit(main())
