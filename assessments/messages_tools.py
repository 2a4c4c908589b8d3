"""Sentences of a team's tools as records and refusals, by code."""

from portal.ledger.words import register_actions, register_fields
from portal.message import gettext_noop, register

register_actions({"tools.choose": gettext_noop("Tools chosen")})
register_fields({"tools": gettext_noop("Tools")})
register({"tools.unknown": gettext_noop("Not tools of this framework: %(tools)s.")})
