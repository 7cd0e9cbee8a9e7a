"""How rendered text is spelled in a file: plain, 8bit or quoted-printable (RFC 2045), one value or a column at once.

A message is put together from pieces: the constants of its template, each coded once, and the values of a recipient.
Every piece of quoted-printable ends at the end of a line, with a soft break (`=`, CRLF) unless its own last character
is a line's end, so that pieces follow each other freely. `encode` and `encode_column` give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from functools import cache
from itertools import compress
from typing import cast

import polars as pl

# How a boundary between the parts of an email begins. No quoted-printable text has this in it.
BOUNDARY = "=_"
LONGEST_LINE = 998  # bytes of a line of mail without its end (RFC 5322)


class Coding(StrEnum):
    """What a rendered text is coded as; the values are those of Content-Transfer-Encoding, and `plain`."""

    PLAIN = "plain"
    QUOTED_PRINTABLE = "quoted-printable"
    EIGHT_BIT = "8bit"


PLAIN, QUOTED_PRINTABLE, EIGHT_BIT = Coding.PLAIN, Coding.QUOTED_PRINTABLE, Coding.EIGHT_BIT

# A line of quoted-printable is cut after 71 to 73 characters, never inside `=C3`: with two more for a first character
# that must be coded, and the `=`, it has 76 at most.
_CUT = 71
_LINES = re.compile(r"[^\n]{71}(?:[^=\n]{2}|[^=\n])?")
_CODED = re.compile(r"[^\t\n !-<>-~]")
_LINE_END_SPACE = re.compile(r"[ \t](?=\n)")
_FIRST = re.compile(r"^(?:\.|F(?=rom ))", re.MULTILINE)  # `.` ends a mail for a server, `From ` begins one in an mbox
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;"}
_TAG = re.compile(r"<(?:table|tr|td|div|p|a|img|span) ")
_LONG_CONSTANT = 100  # bytes of a line of HTML, from which on the next tag is broken
# Blank lines that follow each other; the group is what is left of them.
_BLANK_LINES = {
    PLAIN: r"\A\n+|(\n\n)\n+",
    EIGHT_BIT: r"\A(?:\r\n)+|(\r\n\r\n)(?:\r\n)+",
    # The line end behind a `=` ends no line of the text.
    QUOTED_PRINTABLE: r"\A(?:\r\n)+|([^=\n]\r\n\r\n|=\r\n\r\n\r\n)(?:\r\n)+",
}
_ODD, _ENDS = "[<>'\"]", "[\r\n]"
_MANY = 500  # values, from which on it pays to look for equal ones


def encode(text: str, coding: Coding, escape: bool) -> str:
    """One value as it stands in the output; with `escape` as HTML. What has `__html__` is escaped already."""
    if escape:
        text = text.__html__() if hasattr(text, "__html__") else _escaped(text)
    if coding is QUOTED_PRINTABLE:
        return _quoted_printable(text)
    return _crlf(text) if coding is EIGHT_BIT else text


def _escaped(text: str) -> str:
    for character, name in _HTML.items():
        if character in text:
            text = text.replace(character, name)
    return text


def encode_constant(text: str, coding: Coding, html: bool) -> str:
    """A constant of a template, which is never escaped; 8bit HTML gets more line breaks, inside of tags."""
    if coding is EIGHT_BIT and html:
        return _crlf("\n".join(_with_breaks(line) for line in text.split("\n")))
    return encode(text, coding, escape=False)


def _crlf(text: str) -> str:
    if "\n" not in text and "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def _quoted_printable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return _one_line_in_quoted_printable(text.replace("=", "=3D"))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CODED.sub(lambda found: _in_hex(found[0]), text)
    text = _LINE_END_SPACE.sub(lambda found: _in_hex(found[0]), text)
    if len(text) >= _CUT:
        text = _LINES.sub("\\g<0>=\n", text)
    text = _FIRST.sub(lambda found: _in_hex(found[0]), text)
    if text and not text.endswith("\n"):
        text += "=\n"
    return text.replace("\n", "\r\n")


def _one_line_in_quoted_printable(rest: str) -> str:
    """What most values are: without a line's end, and with nothing left to code but what a line begins with."""
    lines = ""
    while rest:
        cut = _CUT if rest[_CUT : _CUT + 1] == "=" else _CUT + 1 if rest[_CUT + 1 : _CUT + 2] == "=" else _CUT + 2
        line, rest = rest[:cut], rest[cut:]
        if line.startswith((".", "From ")):
            line = _in_hex(line[0]) + line[1:]
        lines += line + "=\r\n"
    return lines


