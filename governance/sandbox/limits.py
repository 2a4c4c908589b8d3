"""How much a model may use while it is run."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024**2
GIBIBYTE = 1024**3


@dataclass(frozen=True)
class Limits:
    """Bounds of one run in the sandbox.

    Parameters
    ----------
    memory : int
        Bytes of all processes together.
    processes : int
        Processes and threads at once.
    cpu_seconds : int
        CPU time of one process.
    wall_seconds : float
        Time from start to answer, start-up and imports included.
    output_bytes : int
        Size of the answer.
    scratch_bytes : int
        Size of the only writable place, a temporary file system in memory.
    """

    memory: int = 4 * GIBIBYTE
    processes: int = 128
    cpu_seconds: int = 600
    wall_seconds: float = 300.0
    output_bytes: int = 256 * MEBIBYTE
    scratch_bytes: int = 256 * MEBIBYTE

    @property
    def address_space(self) -> int:
        """Bytes of address space of one process.

        Libraries reserve far more than they use, and below 2 GB numpy and numba do not start: the
        bound is a second wall behind the watch over resident memory.
        """
        return self.memory + 4 * GIBIBYTE


_configured = Limits()


def configure(limits: Limits) -> None:
    """Set the limits of runs that name none of their own; the application does so when it starts."""
    global _configured
    _configured = limits


def configured() -> Limits:
    """The limits of runs that name none of their own."""
    return _configured
