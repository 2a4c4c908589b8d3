"""Sentences of proposed profiles, and the words of their records."""

from __future__ import annotations

from portal.ledger.words import register_actions, register_fields
from portal.message import gettext_noop, register

register(
    {
        "profile.waits": gettext_noop(
            "%(who)s has proposed a change of this profile, and it waits. Have it agreed to, refused or withdrawn "
            "first."
        ),
        "profile.own": gettext_noop("You proposed this change. Somebody else has to agree to it."),
        "profile.softens": gettext_noop(
            "This change asks less of the model, so a reviewer from outside the team has to agree to it."
        ),
        "profile.decided": gettext_noop("This change does not wait any more. Look at it again."),
        "profile.other_proposal": gettext_noop(
            "Nothing was recorded, since another change was proposed after you opened this page. Look at it again."
        ),
        "profile.base_changed": gettext_noop(
            "Nothing was recorded: the profile or the rows of a set have changed since this was proposed. It has to "
            "be proposed anew."
        ),
        "profile.reason": gettext_noop("Give a reason, so that who proposed it knows what to change."),
        "profile.values": gettext_noop("%(values)s"),
        "profile.part.team": gettext_noop("Owner team"),
        "profile.part.gold": gettext_noop("Gold set"),
        "profile.part.challenger": gettext_noop("Challenger sets"),
        "profile.part.sensitive": gettext_noop("Restricted attributes"),
        "profile.part.training": gettext_noop("Training data"),
        "profile.part.reference": gettext_noop("Reference for drift"),
    }
)

register_actions(
    {
        "profile.change": gettext_noop("Profile changed"),
        "profile.propose": gettext_noop("Change of a profile proposed"),
        "profile.agree": gettext_noop("Profile agreed to"),
        "profile.refuse": gettext_noop("Change of a profile refused"),
        "profile.withdraw": gettext_noop("Change of a profile withdrawn"),
    }
)

register_fields(
    {
        "agreed": gettext_noop("Agreed to"),
        "proposed_by": gettext_noop("Proposed by"),
        "proposal": gettext_noop("Record of the proposal"),
        "state.proposed": gettext_noop("Proposed"),
        "state.agreed": gettext_noop("Agreed"),
    }
)
