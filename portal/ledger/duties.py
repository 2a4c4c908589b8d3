"""What workers do for the ledger: keep a key, sign checkpoints, and check the whole once a day."""

from __future__ import annotations

from django.conf import settings

from portal.jobs.kinds import at_start, every

if settings.KEYS_ROOT:  # a host that is not to sign does not take the turn of one that is

    @every(2, name="ledger.sign")
    def sign() -> None:
        """Sign what is new."""
        from portal.ledger.signing import checkpoint_now

        checkpoint_now()

    @at_start("ledger.key")
    def first_key() -> None:
        """A site that has never had a key gets one, or it would never move an alias."""
        from portal.ledger.key_actions import ensure_key

        ensure_key()
