"""The Japanese catalogue: complete, compiled, and with the same places as the English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext

from portal.management.commands.translations import CATALOGUE, settle
from portal.message import registered

PLACE = re.compile(r"%\((\w+)\)[sd]")


@pytest.fixture(scope="module")
def catalogue():
    from babel.messages.pofile import read_po

    with CATALOGUE.open("rb") as file:
        return [message for message in read_po(file, locale="ja") if message.id]


def test_nothing_is_untranslated_or_fuzzy(catalogue):
    assert not [message.id for message in catalogue if not message.string or message.fuzzy]


def test_translations_have_the_same_places(catalogue):
    wrong = [m.id for m in catalogue if set(PLACE.findall(str(m.string))) - set(PLACE.findall(str(m.id)))]
    assert not wrong


def test_the_compiled_catalogue_is_that_of_the_source(catalogue, tmp_path):
    from babel.messages.mofile import read_mo

    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = {(m.context, m.id): m.string for m in read_mo(file) if m.id}
    assert {(_text(context), key): string for (context, key), string in compiled.items()} == {
        (m.context, m.id): m.string for m in catalogue
    }


def test_the_catalogue_stands_as_the_command_writes_it(tmp_path):
    """Else the next string would bring a change of thousands of lines."""
    again = tmp_path / "django.po"
    again.write_bytes(CATALOGUE.read_bytes())
    settle(again)
    assert again.read_bytes() == CATALOGUE.read_bytes()


def test_a_guess_is_left_out(tmp_path):
    po = tmp_path / "django.po"
    head = CATALOGUE.read_text("utf-8").split("\n\n", 1)[0]
    po.write_text(
        f'{head}\n\n#, fuzzy\n#| msgid "It passes"\nmsgid "It fails"\nmsgstr "合格です"\n\nmsgid "A"\nmsgstr "甲"\n',
        "utf-8",
    )
    settle(po)
    entries = po.read_text("utf-8").split("\n\n")[1:]
    assert [entry.strip() for entry in entries if entry.strip()] == [
        'msgid "A"\nmsgstr "甲"',
        'msgid "It fails"\nmsgstr ""',
    ]


def _text(context):
    return context.decode() if isinstance(context, bytes) else context


def test_every_stored_message_has_japanese():
    with translation.override("ja"):
        missing = [
            code
            for code, text in registered().items()
            if not code.startswith("test.") and gettext(text) == text and re.search("[a-z]{3} ", text)
        ]
    assert not missing


def test_every_string_of_the_sources_is_in_the_catalogue(catalogue):
    """A string marked in a template or module that is not extracted would show in English."""
    known = {str(message.id).replace("%%", "%") for message in catalogue}
    root = Path(__file__).resolve().parent.parent
    marked = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")
    lost = {
        next(filter(None, found))
        for path in (root / "templates").rglob("*.html")
        for found in marked.findall(path.read_text("utf-8"))
    } - known
    assert not lost
