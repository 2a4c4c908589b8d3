"""Sentences of signed checklists, and the words of their records."""

from __future__ import annotations

from portal.ledger.words import register_actions, register_fields
from portal.message import gettext_noop, register

register(
    {
        "checklist.group": gettext_noop("Only these may sign this item: %(groups)s."),
        "checklist.signers": gettext_noop("Signed by: %(groups)s"),
        "checklist.author": gettext_noop("You made this version. Somebody else has to sign."),
        "checklist.own": gettext_noop("You asked for this promotion. Somebody else has to sign."),
        "checklist.unknown": gettext_noop("The rules in force ask for no such item."),
        "checklist.unhashed": gettext_noop(
            "The version's files have not been hashed, so a signature would not say what it is for. Run the lineage "
            "audit first."
        ),
        "checklist.twice": gettext_noop("You have signed this item for these files and this profile already."),
        "checklist.not_yours": gettext_noop("Only who signed takes a signature back."),
        "checklist.withdrawn": gettext_noop("This signature has been taken back already."),
    }
)

register_actions(
    {
        "checklist.sign": gettext_noop("Item of a checklist signed"),
        "checklist.withdraw": gettext_noop("Signature under a checklist taken back"),
    }
)

register_fields(
    {
        "checklist_item": gettext_noop("Item of the checklist"),
        "artifact_digest": gettext_noop("Model files"),
        "profile_digest": gettext_noop("Profile"),
    }
)
