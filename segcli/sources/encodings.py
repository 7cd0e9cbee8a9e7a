"""Bytes -> the encoding that they are in, decided by evidence; what is no table at all is named."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable

from segcli.sources.source_file import UnreadableFileError

# What people drop on a command line instead of a table: how it begins, what it is, the way out.
NOT_TABLES: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "this is a zip archive", "Unpack it first."),
    (b"\xd0\xcf\x11\xe0", "this is an old Excel file", "Open it and save it as CSV UTF-8."),
    (b"%PDF", "this is a PDF", "Export the data as CSV."),
    (b"BZh", "this is compressed with bzip2", "Unpack it first, or use gzip."),
    (b"\xfd7zXZ\x00", "this is compressed with xz", "Unpack it first, or use gzip."),
    (b"\x28\xb5\x2f\xfd", "this is compressed with zstd", "Unpack it first, or use gzip."),
    (b"7z\xbc\xaf\x27\x1c", "this is a 7z archive", "Unpack it first."),
    (b"Rar!", "this is a RAR archive", "Unpack it first."),
    (b"SQLite format 3", "this is an SQLite database", "Export its tables as CSV."),
    (b"ARROW1", "this is an Arrow file", "Write it as Parquet."),
    (b"\x89PNG", "this is a picture", "Export the data as CSV."),
    (b"\xff\xd8\xff", "this is a picture", "Export the data as CSV."),
)
MARKUP: tuple[tuple[bytes, str, str], ...] = (
    (b"<!doctype html", "this is a web page", "Perhaps the download needed a login? Export the data as CSV."),
    (b"<html", "this is a web page", "Perhaps the download needed a login? Export the data as CSV."),
    (b"<?xml", "this is XML", "Export the data as CSV."),
)
BYTE_ORDER_MARKS = (  # UTF-32 first: its mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
NAMES = {"cp1252": "Windows-1252 (Western European)", "cp1254": "Windows-1254 (Turkish)"}
WAY_OUT = "Save it as CSV UTF-8."

ASCII = bytes(range(0x80))
UTF8_LETTER = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
# The only letters in which cp1252 and cp1254 differ: Ğ İ Ş ğ ı ş, or Ð Ý Þ ð ý þ of Icelandic.
TURKISH_OR_ICELANDIC = b"\xd0\xdd\xde\xf0\xfd\xfe"
# Á Æ Í Ó Ú á æ í ó ú: as common in Icelandic as they are foreign to Turkish.
NOT_TURKISH = b"\xc1\xc6\xcd\xd3\xda\xe1\xe6\xed\xf3\xfa"
NEITHER = b"\x81\x8d\x8f\x90\x9d"  # not in use in either
ONLY_1252 = b"\x8e\x9e"  # Ž ž
# Words of nothing but such bytes are Cyrillic, Greek, Chinese ...; ¹ ³ ¥ £ ¯ ¿ in a word are Polish or Czech.
FOREIGN_WORD = re.compile(rb"[\x80-\xff]{3,}")
FOREIGN_LETTER = re.compile(rb"(?<=[A-Za-z\xc0-\xff])[\xa3\xa5\xaf\xb3\xb9\xbf](?=[a-z\xc0-\xff])")


def refuse_other_formats(head: bytes) -> None:
    """Raises UnreadableFileError for what is no text table, and says what it is."""
    if head.startswith(b"PK\x03\x04") and b"xl/" in head:
        raise UnreadableFileError("this is an Excel file", hint="Open it and save it as CSV UTF-8.")
    start = head[:1000].lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower()
    for beginning, what, hint in NOT_TABLES:
        if head.startswith(beginning):
            raise UnreadableFileError(what, hint=hint)
    for beginning, what, hint in MARKUP:
        if start.startswith(beginning):
            raise UnreadableFileError(what, hint=hint)


def unicode_encoding(head: bytes) -> str | None:
    """The Unicode encoding of a file that begins with `head` (which may end within a letter), or None."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    if (wide := _wide_without_mark(head)) is not None:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=False)
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _wide_without_mark(head: bytes) -> str | None:
    """UTF-16 that lost its mark shows as a NUL in every other place, since headers are mostly ASCII."""
    pairs = len(head[:2000]) // 2
    even, odd = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.5 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.5 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return None


def encoding_by_letters(chunks: Iterable[bytes]) -> str:
    """`cp1252` or `cp1254` for bytes that are not all UTF-8, by the letters in the whole file.

    `utf-8` where most of them are: then some rows came from elsewhere, and only they are broken. Raises
    UnreadableFileError where the evidence speaks for none of these: reading it would give wrong letters.
    """
    letters: Counter[int] = Counter()
    unicode = words = foreign = 0
    for chunk in chunks:
        letters.update(chunk.translate(None, ASCII))
        unicode += sum(map(len, UTF8_LETTER.findall(chunk)))
        words += sum(map(len, FOREIGN_WORD.findall(chunk)))
        foreign += len(FOREIGN_LETTER.findall(chunk))

    def count(values: bytes) -> int:
        return sum(letters[value] for value in values)

    if unicode > 0.5 * letters.total():
        return "utf-8"
    if count(NEITHER) or words > 0.5 * letters.total() or foreign > 0.2 * letters.total():
        raise UnreadableFileError("not UTF-8, and not Windows-1252 or 1254 either", hint=WAY_OUT)
    if count(TURKISH_OR_ICELANDIC) > count(NOT_TURKISH) and not count(ONLY_1252):
        return "cp1254"
    return "cp1252"


def reading_note(encoding: str, text: str) -> str:
    """What to tell a user whose file is not UTF-8, with a word in which a wrong guess would show."""
    word = re.search(r"\w*[^\W\x00-\x7f]\w*", text)
    example = f", for example {word.group()!r}" if word else ""
    return f"not UTF-8: read as {NAMES.get(encoding, encoding)}{example}"
