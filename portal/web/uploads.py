"""Uploads are bounded while they arrive: what is too large is dropped, and the page says so."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class BoundedUpload(FileUploadHandler):
    """Stands before the handlers that store; a file beyond the limit never fills the disk."""

    def new_file(self, *args, **kwargs) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_LIMIT:
            if self.request is not None:
                self.request.upload_dropped = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
