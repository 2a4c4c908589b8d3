"""The words of records about drafts of policies."""

from __future__ import annotations

from portal.ledger.words import register_actions, register_fields, register_subjects
from portal.message import gettext_noop

register_subjects({"policy-draft": gettext_noop("Draft of a policy")})
register_actions(
    {
        "policy.draft": gettext_noop("Draft of a policy saved"),
        "policy.discard": gettext_noop("Draft of a policy discarded"),
    }
)
register_fields({"revision": gettext_noop("Revision"), "drafted_by": gettext_noop("Drafted by")})
