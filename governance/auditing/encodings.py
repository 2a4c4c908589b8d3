"""Text tables in the encodings that people send: UTF-8, or Shift_JIS, which is turned into UTF-8 first."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from governance.auditing.places import SetError

CHUNK = 2**20
HEAD = 4096
TEXTS = (".csv", ".tsv", ".txt")
PARQUET_MAGIC = b"PAR1"
NAMED = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
LEVEL_ONE = range(0x81, 0xA0)  # lead bytes of kana and of the kanji in common use
HALF_KANA = re.compile("[\uff61-\uff9f]{2,}")


def readable(path: Path, folder: Path) -> Path:
    """A name of ours for the file, or a copy in UTF-8; a reader would take `*` or `[` in a name for a pattern.

    Raises
    ------
    SetError
        The text is in no encoding that can be told, or in two of them.
    """
    suffix = path.suffix.lower()
    table = folder / f"evaluation{suffix}"
    with path.open("rb") as file:
        head = file.read(HEAD)
    is_text = suffix in TEXTS and not head.startswith(PARQUET_MAGIC)
    encoding = _encoding(path, head) if is_text else "utf-8"
    if encoding == "utf-8":
        if path != table:
            table.unlink(missing_ok=True)  # the same set may be read twice, in two roles
            table.symlink_to(path)
        return table
    table = folder / f"evaluation.utf8{suffix}"
    with path.open(encoding=encoding, newline="") as source, table.open("w", encoding="utf-8", newline="") as target:
        while text := source.read(CHUNK):
            target.write(text)
    return table


def _encoding(path: Path, head: bytes) -> str:
    for mark, name in NAMED.items():
        if head.startswith(mark):
            if not _decodes(path, name):
                raise SetError("set.encoding_mixed", encoding=name)
            return name
    if b"\0" in head:  # no text, or UTF-16 without its mark
        raise SetError("set.encoding")
    if _decodes(path, "utf-8"):
        return "utf-8"
    if _decodes(path, "cp932") and _is_japanese(path):
        return "cp932"
    raise SetError("set.encoding")


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(CHUNK):
                pass
    except UnicodeError:
        return False
    return True


def _is_japanese(path: Path) -> bool:
    """Whether the text reads as Japanese throughout.

    Western letters with accents decode too, to rare signs: signs in common use must be the greater part of all that
    is not ASCII, half-width kana counting where they stand together. And no line may be UTF-8.
    """
    common = strange = 0
    with path.open("rb") as file:
        for line in file:
            if line.isascii():
                continue
            if _is_wide_utf8(line):
                return False
            text = line.decode("cp932")
            usual = sum(sign.encode("cp932")[0] in LEVEL_ONE for sign in text if not sign.isascii())
            usual += sum(map(len, HALF_KANA.findall(text)))
            common += usual
            strange += sum(not sign.isascii() for sign in text) - usual
    return common > strange


def _is_wide_utf8(line: bytes) -> bool:
    """UTF-8 with signs beyond the alphabets of the west, which Shift_JIS does not look like by chance."""
    try:
        return max(line.decode()) > "\u0800"
    except UnicodeDecodeError:
        return False
