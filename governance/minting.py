"""Tokens for the gate at MLflow's server, signed where the ledger's private key lies: in a worker, or by a command.

A token is short-lived, for one change at one server, and works once. What was signed is kept as a row without the
token itself, so that a use that the gate reports can be told from one that nobody signed.
"""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from governance.mlflow_gate import tokens
from governance.models import EmergencyKit, MintedToken, Move, Registry
from portal.ledger.keyring import current_signer
from portal.web.errors import Invalid, Unavailable

HEADER = tokens.HEADER
LIFE = 60  # seconds; the worker sends the request at once


def mint(
    *,
    action: str,
    registry: Registry,
    model: str,
    alias: str | None = None,
    old: str | None = None,
    new: str | None = None,
    seconds: int = LIFE,
    move: Move | None = None,
    kit: EmergencyKit | None = None,
) -> str:
    """Sign a token for one change; `HEADER` is the header that carries it.

    Parameters
    ----------
    action, model, alias, old, new
        The change, as the table in `governance.mlflow_gate.tokens` says. `model` is the exact name at the server.
    registry : Registry
        The server; its slug stands in the token.
    seconds : int
        How long the token lives: at most ten minutes, or thirty days for an emergency.
    move, kit : optional
        What it is signed for.

    Raises
    ------
    Unavailable
        If this host has no key to sign with.
    Invalid
        If no token can say this, such as a life that is too long.
    """
    signer = current_signer()
    if signer is None:
        raise Unavailable("gate.no-key")
    now = int(time.time())
    grant = tokens.Grant(
        action=action,
        model=model,
        alias=alias,
        old=old,
        new=new,
        expires=now + seconds,
        jti=tokens.new_jti(),
        server=registry.slug,
        issued=now,
    )
    try:
        text = tokens.sign(grant, signer.seed)
    except ValueError as error:
        raise Invalid("gate.no-token", reason=str(error)) from error
    MintedToken.objects.create(
        jti=uuid.UUID(grant.jti),
        action=action,
        registry=registry,
        model=model,
        alias=alias or "",
        old=old,
        new=new,
        move=move,
        kit=kit,
        minted_at=datetime.fromtimestamp(grant.issued, UTC),
        expires_at=datetime.fromtimestamp(grant.expires, UTC),
    )
    return text
