"""Which encoding and which separator a text has."""

from __future__ import annotations

import pytest

from segcli.sources.encodings import encoding_by_letters, reading_note, unicode_encoding
from segcli.sources.source_file import UnreadableFileError
from segcli.sources.text import decode_head, separator_of


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("İstanbul'da ışık, çiçek, şeker, doğa", "cp1254"),
        ("Çöl Gülü", "cp1252"),  # the same letters in both
        ("Ærlig Ólafur, Sigríður Þórsdóttir", "cp1252"),
        ("Žižek, œuvre, 5 €, “naïve”", "cp1252"),
        ("Małgorzata Wiśniewska, Łódź; Stanisław Dąbrowski, Kołobrzeg", None),
        ("Привет, мир", None),
        ("Καλημέρα κόσμε", None),
    ],
)
def test_letters_tell_the_encoding_or_that_it_is_another(text: str, encoding: str | None) -> None:
    written_in = encoding or ("cp1250" if "ł" in text.lower() else "cp1251" if "П" in text else "cp1253")
    chunks = [text.encode(written_in)]
    if encoding is None:
        with pytest.raises(UnreadableFileError, match="not UTF-8, and not"):
            encoding_by_letters(chunks)
    else:
        assert encoding_by_letters(chunks) == encoding


def test_mostly_unicode_stays_unicode() -> None:
    assert encoding_by_letters(["Müller Zoë".encode(), b" M\xfcller"]) == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_head_may_end_within_a_letter(encoding: str) -> None:
    head = "id,name\nş".encode(encoding)[:-1]
    assert unicode_encoding(head) == encoding
    assert decode_head(head, encoding) == "id,name\n"


def test_the_note_shows_a_word_in_which_a_wrong_guess_would_show() -> None:
    assert reading_note("cp1254", "id,name\n1,Ayşe Kaya") == (
        "not UTF-8: read as Windows-1254 (Turkish), for example 'Ayşe'"
    )


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        (["a,b\n"], ","),
        (["email\n", "a;b@example.com\n"], ","),
        (["a;b, c;d\n", "1;2,5;3\n"], ";"),
        (["a,b,c\n", '1,"x;y",2\n', "1;2;3,4\n"], ","),
        (["a\tb, c\td\n", "1\t2\t3\n"], "\t"),
        (['"a|b"|c\n', "1|2\n"], "|"),
        (["a;b;c\n", "1;2\n", "1;2;3;4\n", "1;2;3\n"], ";"),
    ],
)
def test_the_separator_gives_most_columns_that_rows_agree_with(lines: list[str], separator: str) -> None:
    assert separator_of(lines) == separator
