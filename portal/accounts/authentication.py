"""How programs sign in to the API: tokens with a scope, or the session of a signed-in person."""

from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.authentication import SessionAuthentication as DrfSessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission

from portal.accounts.models import ApiToken, Scope
from portal.web.errors import Forbidden


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Bearer sek_…`"""


class SessionAuthentication(DrfSessionAuthentication):
    """The browser's session, with its CSRF check."""

    def authenticate_header(self, request) -> str:
        return "Session"


class HasScope(BasePermission):
    """Signed in; and a token that may only read does not change anything."""

    def has_permission(self, request, view) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        changes = request.method not in SAFE_METHODS
        if changes and isinstance(request.auth, ApiToken) and request.auth.scope != Scope.WRITE:
            raise Forbidden("accounts.scope")
        return True
