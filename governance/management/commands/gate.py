"""The gate at MLflow's server: check it, arrange permissions, sign tokens, seal emergency kits."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from governance.connections import connect
from governance.models import Registry
from portal.accounts.models import User
from portal.web.errors import DomainError
from portal.web.say import say


class Command(BaseCommand):
    help = "Enforcement at MLflow's server: check the gate, set up permissions, sign tokens, seal emergency kits."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
        check = parts.add_parser(
            "check", help="ask the server's gate what it governs; exits with 1 if it lacks something"
        )
        permissions = parts.add_parser("permissions", help="the rights on models that are environments (basic-auth)")
        token = parts.add_parser("token", help="sign a token for a deletion, a rename or a stage; it works once")
        kit = parts.add_parser("kit", help="seal tokens for an emergency, which two custodians open together")
        for part in (check, permissions, token, kit):
            part.add_argument("--registry", required=True, metavar="SLUG", help="slug or name of the registry")

        what = permissions.add_mutually_exclusive_group(required=True)
        what.add_argument("--set-up", action="store_true", help="give the portal's account alone the right to change")
        what.add_argument("--check", action="store_true", help="try, as another account, what must be refused")
        permissions.add_argument("--models", required=True, metavar="PATTERN,…", help="such as prod.*")
        permissions.add_argument("--make", default="", metavar="NAME,…", help="make these models, as the portal")
        permissions.add_argument(
            "--as",
            dest="account",
            required=True,
            metavar="USER",
            help="an administrator of the server for --set-up, any other account for --check; its password is asked "
            "for, or taken from MLFLOW_TRACKING_PASSWORD",
        )

        change = token.add_mutually_exclusive_group(required=True)
        change.add_argument("--delete-version", nargs=2, metavar=("MODEL", "VERSION"))
        change.add_argument("--delete-model", metavar="MODEL")
        change.add_argument("--rename", nargs=2, metavar=("MODEL", "NAME"))
        change.add_argument("--stage", nargs=4, metavar=("MODEL", "VERSION", "FROM", "TO"))
        token.add_argument("--reason", required=True, help="why; it is recorded")

        kit.add_argument("--models", required=True, metavar="NAME,…")
        kit.add_argument("--alias", required=True)
        kit.add_argument("--custodian", action="append", default=[], metavar="EMAIL", help="at least two")
        kit.add_argument("--hours", type=int, default=168, help="how long it lasts (168; at most 720)")
        kit.add_argument("--out", required=True, type=Path, metavar="FILE", help="the sealed file")
        for part in (token, kit):
            part.add_argument("--by", required=True, metavar="EMAIL", help="the administrator who does it")

    def handle(self, *, part: str, registry: str, **options: Any) -> None:
        from governance.registry.errors import RegistryError

        try:
            getattr(self, f"_{part}")(_registry(registry), options)
        except DomainError as error:
            raise CommandError(say(error.message), returncode=2) from error
        except RegistryError as error:
            raise CommandError(say(error.message), returncode=2) from error

    def _check(self, row: Registry, options: dict[str, Any]) -> None:
        """What a poll would see, and with its consequences: findings, and kits that are noted as used."""
        from governance.gate_report import fetch, named_keys, shortcomings
        from governance.gate_watch import judge_gate

        report = fetch(connect(row))
        with transaction.atomic():
            opened = judge_gate(row, report)
        if report is not None:
            keys = [name if ours else f"{name} (no key of this ledger)" for name, ours in named_keys(report)]
            for name in ("version", "keys", "aliases", "models", "environment_models", "server", "single_use"):
                value = keys if name == "keys" else report.get(name)
                shown = ", ".join(map(str, value)) if isinstance(value, list) else value
                self.stdout.write(f"{name.replace('_', ' '):<20}{shown}")
            self.stdout.write(f"{'tokens used':<20}{len(report.get('uses', ()))}")
            for token in opened:
                self.stdout.write(f"An emergency kit was used: {token.alias} of {token.model} to version {token.new}.")
        if lacks := shortcomings(row, report):
            raise CommandError("\n".join(say(message) for message in lacks), returncode=1)
        self.stdout.write("The gate governs what the policies in force need.")

    def _permissions(self, row: Registry, options: dict[str, Any]) -> None:
        from governance.rights import set_up, try_out

        portal, patterns = connect(row), _words(options["models"])
        other = replace(portal, username=options["account"], password=_password(options["account"]))
        if options["set_up"]:
            made = set_up(other, portal, patterns, _words(options["make"]))
            lines = [(g.right, f"{g.account} on {g.model}: {g.before} → {g.after}") for g in made]
            help_ = "Rights marked ✗ come from a role or from default_permission in the server's own settings."
        else:
            tried = try_out(portal, other, patterns)
            lines = [(t.right, f"{t.account} on {t.model}: {t.what}: {_may(t.allowed)}") for t in tried]
            help_ = "What is marked ✗ must be otherwise: set up the permissions first, with --set-up."
        if not lines:
            raise CommandError(f"No model of {row.name} matches {options['models']}.", returncode=2)
        for right, line in lines:
            self.stdout.write(f"{'✓' if right else '✗'} {line}")
        if not all(right for right, _ in lines):
            raise CommandError(help_, returncode=1)

    def _token(self, row: Registry, options: dict[str, Any]) -> None:
        from governance.actions.gate_tokens import SECONDS, sign_token
        from governance.minting import HEADER

        change, method, path, body = _change(options)
        token = sign_token(registry=row, **change, reason=options["reason"], by=_person(options["by"]))
        self.stdout.write(f"{HEADER}: {token}")
        self.stderr.write(f"Good once, for {SECONDS // 60} minutes, with: {method} {row.address}/api/2.0/mlflow/{path}")
        self.stderr.write(body)

    def _kit(self, row: Registry, options: dict[str, Any]) -> None:
        from governance.actions.emergency import make_kit

        path: Path = options["out"]
        if path.exists():
            raise CommandError(f"{path} exists.", returncode=2)
        if not os.access(path.parent, os.W_OK):  # found out before anything is sealed: passphrases are said once
            raise CommandError(f"{path.parent} is no folder that can be written to.", returncode=2)
        kit, passphrases = make_kit(
            registry=row,
            models=_words(options["models"]),
            alias=options["alias"],
            custodians=[_person(email) for email in options["custodian"]],
            hours=options["hours"],
            by=_person(options["by"]),
        )
        path.write_text(kit.sealed, "utf-8")
        self.stdout.write(f"{path} is sealed until {kit.expires_at:%Y-%m-%d %H:%M %Z}. Any two of these open it:")
        for name, passphrase in passphrases.items():
            self.stdout.write(f"  {passphrase}  {name}")
        self.stderr.write("The passphrases are shown this once and kept nowhere: give each to its custodian alone.")


def _change(options: dict[str, Any]) -> tuple[dict[str, Any], str, str, str]:
    """The change of a token, and the request that it is for."""
    import json

    if given := options["delete_version"]:
        change = {"action": "version.delete", "model": given[0], "old": given[1]}
        request = ("DELETE", "model-versions/delete", {"name": given[0], "version": given[1]})
    elif given := options["delete_model"]:
        change = {"action": "model.delete", "model": given}
        request = ("DELETE", "registered-models/delete", {"name": given})
    elif given := options["rename"]:
        change = {"action": "model.rename", "model": given[0], "new": given[1]}
        request = ("POST", "registered-models/rename", {"name": given[0], "new_name": given[1]})
    else:
        model, version, before, after = options["stage"]
        change = {"action": "stage.set", "model": model, "alias": after, "old": before, "new": version}
        body = {"name": model, "version": version, "stage": after, "archive_existing_versions": False}
        request = ("POST", "model-versions/transition-stage", body)
    method, path, body = request
    return change, method, path, json.dumps(body, ensure_ascii=False)


def _registry(name: str) -> Registry:
    rows = {key: row for row in Registry.objects.all() for key in (row.name, row.slug)}
    if name not in rows:
        known = ", ".join(sorted({row.slug for row in rows.values()})) or "none"
        raise CommandError(f"There is no registry {name!r}. Known: {known}.", returncode=2)
    return rows[name]


def _person(email: str) -> User:
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise CommandError(f"Nobody signs in as {email}.", returncode=2)
    return user


def _password(account: str) -> str:
    if "MLFLOW_TRACKING_PASSWORD" in os.environ:
        return os.environ["MLFLOW_TRACKING_PASSWORD"]
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass(f"Password of {account} at the MLflow server: ")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _may(allowed: bool) -> str:
    return "allowed" if allowed else "refused"
