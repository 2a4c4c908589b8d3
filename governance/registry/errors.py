"""What can go wrong between Sekisho and a registry, each with a sentence for a person."""

from __future__ import annotations

from portal.message import Message, render

from . import texts  # noqa: F401  registers the sentences


class RegistryError(Exception):
    """A registry could not do what was asked.

    Attributes
    ----------
    kind : str
        One word for the program: the class's own.
    message : Message
        One sentence for the person.
    """

    kind = "failed"

    def __init__(self, message: Message):
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        return render(self.message)


class Unreachable(RegistryError):
    kind = "unreachable"


class TimedOut(RegistryError):
    kind = "timeout"


class CredentialsRefused(RegistryError):
    kind = "credentials"


class Denied(RegistryError):
    kind = "denied"


class NotMlflow(RegistryError):
    kind = "not_mlflow"


class NotFound(RegistryError):
    kind = "not_found"


class AddressNotAllowed(RegistryError):
    kind = "address"


class Rejected(RegistryError):
    kind = "rejected"


class TooLarge(RegistryError):
    kind = "too_large"
