"""`manage.py translations`: extract every string into the catalogue, and compile it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "ja" / "LC_MESSAGES" / "django.po"
WIDTH = 110


class Command(BaseCommand):
    help = "Bring the Japanese catalogue up to date with the sources (needs gettext), and compile it (needs Babel)."
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("--compile-only", action="store_true", help="compile without extracting")

    def handle(self, *args, **options) -> None:
        if not options["compile_only"]:
            ignored = ["var/*", ".venv/*", "tests/*", "docs/*", "benchmarks/*", "build/*"]
            call_command(
                "makemessages", locale=["ja"], ignore_patterns=ignored, no_location=True, no_obsolete=True, verbosity=0
            )
            settle(CATALOGUE)
        untranslated = compile_catalogue(CATALOGUE)
        if untranslated:
            listed = "\n  ".join(untranslated[:20])
            raise CommandError(f"{len(untranslated)} strings have no Japanese yet:\n  {listed}")
        self.stdout.write("The catalogue is complete and compiled.")


def settle(po: Path) -> None:
    """Write the catalogue sorted and in lines of one width, so that a change shows what changed, and no guesses.

    What gettext guessed for a new string from a similar one is worse than nothing: it is left out.
    """
    from babel.messages.pofile import read_po, write_po

    with po.open("rb") as file:
        catalogue = read_po(file, locale="ja")
    for message in catalogue:
        if message.id and message.fuzzy:
            message.flags.discard("fuzzy")
            message.string, message.user_comments = "", []  # where Babel keeps the string that it was guessed from
    with po.open("wb") as file:
        write_po(file, catalogue, width=WIDTH, sort_output=True)


def compile_catalogue(po: Path) -> list[str]:
    """Write the compiled catalogue beside the source; the strings that are not translated."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with po.open("rb") as file:
        catalogue = read_po(file, locale="ja")
    with po.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    return [str(m.id) for m in catalogue if m.id and (m.fuzzy or not m.string)]
