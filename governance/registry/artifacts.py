"""The files of a model or a run, read through the registry's own server and nowhere else.

A registry may lie about where files lie: one answered ``file:///…``, and MLflow's client handed out the
reader's own disk. So no artifact address is ever opened. Each file comes over HTTP from the server that was
checked, whatever storage is behind it, and no credentials for that storage are needed here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urlsplit

from portal.message import Message

from .connection import Deadline, Endpoint, Server
from .errors import AddressNotAllowed, NotFound, RegistryError, TooLarge
from .http import call_json, exchange
from .records import ModelFiles, RemoteFile, listed, read_file

FILE_LIMIT = 10_000
DEPTH_LIMIT = 20
TEXT_LIMIT = 2**20
SIZE_LIMIT = 4 * 2**30
_PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass(frozen=True)
class Root:
    """A folder of artifacts, and the server's own routes to list and to read it.

    Parameters
    ----------
    listing : str
        Path of the route that lists.
    list_query : callable
        From a folder below the root to the route's parameters.
    reading : callable
        From a file's path below the root to the route's path and parameters.
    relative : bool
        Whether listed paths are relative to the folder asked for, and not to the root.
    """

    listing: str
    list_query: Callable[[str], dict[str, str]]
    reading: Callable[[str], tuple[str, dict[str, str]]]
    relative: bool = False


def proxied_root(location: str, endpoint: Endpoint) -> Root | None:
    """The root of an address in the server's own artifact store; None if it lies elsewhere."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return None
    if parts.scheme == "mlflow-artifacts":
        own = not parts.netloc or parts.netloc == endpoint.host_header
        folder = parts.path.removeprefix(_PROXY)
    elif parts.scheme in ("http", "https"):
        own = (parts.scheme, parts.netloc) == (endpoint.scheme, endpoint.host_header)
        base = endpoint.prefix + _PROXY
        own = own and parts.path.startswith(base + "/")
        folder = parts.path.removeprefix(base)
    else:
        return None
    folder = unquote(folder).strip("/")
    if not own or parts.query or parts.fragment or not folder:
        return None
    _check_path(folder)
    return Root(
        _PROXY,
        lambda below: {"path": f"{folder}/{below}" if below else folder},
        lambda path: (f"{_PROXY}/{quote(f'{folder}/{path}')}", {}),
        relative=True,
    )


def logged_model_root(model_id: str) -> Root:
    """The root of MLflow 3's logged model, wherever its server keeps it."""
    base = f"/mlflow/logged-models/{quote(model_id, safe='')}/artifacts"
    return Root(
        f"/api/2.0{base}/directories",
        lambda below: {"artifact_directory_path": below} if below else {},
        lambda path: (f"/ajax-api/2.0{base}/files", {"artifact_file_path": path}),
    )


def run_root(run_id: str, folder: str = "") -> Root:
    """The root of a run's artifacts, or of a folder among them."""
    prefix = f"{folder}/" if folder else ""
    return Root(
        "/api/2.0/mlflow/artifacts/list",
        lambda below: {"run_id": run_id, "path": f"{prefix}{below}".rstrip("/")},
        lambda path: ("/get-artifact", {"run_id": run_id, "path": f"{prefix}{path}"}),
    )


def not_handed_out(location: str) -> AddressNotAllowed:
    return AddressNotAllowed(Message("registry.address.files", {"location": location[:300]}))


class Files:
    """Reader of one root."""

    def __init__(self, server: Server, endpoint: Endpoint, root: Root, deadline: Deadline, strip: str = ""):
        self._server = server
        self._endpoint = endpoint
        self._root = root
        self._deadline = deadline
        self._strip = f"{strip}/" if strip else ""

    def walk(self) -> list[RemoteFile]:
        """All files below the root, sorted by path; unsafe names and too many files are errors."""
        files = sorted(self._walk("", 0), key=lambda file: file.path)
        if len({file.path for file in files}) != len(files):
            raise _unsafe("duplicate")
        return files

    def _walk(self, folder: str, depth: int) -> Iterator[RemoteFile]:
        count = 0
        for entry in self._list(folder):
            path = self._path(folder, str(entry.get("path", "")))
            if not entry.get("is_dir"):
                yield read_file(entry | {"path": path})
                count += 1
            elif depth >= DEPTH_LIMIT:
                raise TooLarge(Message("registry.too_many", {"limit": FILE_LIMIT}))
            else:
                for file in self._walk(path, depth + 1):
                    yield file
                    count += 1
            if count > FILE_LIMIT:
                raise TooLarge(Message("registry.too_many", {"limit": FILE_LIMIT}))

    def _list(self, folder: str) -> list[dict[str, Any]]:
        query, entries = self._root.list_query(folder), []
        for _ in range(FILE_LIMIT):
            data = call_json(
                self._server, self._endpoint, "GET", self._root.listing, deadline=self._deadline, query=query
            )
            entries += listed(data, "files")
            if not data.get("next_page_token"):
                return entries
            query = query | {"page_token": data["next_page_token"]}
        raise TooLarge(Message("registry.too_many", {"limit": FILE_LIMIT}))

    def _path(self, folder: str, listed: str) -> str:
        """A listed path, relative to the root, and surely inside the folder that was asked for."""
        path = f"{folder}/{listed}" if self._root.relative and folder else listed
        path = path.removeprefix(self._strip)
        _check_path(path)
        if path.rpartition("/")[0] != folder:
            raise _unsafe(path)
        return path

    def stream(self, path: str, sink: Callable[[bytes], Any], limit: int) -> int:
        """Give a file's bytes to `sink`."""
        _check_path(path)
        route, query = self._root.reading(path)
        return exchange(
            self._server, self._endpoint, "GET", route, sink, deadline=self._deadline, query=query, limit=limit
        )

    def put(self, path: str, file: BinaryIO) -> None:
        """Send a file to where it would be read from; only the server's own store takes any."""
        _check_path(path)
        route, _query = self._root.reading(path)
        exchange(self._server, self._endpoint, "PUT", route, len, deadline=self._deadline, file=file)

    def text(self, path: str) -> str:
        """A small text file."""
        chunks: list[bytes] = []
        self.stream(path, chunks.append, TEXT_LIMIT)
        return b"".join(chunks).decode("utf-8", "replace")

    def fetch(self, files: Iterable[RemoteFile], into: Path | None = None) -> list[RemoteFile]:
        """Read files, hash them, and write them below `into` if it is given; never over or through a link."""
        done, left = [], SIZE_LIMIT
        for file in files:
            seen = hashlib.sha256()
            if into is None:
                size = self.stream(file.path, seen.update, left)
            else:
                with _create(into, file.path) as handle:
                    size = self.stream(file.path, lambda b, h=handle, s=seen: (h.write(b), s.update(b)), left)
            left -= size
            done.append(RemoteFile(file.path, size, seen.hexdigest()))
        return done


