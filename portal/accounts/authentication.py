"""How programs sign in to the API: tokens with a scope, or the session of a signed-in person."""

from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.authentication import SessionAuthentication as DrfSessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission

from portal.accounts.models import ApiToken, Scope
from portal.accounts.pipelines import PIPELINE_MAY
from portal.web.errors import Forbidden


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Bearer sek_…`; a pipeline acts as a plain member of its team, whoever made the token."""

    def authenticate_credentials(self, token):
        user, found = super().authenticate_credentials(token)
        if found.scope == Scope.PIPELINE:
            user.confine(found.team_id)
        return user, found


class SessionAuthentication(DrfSessionAuthentication):
    """The browser's session, with its CSRF check."""

    def authenticate_header(self, request) -> str:
        return "Session"


class HasScope(BasePermission):
    """Signed in; a token that may only read changes nothing, and a pipeline's goes to the addresses of its table."""

    def has_permission(self, request, view) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        changes = request.method not in SAFE_METHODS
        scope = request.auth.scope if isinstance(request.auth, ApiToken) else Scope.WRITE
        if scope == Scope.PIPELINE:
            _check_pipeline(request, request.method if changes else "GET")
        elif changes and scope != Scope.WRITE:
            raise Forbidden("accounts.scope")
        return True


def _check_pipeline(request, method: str) -> None:
    if (request.resolver_match.view_name, method) not in PIPELINE_MAY:
        raise Forbidden("accounts.scope_pipeline")
    if request.auth.team_id not in request.user.team_roles:
        raise Forbidden("accounts.token_team_left")
