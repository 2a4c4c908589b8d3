"""Sentences of the web floor."""

from portal.message import gettext_noop, register

register({"api.no_address": gettext_noop("The API has no address %(path)s. %(docs)s describes all of them.")})
