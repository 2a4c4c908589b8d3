"""Connecting registries: an administrator's changes."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.utils.text import slugify

from governance.models import Place, Registry
from governance.secrets import seal
from portal.accounts.permissions import require
from portal.jobs.actions import enqueue
from portal.jobs.models import Job
from portal.ledger.actions import record
from portal.message import Message
from portal.web.errors import Conflict, Invalid, Missing


def check_address(address: str) -> str:
    """The address without a trailing slash; raises `Invalid` when it is no http(s) address of an allowed host."""
    parts = urlsplit(address.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid("registry.address", {"address": Message("registry.address")})
    if parts.username or parts.password:
        raise Invalid("registry.address_secret", {"address": Message("registry.address_secret")})
    if "*" not in settings.REGISTRY_HOSTS and parts.hostname not in settings.REGISTRY_HOSTS:
        message = Message("registry.host_not_allowed", {"host": parts.hostname})
        raise Invalid(message, {"address": message})
    return address.strip().rstrip("/")


def connect_registry(*, name: str, address: str, username: str = "", password: str = "", by=None) -> Registry:
    """Connect an MLflow server, and mirror it at once. `by` is None for the demo and installation scripts."""
    if by is not None:
        require(by, "connection.manage")
    address = check_address(address)
    try:
        with transaction.atomic():
            registry = Registry.objects.create(
                name=name.strip(),
                slug=slugify(name, allow_unicode=False) or f"registry-{Registry.objects.count() + 1}",
                address=address,
                username=username,
                password_encrypted=seal(password),
            )
            record(
                action="registry.connect",
                by=by,
                subject=("registry", registry.pk, registry.name),
                after={"address": address, "authenticated": bool(username)},
            )
            enqueue(
                kind="registry.mirror",
                params={"registry": registry.pk},
                by=by,
                subject=("registry", registry.pk, registry.name),
                key=f"mirror:{registry.pk}",
            )
    except IntegrityError:
        message = Message("registry.name_taken", {"name": name})
        raise Invalid(message, {"name": message}) from None
    return registry


def _host(address: str) -> tuple[str | None, int | None]:
    parts = urlsplit(address)
    return parts.hostname, parts.port


def change_registry(
    *, registry: Registry, address: str, username: str, password: str | None, enabled: bool, by
) -> Registry:
    """Change a connection; a password of None keeps the one there is."""
    require(by, "connection.manage")
    before = {"address": registry.address, "authenticated": bool(registry.username), "enabled": registry.enabled}
    address = check_address(address)
    if password is None and registry.password_encrypted and _host(address) != _host(registry.address):
        message = Message("registry.password_again")
        raise Invalid(message, {"password": message})
    if address != registry.address:
        registry.synced_at = None  # what is mirrored is of another server until the next sync
    registry.address, registry.username, registry.enabled = address, username, enabled
    if password is not None:
        registry.password_encrypted = seal(password)
    with transaction.atomic():
        registry.save(update_fields=["address", "username", "enabled", "password_encrypted", "synced_at"])
        record(
            action="registry.change",
            by=by,
            subject=("registry", registry.pk, registry.name),
            before=before,
            after={"address": registry.address, "authenticated": bool(username), "enabled": enabled},
            params={"password_changed": password is not None},
        )
    return registry


def remove_registry(*, registry: Registry, by) -> None:
    """Forget a connection that was never used, such as one to a wrong address.

    Raises
    ------
    Conflict
        Models were mirrored from it: decisions speak of them, so it can be paused and not removed.
    """
    require(by, "connection.manage")
    with transaction.atomic():
        fresh = Registry.objects.select_for_update().filter(pk=registry.pk).first()
        if fresh is None:
            raise Missing("registry.gone")
        if fresh.models.exists():
            raise Conflict("registry.has_models", name=fresh.name)
        if Place.objects.filter(Q(registry=fresh) | Q(target=fresh)).exists():
            raise Conflict("registry.has_places", name=fresh.name)
        record(
            action="registry.remove",
            by=by,
            subject=("registry", fresh.pk, fresh.name),
            before={"address": fresh.address, "authenticated": bool(fresh.username), "enabled": fresh.enabled},
        )
        try:
            with transaction.atomic():
                fresh.delete()
        except ProtectedError as error:
            raise Conflict("registry.has_models", name=fresh.name) from error


def test_connection(*, registry: Registry, by) -> Job:
    """Ask a worker to reach the server; the job says what it found."""
    require(by, "connection.manage")
    with transaction.atomic():
        return enqueue(
            kind="registry.test",
            params={"registry": registry.pk},
            by=by,
            subject=("registry", registry.pk, registry.name),
            key=f"test:{registry.pk}",
        )
