"""How a registry is called: by MLflow's REST routes, each call with an end of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .artifacts import Files, Root
from .connection import Deadline, Endpoint, Server, parse_address
from .http import call_json
from .records import listed, part


@dataclass(frozen=True)
class Calling(Server):
    """What reading and writing have in common."""

    @cached_property
    def endpoint(self) -> Endpoint:
        return parse_address(self.address)

    def _clock(self) -> Deadline:
        return Deadline(self.deadline, self.address)

    def _file_deadline(self) -> Deadline:
        return Deadline(self.deadline * 10, self.address)

    def _call(self, method: str, path: str, deadline: Deadline, **kwargs: Any) -> dict[str, Any]:
        where = f"/api/2.0/mlflow/{path}"
        return call_json(self, self.endpoint, method, where, deadline=deadline, **kwargs)

    def _pages(self, path: str, key: str, query: dict[str, Any], deadline: Deadline) -> Iterator[dict[str, Any]]:
        token = None
        while True:
            data = self._call("GET", path, deadline, query=query | ({"page_token": token} if token else {}))
            yield from listed(data, key)
            if not (token := data.get("next_page_token")):
                return

    def _registered(self, name: str, deadline: Deadline) -> dict[str, Any]:
        return part(self._call("GET", "registered-models/get", deadline, query={"name": name}), "registered_model")

    def _files(self, root: Root, deadline: Deadline, strip: str = "") -> Files:
        return Files(self, self.endpoint, root, deadline, strip)
