"""Private keys in a file of their own, sealed with a passphrase: scrypt and Fernet.

They are kept apart from the backup, since who has both can rewrite the ledger and sign it anew.
"""

from __future__ import annotations

import base64
import getpass
import json
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from portal.operations.archive import BackupError, write_whole

FORM = "sekisho.keys/1"
COST = 2**16  # 64 MB and a fifth of a second for each guess
SHORTEST = 12
LARGEST = 2**20


def seal_keys(path: Path, keys: dict[str, str], passphrase: str) -> None:
    """Write the texts by their names; a file that is there is never written over."""
    if len(passphrase) < SHORTEST:
        raise BackupError(f"The passphrase is too short: take at least {SHORTEST} characters.")
    if path.exists():
        raise BackupError(f"{path} exists already: name a new file for the keys.")
    salt = secrets.token_bytes(16)
    sealed = _fernet(passphrase, salt, COST).encrypt(json.dumps(keys).encode()).decode()
    whole = {"form": FORM, "cost": COST, "salt": base64.b64encode(salt).decode(), "sealed": sealed}
    write_whole(path, json.dumps(whole).encode())


def unseal_keys(path: Path, passphrase: str) -> dict[str, str]:
    """The texts by their names; raises `BackupError` for a wrong passphrase or what is no such file."""
    try:
        whole = json.loads(path.read_bytes()[:LARGEST])
        salt, cost = base64.b64decode(whole["salt"]), int(whole["cost"])
        if whole["form"] != FORM or not 2**14 <= cost <= 2**20 or cost & (cost - 1):
            raise ValueError(whole["form"])
        sealed = whole["sealed"].encode()
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{path} is no file of sealed keys, or it was cut off.") from error
    try:
        keys = json.loads(_fernet(passphrase, salt, cost).decrypt(sealed))
    except InvalidToken:
        raise BackupError(f"The passphrase does not open {path}, or the file was changed.") from None
    if any(not isinstance(text, str) or Path(name).name != name for name, text in keys.items()):
        raise BackupError(f"{path} names files that cannot be keys.")
    return keys


def _fernet(passphrase: str, salt: bytes, cost: int) -> Fernet:
    raw = Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(raw))


def ask_passphrase(path: Path | None, *, twice: bool = False) -> str:
    """From a file's first line, or from the person at the terminal."""
    if path:
        try:
            return path.read_text("utf-8").split("\n", 1)[0]
        except (OSError, UnicodeDecodeError) as error:
            raise BackupError(f"The passphrase cannot be read from {path}.") from error
    passphrase = getpass.getpass("Passphrase of the keys: ")
    if twice and passphrase != getpass.getpass("Once more: "):
        raise BackupError("The two passphrases differ.")
    return passphrase
