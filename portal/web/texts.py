"""Sentences of the web floor."""

from portal.message import gettext_noop, register

register(
    {
        "api.no_address": gettext_noop("The API has no address %(path)s. %(docs)s describes all of them."),
        "web.unknown_fields": gettext_noop(
            "This request cannot set %(fields)s. Nothing was changed. It takes: %(known)s."
        ),
        "web.no_fields": gettext_noop("This request cannot set %(fields)s: it takes no fields. Nothing was changed."),
        "web.unknown_field": gettext_noop("This field cannot be set here."),
    }
)
