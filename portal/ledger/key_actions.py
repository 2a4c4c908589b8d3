"""What is done to the ledger's keys; every change is an entry of the ledger itself.

A key's end and its last checkpoint are one transaction, and that checkpoint holds the entry which tells of the end.
So whoever trusts the old key finds the new one under the old one's signature, and sizes, not clocks, say which
signatures count.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction

from portal.ledger.actions import record
from portal.ledger.checkpoint import Signer
from portal.ledger.keyring import active_key, current_signer, folder, new_signer, public_text, remove_key
from portal.ledger.models import Head, KeyState, SigningKey
from portal.ledger.sequencer import grow, locked_head, number_events
from portal.ledger.signing import sign_log
from portal.web.errors import Conflict, Invalid, Missing, Unavailable


def ensure_key() -> SigningKey | None:
    """The active key; the first one is made where there has never been any and this host may keep it.

    Where keys have been and none is active, a person has decided so, and a person makes the next.
    """
    if SigningKey.objects.exists() or folder() is None:
        return active_key()
    try:
        return create_key(by=None)
    except Conflict:  # another worker was faster
        return active_key()


def create_key(*, by) -> SigningKey:
    """Make a key where none is active, and sign with it from here on."""
    return _under_new_key(lambda signer: _begin(signer, by))


def rotate_key(*, reason: str, by) -> SigningKey:
    """A new key takes the place of the active one; the checkpoint between them is signed by both."""
    old, signer = active_key(), current_signer()
    if old is None:
        raise Conflict("ledger.no_key")
    if signer is None:
        raise Unavailable("ledger.key_elsewhere", key=old.key_id)
    return _under_new_key(lambda new: _replace(old, new, "ledger.key_rotate", reason, by, signers=[signer, new]))


@transaction.atomic
def retire_key(*, key_id: str, reason: str, by) -> SigningKey:
    """End the active key without another: nothing is signed, and no alias moves, until a key is made."""
    key, signer = _find(key_id), current_signer()
    if key.state != KeyState.ACTIVE:
        raise Conflict("ledger.key_ended", key=key.key_id)
    _record("ledger.key_retire", key, reason, by, after={"state": KeyState.RETIRED})
    size = _log_size()
    if signer:
        sign_log([signer])
    _end(key, KeyState.RETIRED, size, reason)
    return key


def compromise_key(*, key_id: str, from_size: int | None = None, reason: str, by) -> SigningKey | None:
    """Declare that a key was in other hands: from this size on its signatures alone are not believed.

    If it was active, another takes its place at once and signs the whole log, so that a good key stands over what
    the bad one signed. Returns the key that signs now, if any.
    """
    key = _find(key_id)
    size = Head.objects.get(id=1).size
    start = size if from_size is None else from_size
    if not 0 <= start <= size:
        raise Invalid("ledger.key_size", size=size)
    if key.state == KeyState.ACTIVE:
        verb = "ledger.key_compromise"
        return _under_new_key(lambda new: _replace(key, new, verb, reason, by, signers=[new], until=start))
    with transaction.atomic():
        start = min(start, key.until_size)
        _record("ledger.key_compromise", key, reason, by, after={"state": KeyState.COMPROMISED, "until_size": start})
        _end(key, KeyState.COMPROMISED, start, reason)
    return active_key()


def _under_new_key(change) -> SigningKey:
    """Run a change with a new key in one transaction; no file of a key stays that the change did not keep."""
    signer: Signer | None = None
    try:
        with transaction.atomic():
            signer = new_signer()
            return change(signer)
    except BaseException as error:
        if signer:
            remove_key(signer.id)
        if isinstance(error, IntegrityError):
            raise Conflict("ledger.key_exists") from error
        raise


def _begin(signer: Signer, by) -> SigningKey:
    locked_head()
    if active_key():
        raise Conflict("ledger.key_exists")
    size = _log_size()
    key = _add(signer, size)
    after = {"state": KeyState.ACTIVE, "public_key": key.public, "since_size": size}
    record(action="ledger.key_create", by=by, subject=_subject(key), after=after)
    return key


def _replace(old: SigningKey, signer: Signer, action: str, reason: str, by, *, signers, until: int | None = None):
    state = KeyState.RETIRED if until is None else KeyState.COMPROMISED
    after = {"state": state, "replaced_by": signer.id, "public_key": public_text(signer)}
    if until is not None:
        after["until_size"] = until
    _record(action, old, reason, by, after=after)
    size = _log_size()
    _end(old, state, size if until is None else until, reason)
    new = _add(signer, size)
    sign_log(signers)
    return new


def _record(action: str, key: SigningKey, reason: str, by, *, after: dict) -> None:
    before = {"state": key.state}
    record(action=action, by=by, subject=_subject(key), before=before, after=after, texts={"reason": reason})


def _subject(key: SigningKey) -> tuple[str, str, str]:
    return ("ledger-key", key.key_id, key.key_id)


def _log_size() -> int:
    """Number and hash all there is, this transaction's own entries included, and hold the head to its end."""
    number_events()
    grow()
    return locked_head().size


def _add(signer: Signer, since: int) -> SigningKey:
    return SigningKey.objects.create(key_id=signer.id, name=signer.name, public=public_text(signer), since_size=since)


def _end(key: SigningKey, state: KeyState, until: int, reason: str) -> None:
    if not SigningKey.objects.filter(pk=key.pk, state=key.state).update(state=state, until_size=until, reason=reason):
        raise Conflict("ledger.key_ended", key=key.key_id)
    key.refresh_from_db()
    transaction.on_commit(lambda: remove_key(key.key_id))


def _find(key_id: str) -> SigningKey:
    key = SigningKey.objects.filter(key_id=key_id.strip().lower()).first()
    if key is None:
        raise Missing("ledger.key_unknown", key=key_id)
    return key
