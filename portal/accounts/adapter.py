"""What allauth is told about our accounts."""

from allauth.account.adapter import DefaultAccountAdapter

from portal.accounts import actions


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come by invitation only, and a new password is recorded."""

    def is_open_for_signup(self, request) -> bool:
        return False

    def set_password(self, user, password: str) -> None:
        """Called by the change and the reset, both of which prove that it is the person themselves."""
        actions.change_password(user=user, password=password, by=user)
