"""What makes texts dear, told before and after they are rendered: too many segments, and single characters."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import jinja2
import polars as pl

from segcli.messages.front_matter import read_head
from segcli.messages.model import Source
from segcli.messages.sms import (
    PART,
    SHOWN,
    SINGLE,
    UCS2,
    described,
    normalised,
    outside_characters,
    plain_spelling,
    segments,
)
from segcli.problems import Place, Problems

MOST_SEGMENTS = 2
_RUNS = r"^[=+\-@＝＋－＠]"  # what a spreadsheet would run, so that the file has an apostrophe before it
_LEXER = jinja2.Environment()


def lint_text_file(path: Path, key: str | None, problems: Problems) -> None:
    """`lint_text_source` for a file as it was written, where every character has its place."""
    head = read_head(path, Problems())  # what is wrong with the file is told by those who compile it
    if head is None:
        return
    start = head.body_place
    lines = head.body.count("\n") + 1
    places = tuple(Place(start.path, (start.line or 1) + number, 1) for number in range(lines))
    lint_text_source(Source(head.body, False, places), key, problems)


def lint_text_source(source: Source, key: str | None, problems: Problems) -> None:
    """Warns of what the template's own words cost, whatever is put in between them.

    Up to three different characters outside of the alphabet are named, each at its first place; a text with more of
    them is in a language that needs UCS-2. A template that cannot be read is left to those who report that.
    """
    try:
        constants = [(line, text) for line, kind, text in _LEXER.lex(source.text) if kind == "data"]
    except jinja2.TemplateSyntaxError:
        return
    whole = "".join(text for _, text in constants)
    found = _outside(whole)
    if 0 < len(found) <= SHOWN:
        for character in found:
            line, column = _position(source.text, character)
            place = source.place(line)
            message = f"{described(character)} turns the whole text into UCS-2, {SINGLE[UCS2]} characters a segment."
            problems.warn(message, place.moved(column) if place else None, key, _way_out(character))
    count = _segments(whole)
    if count > MOST_SEGMENTS:
        message = f"the words of this text alone need {count} segments, and each is paid for."
        problems.warn(message, source.place(1), key, f"Keep to {MOST_SEGMENTS}: {_room(bool(found))}.")


def lint_texts(rows: pl.DataFrame, place: Place | None, key: str | None, problems: Problems) -> None:
    """Warns of rendered texts (text, encoding, segments) over two segments, in UCS-2 for one character's sake, and that
    a spreadsheet would run.
    """
    run = rows.filter(pl.col("text").str.contains(_RUNS)).height
    if run:
        message = f"{run} of {rows.height} texts begin with a sign that a spreadsheet would run, and get an apostrophe."
        problems.warn(message, place, key, "Begin them with a word.")
    long = rows.filter(pl.col("segments") > MOST_SEGMENTS)
    if not long.is_empty():
        most, wide = max(long["segments"].to_list()), (long["encoding"] == UCS2).any()
        message = f"{long.height} of {rows.height} texts need more than {MOST_SEGMENTS} segments, the longest {most}."
        problems.warn(message, place, key, f"{MOST_SEGMENTS} segments are {_room(bool(wide))}.")
    outside = rows.filter(pl.col("encoding") == UCS2).select(outside_characters(pl.col("text")).alias("outside"))
    alone = outside.filter(pl.col("outside").list.len() == 1).select(pl.col("outside").list.first()).to_series()
    for character, count in sorted(Counter(alone.to_list()).items(), key=lambda item: (-item[1], item[0]))[:SHOWN]:
        message = f"{count} of {rows.height} texts fall into UCS-2 because of {described(character)} alone."
        problems.warn(message, place, key, _way_out(character))


def _room(wide: bool) -> str:
    return f"{2 * PART[UCS2]} characters in UCS-2" if wide else f"{2 * PART['GSM-7']} characters"


def _way_out(character: str) -> str | None:
    written = plain_spelling(character)
    if written is None:
        return None
    return f"Write {written!r} in its place." if written.strip() else "Leave it out, or write a plain space."


def _outside(text: str) -> list[str]:
    found = pl.DataFrame({"text": [text]}).select(outside_characters(normalised(pl.col("text"))).alias("found"))
    return list(found["found"].item())


def _segments(text: str) -> int:
    return int(segments(pl.DataFrame({"text": [text]}).select(normalised(pl.col("text"))).to_series()).item())


def _position(text: str, character: str) -> tuple[int, int]:
    """Line (from 1) and column (from 0) of the first occurrence; of a composed character its first letter."""
    at = max(text.find(character), 0)
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1)
