"""Reads settings from the environment; a wrong value ends the start with a sentence that says what to set."""

from __future__ import annotations

import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}. Set it to 1 or 0.")


def whole(name: str, default: int, least: int = 0, most: int | None = None) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or int(value) < least or (most is not None and int(value) > most):
        upto = "" if most is None else f" and at most {most}"
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a whole number of at least {least}{upto}.")
    return int(value)


def words(name: str) -> list[str]:
    """A list separated by commas or spaces."""
    return text(name).replace(",", " ").split()


def label(name: str, default: str) -> str:
    """A short name that stands in addresses and signed texts."""
    value = text(name, default)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,59}", value):
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to small letters, digits, dots and hyphens.")
    return value


def calendar(name: str, default: str) -> str:
    """A calendar of holidays: a country, with a part of it where that matters, or none."""
    value = text(name, default)
    if value.lower() in ("", "none"):
        return ""
    from portal.calendars import known

    if value != default and not known(value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to a country such as JP, with a part of it as in US-CA, or to none."
        )
    return value


def folder(name: str, default: Path) -> Path:
    return Path(text(name)).expanduser().resolve() if text(name) else default


def database(home: Path) -> dict[str, object]:
    """The database of DATABASE_URL, or the embedded SQLite below the home."""
    import dj_database_url

    url = text("DATABASE_URL")
    if url:
        try:
            config = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
        except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError, ValueError) as error:
            raise ImproperlyConfigured(
                "DATABASE_URL cannot be read. Set it like postgres://user:password@host:5432/name, or leave it out "
                "to use the embedded SQLite database."
            ) from error
    else:
        config = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / "sekisho.sqlite3")}
    if "sqlite" in str(config["ENGINE"]):
        # Readers never wait for the writer (WAL), and a writer takes its lock at the start (IMMEDIATE): without it
        # a transaction that reads first and writes later fails with "database is locked".
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
        config["CONN_MAX_AGE"] = 0
        config["TEST"] = {"NAME": str(home / "test.sqlite3")}  # a file, so that threads and workers share it
    return config
