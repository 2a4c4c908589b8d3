"""Secrets of connections, encrypted at rest under a key derived from the site's secret key."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from portal.web.errors import Unavailable


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"sekisho.secrets\x00" + k.encode()).digest())) for k in keys]
    )


def seal(secret: str) -> str:
    """Encrypt a secret; an empty one stays empty."""
    return _fernet().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """Decrypt a secret; raises `Unavailable` when the site's key is not the one it was sealed with."""
    if not sealed:
        return ""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unavailable("registry.secret_unreadable")
