"""How many notices one has not read: on every page that shows its head, and counted only there."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest

from portal.inbox.models import Notice


def inbox(request: HttpRequest) -> dict[str, object]:
    @cache
    def unread_notices() -> int:
        return Notice.objects.for_user(request.user).unread().count()

    return {"unread_notices": unread_notices}
