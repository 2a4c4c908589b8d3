"""Bodies of requests to the API: what is not asked for is refused by name, never let fall."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import JSONParser

from portal.message import Message
from portal.web.errors import Invalid

NAMED = 10  # so many unknown fields are named
SHOWN = 80


class JsonBody(JSONParser):
    """JSON; lists within lists without end are as malformed as what does not end."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError from None


class Body(serializers.Serializer):
    """Fields of a body. To ignore one that is not known would let its sender believe that it was taken."""

    def to_internal_value(self, data):
        if isinstance(data, Mapping) and not isinstance(data, QueryDict):
            refuse_unknown(data, self.fields)
        return super().to_internal_value(data)


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> None:
    """Raise `Invalid` with the names of what is not known."""
    unknown = [str(name)[:SHOWN] for name in given if name not in known][:NAMED]
    if not unknown:
        return
    told = Message("web.unknown_fields", {"fields": unknown, "known": list(known)})
    if not known:
        told = Message("web.no_fields", {"fields": unknown})
    raise Invalid(told, dict.fromkeys(unknown, Message("web.unknown_field")))


def refuse_body(request) -> None:
    """For addresses that take no fields; what is not JSON is not read at all."""
    try:
        given = request.data
    except UnsupportedMediaType:
        return
    if isinstance(given, Mapping):
        refuse_unknown(given, ())
