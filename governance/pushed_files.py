"""A file that is the body of a request: streamed to disk, and bounded while it arrives."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files import File

from portal.web.errors import Invalid

SUFFIX_OF = {
    "application/vnd.apache.parquet": ".parquet",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
}
CHUNK = 2**20


def suffix_of(content_type: str) -> str:
    """The kind of file that is announced; what else it may be, the reader finds out behind the sandbox."""
    known = SUFFIX_OF.get(content_type.partition(";")[0].strip().lower())
    if known is None:
        raise Invalid("push.format", types=list(SUFFIX_OF))
    return known


@contextlib.contextmanager
def received(stream: BinaryIO, *, name: str, announced: int | None) -> Iterator[File]:
    """The body in a temporary file, which is gone afterwards. Never more than the limit is read or written.

    Parameters
    ----------
    announced : int or None
        The request's Content-Length: too much is refused before it is read, too little after.
    """
    limit = settings.PUSH_LIMIT
    large = Invalid("push.large", limit=limit // 2**20)
    if announced is not None and announced > limit:
        raise large
    folder = settings.SEKISHO_HOME / "evaluation"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="pushed-") as file:
        size = 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise large
            file.write(chunk)
        if not size:
            raise Invalid("push.empty")
        if announced is not None and size < announced:
            raise Invalid("push.cut")
        file.flush()
        file.seek(0)
        yield File(file, name=Path(name).name)
