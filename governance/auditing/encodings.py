"""Text tables in the encodings that people send: UTF-8, or Shift_JIS, which is turned into UTF-8 first."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from governance.auditing.places import SetError

CHUNK = 2**20
LOOKED_AT = 100_000  # signs
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
PARQUET_MAGIC = b"PAR1"
NAMED = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
LEVEL_ONE = range(0x81, 0xA0)  # lead bytes of kana and of the kanji in common use
HALF_KANA = range(0xFF61, 0xFFA0)


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
        head = file.read(4)
    encoding = "utf-8" if head == PARQUET_MAGIC or suffix not in (".csv", ".tsv", ".txt") else _encoding(path, head)
    if encoding == "utf-8":
        if path != table:
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
    """Whether the text reads as Japanese: letters with accents of western text decode too, to rare signs.

    Signs in common use must be the greater part of all that is not ASCII. Half-width kana count where they stand
    together, as they do in words.
    """
    common = strange = 0
    with path.open(encoding="cp932", newline="") as file:
        while common + strange < LOOKED_AT and (text := file.read(CHUNK)):
            for word in NOT_ASCII.findall(text):
                half = sum(ord(sign) in HALF_KANA for sign in word)
                usual = sum(sign.encode("cp932")[0] in LEVEL_ONE for sign in word)
                common += usual + (half if half > 1 else 0)
                strange += len(word) - usual - (half if half > 1 else 0)
    return common > strange
