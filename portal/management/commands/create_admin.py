"""`manage.py create_admin`: the first administrator, and further ones."""

from __future__ import annotations

import getpass
import sys

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from portal.accounts.actions import create_administrator
from portal.web.errors import DomainError


class Command(BaseCommand):
    help = "Make an administrator."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--email", help="the address to sign in with")
        parser.add_argument("--name", help="the full name, as records show it")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *, email: str | None, name: str | None, password_stdin: bool, **options) -> None:
        if password_stdin and not (email and name):
            raise CommandError("With --password-stdin give --email and --name too.")
        email = email or input("Email address: ").strip()
        name = name or input("Name: ").strip()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email!r} is no email address. Give one with --email.") from error
        if not name:
            raise CommandError("Give a name with --name.")
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else self._asked()
        try:
            user = create_administrator(email=email, name=name, password=password)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{user.email} is an administrator.")

    @staticmethod
    def _asked() -> str:
        try:
            first, second = getpass.getpass("Password: "), getpass.getpass("Once more: ")
        except EOFError:
            raise CommandError("There is no terminal to ask for a password. Give it with --password-stdin.") from None
        if first != second:
            raise CommandError("The two passwords differ.")
        return first