@cache
def _in_hex(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode())


def _with_breaks(line: str) -> str:
    """A long line of HTML with the space after a tag's name, now and then, as a line break."""
    pieces, start = [], 0
    for tag in _TAG.finditer(line):
        if tag.start() - start >= _LONG_CONSTANT:
            pieces.append(line[start : tag.end() - 1])
            start = tag.end()
    return "\n".join([*pieces, line[start:]])


def with_single_blank_lines(text: str, coding: Coding) -> str:
    """A whole text with one blank line where several follow each other, and none at its beginning."""
    return re.sub(_BLANK_LINES[coding], lambda found: found[1] or "", text)


def single_blank_lines(text: pl.Expr, coding: Coding) -> pl.Expr:
    """The same of a column."""
    return text.str.replace_all(_BLANK_LINES[coding], "${1}")


def wrapped(text: str) -> str:
    """8bit text with no line over 998 bytes: a longer one is cut at its last space in time, or in mid-word."""
    if max(map(len, text.encode().split(b"\r\n"))) <= LONGEST_LINE:
        return text
    return "\r\n".join(piece for line in text.split("\r\n") for piece in _short_lines(line))


def _short_lines(line: str) -> Iterable[str]:
    rest = line.encode()
    while len(rest) > LONGEST_LINE:
        cut = rest.rfind(b" ", 1, LONGEST_LINE + 1)
        space = 1 if cut > 0 else 0
        if not space:
            cut = LONGEST_LINE
            while rest[cut] & 0xC0 == 0x80:  # inside of a character
                cut -= 1
        yield rest[:cut].decode()
        rest = rest[cut + space :]
    yield rest.decode()


def coded_columns(
    texts: pl.DataFrame, height: int, coding: Coding, escaped: Collection[str]
) -> dict[str, list[pl.Series | str]]:
    """For each column of Strings, columns and constants that joined by row are `encode` of its values; nulls stay null.

    The `escaped` columns are escaped as HTML. A frame of one row stands for `height` equal ones. Where few values are
    distinct, each of them is coded once.
    """
    if not texts.width:
        return {}
    many = texts.height > _MANY
    seen = texts.select(
        question
        for number, name in enumerate(texts.columns)
        for question in (
            pl.col(name).eq_missing(pl.col(name).first()).all().alias(f"{number} same"),
            (pl.col(name).approx_n_unique() * 8 < texts.height if many else pl.lit(value=False)).alias(f"{number} few"),
        )
    ).row(0, named=True)
    coded: dict[str, list[pl.Series | str]] = {}
    own: list[str] = []  # columns whose values are coded each
    for number, name in enumerate(texts.columns):
        values, escape = texts[name], name in escaped
        if texts.height and (texts.height == 1 or seen[f"{number} same"]):
            first = values[0]
            nothing = pl.repeat(None, height, dtype=pl.String, eager=True)
            coded[name] = [nothing if first is None else encode(first, coding, escape)]
        elif seen[f"{number} few"]:
            coded[name] = [_each_distinct(values, coding, escape)]
        elif coding is QUOTED_PRINTABLE:
            coded[name] = _column_in_quoted_printable(values, escape)
        else:
            own.append(name)
    return coded | {name: [values] for name, values in _safe_columns(texts.select(own), coding, escaped).items()}


def _each_distinct(values: pl.Series, coding: Coding, escape: bool) -> pl.Series:
    kinds = values.cast(pl.Categorical(pl.Categories.random()))
    each = kinds.unique().drop_nulls()
    codes = each.to_physical()
    coded = [encode(value, coding, escape) for value in each.cast(pl.String)]
    table = pl.repeat("", cast(int, codes.max()) + 1, dtype=pl.String, eager=True).scatter(codes, coded)
    return table.gather(kinds.to_physical())


