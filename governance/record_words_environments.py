"""The words of records about moves into environments, and of the way back."""

from __future__ import annotations

from portal.ledger.words import register_actions, register_fields
from portal.message import gettext_noop, register

register_actions(
    {
        "promotion.overtaken": gettext_noop("Overtaken by a later promotion"),
        "promotion.rollback": gettext_noop("Rolled back to an earlier version"),
        "placement.restore": gettext_noop("Alias to be put back"),
        "promotion.restored": gettext_noop("Alias put back"),
        "promotion.restore_failed": gettext_noop("Alias could not be put back"),
        "place.set": gettext_noop("Place of an environment set"),
        "place.remove": gettext_noop("Place of an environment removed"),
        "promotion.rollback_asked": gettext_noop("Rollback requested"),
    }
)

register_fields(
    {
        "later": gettext_noop("Later promotion"),
        "earlier": gettext_noop("Earlier promotion"),
        "copy": gettext_noop("Copy"),
        "into_registry": gettext_noop("Into the registry"),
        "tags_cut": gettext_noop("Tags cut short"),
        "tags_left_out": gettext_noop("Tags left out"),
        "finding": gettext_noop("Finding"),
        "because.move.restored-late": gettext_noop("Something else stands there"),
        "place_kind": gettext_noop("Where it lies"),
        "place_kind.alias": gettext_noop("An alias"),
        "place_kind.model": gettext_noop("A model of its own"),
        "place_kind.registry": gettext_noop("Another registry"),
        "name_pattern": gettext_noop("Name of the model"),
        "instead_of": gettext_noop("In place until then"),
    }
)

register({"promotion.change.overtaken": gettext_noop("it was overtaken by a later one")})