def _create(into: Path, path: str):
    target = into.joinpath(*path.split("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.parent.resolve() != into.resolve().joinpath(*path.split("/")[:-1]):
        raise _unsafe(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.fdopen(os.open(target, flags, 0o600), "wb")


def _check_path(path: str) -> None:
    parts = path.split("/")
    odd = any(p in ("", ".", "..") or len(p) > 255 for p in parts)
    if odd or len(path) > 1000 or not path.isprintable() or "\\" in path:
        raise _unsafe(path)


def _unsafe(path: str) -> AddressNotAllowed:
    return AddressNotAllowed(Message("registry.address.path", {"path": ascii(path[:200])}))


def tree_digest(files: Iterable[RemoteFile]) -> str:
    """``sha256:`` and the digest of one line ``sha256  path`` a file, sorted by path, as ``sha256sum`` writes them.

    ``find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum | sha256sum`` gives the same.
    """
    lines = sorted(files, key=lambda file: file.path.encode())
    text = "".join(f"{file.sha256}  {file.path}\n" for file in lines)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def local_tree(folder: Path) -> list[RemoteFile]:
    """The files of a folder on disk, hashed; a link or a special file is an error."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise _unsafe(path.name)
        if path.is_file():
            with path.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
            found.append(RemoteFile(path.relative_to(folder).as_posix(), path.stat().st_size, digest))
    return found


def describe(reader: Files, *, hashed: bool) -> ModelFiles:
    """Read what a model's files say of it, running none of it."""
    files = reader.walk()
    names = {file.path for file in files}
    if "MLmodel" not in names:
        raise NotFound(Message("registry.not_found", {"detail": "MLmodel"}))
    mlmodel = untrusted_yaml(reader.text("MLmodel"))
    flavours = mlmodel.get("flavors")
    flavours = flavours if isinstance(flavours, dict) else {}
    requirements = None
    if "requirements.txt" in names:
        requirements = tuple(_requirement_lines(reader.text("requirements.txt")))
    if hashed:
        files = reader.fetch(files)
    pyfunc = flavours.get("python_function")
    return ModelFiles(
        signature=_signature(mlmodel.get("signature")),
        flavours=tuple(sorted(str(name) for name in flavours)),
        requirements=requirements,
        python_version=_word(pyfunc.get("python_version")) if isinstance(pyfunc, dict) else "",
        mlflow_version=_word(mlmodel.get("mlflow_version")),
        size=sum(file.size for file in files),
        digest=tree_digest(files) if hashed else "",
        files=tuple(files),
    )


def untrusted_yaml(text: str, path: str = "MLmodel") -> dict[str, Any]:
    """A YAML file of a model as a mapping; `RegistryError` if it cannot be read. Write out scalars of it alone."""
    import yaml

    class Loader(yaml.SafeLoader):
        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            """Merge keys (``<<``) copy what they name: ten lines of them fill the memory. MLflow writes none."""
            if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
                raise yaml.constructor.ConstructorError(problem="merge keys (<<)")
            super().flatten_mapping(node)

    try:
        data = yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        detail = getattr(error, "problem", None) or type(error).__name__
        raise RegistryError(Message("registry.unreadable", {"path": path, "detail": str(detail)})) from None
    return data if isinstance(data, dict) else {}


def _word(value: Any) -> str:
    """A scalar as text. Lists that name each other over and over would fill the memory when written out."""
    return str(value)[:100] if isinstance(value, str | int | float) else ""


def _signature(data: Any) -> dict[str, Any] | None:
    """MLflow writes each part of a signature as JSON inside YAML; anything else is no signature."""
    if not isinstance(data, dict):
        return None
    parts = {}
    for part in ("inputs", "outputs", "params"):
        try:
            parts[part] = json.loads(data[part]) if isinstance(data.get(part), str) else None
        except (ValueError, RecursionError):
            parts[part] = None
    return parts if parts["inputs"] else None


def _requirement_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if line:
            yield line[:500]