def _safe_columns(texts: pl.DataFrame, coding: Coding, escaped: Collection[str]) -> dict[str, pl.Series]:
    """The columns escaped and with CRLF where they have to be; all are looked at in one pass."""
    asked = [
        (name, question)
        for name in texts.columns
        for question in (*((_ODD, "&") if name in escaped else ()), *((_ENDS,) if coding is EIGHT_BIT else ()))
    ]
    answers = (pl.col(name).str.contains(question).any().alias(str(n)) for n, (name, question) in enumerate(asked))
    found = set(compress(asked, texts.select(answers).row(0))) if asked else set()
    columns = {}
    for name in texts.columns:
        values = texts[name]
        if (name, _ODD) in found:
            odd = values.str.contains(f"{_ODD}|&")
            values = _where(odd, values, lambda some: some.str.replace_many(list(_HTML), list(_HTML.values())))
        elif (name, "&") in found:
            values = values.str.replace_all("&", "&amp;", literal=True)
        if (name, _ENDS) in found:
            values = values.str.replace_all("\r\n?", "\n").str.replace_all("\n", "\r\n", literal=True)
        columns[name] = values
    return columns


def _column_in_quoted_printable(values: pl.Series, escape: bool) -> list[pl.Series | str]:
    many_lines = values.str.contains("[\r\n]").fill_null(value=False)
    if many_lines.any():  # seldom, so one by one
        coded = values.filter(many_lines).map_elements(
            lambda value: encode(value, QUOTED_PRINTABLE, escape), return_dtype=pl.String
        )
        values = _where(many_lines, values, lambda some: pl.repeat("", len(some), dtype=pl.String, eager=True))
    lines: list[pl.Series | str] = []
    rest = _in_safe_characters(values, escape)
    while (rest.str.len_bytes() >= _CUT).any():
        line, rest = _cut(rest)
        lines += [_with_first_coded(line), _soft_break(line)]
    pieces = [*lines, _with_first_coded(rest), _soft_break(rest)]
    if many_lines.any():
        pieces[0] = _where(many_lines, cast(pl.Series, pieces[0]), lambda _: coded)
    return pieces


def _in_safe_characters(values: pl.Series, escape: bool) -> pl.Series:
    if escape:
        values = values.str.replace_all("&", "&amp;", literal=True)
    values = values.str.replace_all("=", "=3D", literal=True)
    odd = values.str.contains("[^\t !#-&(-;=?-~]" if escape else "[^\t -~]")
    return _where(odd, values, lambda some: _odd_in_safe_characters(some, escape))


def _odd_in_safe_characters(values: pl.Series, escape: bool) -> pl.Series:
    table = {character: name for character, name in _HTML.items() if character != "&"} if escape else {}
    found = sorted(set("".join(values.str.replace_all("[\t -~]+", "").unique())))
    table |= {character: _in_hex(character) for character in found if not _is_easy(character)}
    return values.str.replace_many(list(table), list(table.values()))


def _is_easy(character: str) -> bool:
    return character == "\t" or " " <= character <= "~"


def _cut(rest: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The first line of each value, and what is left of it."""
    frame = pl.DataFrame({"rest": rest, "first": rest.str.slice(_CUT, 1), "second": rest.str.slice(_CUT + 1, 1)})
    one, two = pl.col("first") == "=", pl.col("second") == "="
    text = pl.col("rest").str
    cut = frame.select(
        line=pl.when(one)
        .then(text.slice(0, _CUT))
        .when(two)
        .then(text.slice(0, _CUT + 1))
        .otherwise(text.slice(0, _CUT + 2)),
        rest=pl.when(one).then(text.slice(_CUT)).when(two).then(text.slice(_CUT + 1)).otherwise(text.slice(_CUT + 2)),
    )
    return cut["line"], cut["rest"]


def _with_first_coded(line: pl.Series) -> pl.Series:
    dot, sender = line.str.starts_with("."), line.str.starts_with("From ")
    if dot.any():
        line = _where(dot, line, lambda some: "=2E" + some.str.slice(1))
    return _where(sender, line, lambda some: "=46" + some.str.slice(1)) if sender.any() else line


def _soft_break(line: pl.Series) -> pl.Series | str:
    """What ends a line of each value; nothing after an empty one."""
    some = line.str.len_bytes() > 0
    if some.all():
        return "=\r\n"
    return pl.DataFrame({"some": some}).select(pl.when("some").then(pl.lit("=\r\n")).otherwise(pl.lit("")))["literal"]


def _where(rows: pl.Series, values: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """The values with those of some rows changed."""
    found = rows.arg_true()
    if not len(found):
        return values
    if len(found) == len(values):
        return change(values)
    count = len(values)
    order = pl.arange(0, count, eager=True).scatter(found, pl.arange(count, count + len(found), eager=True))
    return pl.concat([values, change(values.filter(rows))]).gather(order)
