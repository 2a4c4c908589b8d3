"""`manage.py keys`: the keys that sign the ledger. To be run where the worker that signs runs, as its user."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from portal.web.errors import DomainError


class Command(BaseCommand):
    requires_system_checks = []
    help = "Create, list, rotate, retire and denounce the keys that sign the ledger, and print the public ones."

    def add_arguments(self, parser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        told = {
            "create": "make a key where none is active",
            "list": "all keys: what they sign, and which lies on this host",
            "rotate": "put a new key in the place of the active one; both sign the checkpoint between",
            "retire": "end the active key without another: nothing is signed until one is made",
            "compromised": "declare that a key was in other hands; a new one takes its place at once",
            "public": "print the public keys that are believed, base64, one a line",
        }
        made = {name: actions.add_parser(name, help=text) for name, text in told.items()}
        for name in ("retire", "compromised"):
            made[name].add_argument("key", help="the id of the key, as in `keys list`")
        for name in ("rotate", "retire", "compromised"):
            made[name].add_argument("--reason", required=True, help="stands in the records")
        for name in ("create", "rotate", "retire", "compromised"):
            made[name].add_argument("--by", metavar="EMAIL", help="the administrator who does this")
        made["compromised"].add_argument(
            "--from", dest="from_size", type=int, metavar="SIZE",
            help="from which checkpoint size on it is not believed (default: from now on)",
        )  # fmt: skip

    def handle(self, *args, **options) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _create(self, options) -> None:
        from portal.ledger.key_actions import create_key

        self._made(create_key(by=person(options["by"])))

    def _rotate(self, options) -> None:
        from portal.ledger.key_actions import rotate_key

        self._made(rotate_key(reason=options["reason"], by=person(options["by"])))

    def _retire(self, options) -> None:
        from portal.ledger.key_actions import retire_key

        key = retire_key(key_id=options["key"], reason=options["reason"], by=person(options["by"]))
        self.stdout.write(f"Key {key.key_id} is retired; it signed up to {key.until_size}. No key is active now.")

    def _compromised(self, options) -> None:
        from portal.ledger.key_actions import compromise_key

        whole = {"key_id": options["key"], "from_size": options["from_size"], "reason": options["reason"]}
        key = compromise_key(**whole, by=person(options["by"]))
        self.stdout.write(f"Key {options['key']} is not believed any more.")
        if key:
            self._made(key)

    def _made(self, key) -> None:
        from portal.ledger.keyring import folder

        self.stdout.write(f"Key {key.key_id} signs from {key.since_size} on; its file lies in {folder()}.")
        self.stdout.write(f"Public key: {key.public}")
        self.stdout.write("Give the public key to auditors and to the MLflow server (SEKISHO_PUBLIC_KEY).")

    def _list(self, options) -> None:
        from portal.ledger.keyring import current_signer
        from portal.ledger.models import SigningKey

        here = current_signer()
        for key in SigningKey.objects.order_by("id"):
            until = "" if key.until_size is None else f" to {key.until_size}"
            place = ", on this host" if here and here.id == key.key_id else ""
            self.stdout.write(f"{key.key_id}  {key.state:<11} {key.public}  from {key.since_size}{until}{place}")

    def _public(self, options) -> None:
        from portal.ledger.models import KeyState, SigningKey

        for key in SigningKey.objects.exclude(state=KeyState.COMPROMISED).order_by("-id"):
            self.stdout.write(key.public)


def person(email: str | None):
    """The administrator who is named, or nobody: then the records name the system itself."""
    from portal.accounts.models import User

    if not email:
        return None
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None or not person.is_administrator:
        raise CommandError(f"{email} is no administrator.")
    return person
