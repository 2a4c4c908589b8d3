"""What may go wrong in the sandbox, each as one sentence."""

from __future__ import annotations

from portal.message import Message

DETAIL_CHARACTERS = 4000


class SandboxFailure(Exception):
    """The model gave no usable answer.

    Attributes
    ----------
    message : Message
        What happened and what to do.
    detail : str
        The end of what the model's process wrote, capped. Untrusted text: show it escaped or not at all.
    """

    def __init__(self, message: Message, detail: str = "") -> None:
        super().__init__(message.code)
        self.message = message
        self.detail = detail[-DETAIL_CHARACTERS:]

    def __str__(self) -> str:
        return str(self.message)


PHASES = ("start", "load", "predict", "explain")


def phase_name(phase: str) -> Message:
    """The phase as a phrase; what the child says is taken only from the list."""
    return Message(f"sandbox.phase.{phase if phase in PHASES else 'start'}")
