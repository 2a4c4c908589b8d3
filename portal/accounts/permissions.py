"""Asking the table of rules."""

from __future__ import annotations

from functools import wraps

from django.contrib.auth.decorators import login_required

from portal.web.errors import Forbidden


def require(user, permission: str, thing=None) -> None:
    """Raise `Forbidden` unless the user has the permission (for the thing)."""
    if not user.has_perm(permission, thing):
        raise Forbidden("accounts.forbidden")


def permission_required(permission: str):
    """Guard a page that needs a permission not tied to an object."""

    def decorate(view):
        @login_required
        @wraps(view)
        def guarded(request, *args, **kwargs):
            require(request.user, permission)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
