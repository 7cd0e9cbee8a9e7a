"""Records of a CSV file dropped or changed, and every other byte left as it is."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (b"", "utf-8"))
# Cells of a record under the cells of the header -> the cells that it is to have, or None to drop it.
Change = Callable[[list[str], list[str]], list[str] | None]


@dataclass(frozen=True)
class ChangedRecords:
    """A file's new content, and how many of its records were dropped and how many changed."""

    content: bytes
    dropped: int
    changed: int


def text_of(content: bytes) -> tuple[str, bytes, str]:
    """The text of a file, its byte order mark and its encoding; of what is no UTF every byte is a letter."""
    mark, codec = next(pair for pair in MARKS if content.startswith(pair[0]))
    try:
        return content[len(mark) :].decode(codec), mark, codec
    except UnicodeDecodeError:
        return content.decode("latin-1"), b"", "latin-1"


def change_records(content: bytes, suspect: str, change: Change) -> ChangedRecords:
    """Asks `change` about every record that the regular expression `suspect` (Polars, any case) finds something in."""
    text, mark, codec = text_of(content)
    if not pl.Series([text]).str.contains(f"(?im){suspect}").item():
        return ChangedRecords(content, 0, 0)
    end = "\n" if text.endswith("\n") else ""
    lines = _numbered(text.removesuffix("\n").split("\n"))
    header = _cells(_joined(lines.filter(number=0))["line"][0], (separator := _separator(lines["line"][0])))
    found = lines.filter(pl.col("line").str.contains(f"(?i){suspect}") & (pl.col("number") > 0))
    suspects = _joined(lines.join(found, on="number", how="semi"))
    dropped: list[int] = []
    changed: dict[int, str] = {}
    for number, record in suspects.iter_rows():
        cells = _cells(record, separator)
        after = change(cells, header)
        if after is None:
            dropped.append(number)
        elif after != cells:
            changed[number] = _line(after, separator) + ("\r" if record.endswith("\r") else "")
    if not dropped and not changed:
        return ChangedRecords(content, 0, 0)
    rest = lines.filter(~pl.col("number").is_in([*dropped, *changed]))
    new = pl.DataFrame({"number": list(changed), "line": list(changed.values())}, schema=lines.schema)
    whole = pl.concat([rest, new]).sort("number", maintain_order=True)["line"].str.join("\n").item() + end
    return ChangedRecords(mark + whole.encode(codec), len(dropped), len(changed))


def _numbered(lines: list[str]) -> pl.DataFrame:
    """number, line: which record each line is of; one within quotes goes on in the next line."""
    quotes = pl.col("line").str.count_matches('"', literal=True).cast(pl.Int64)
    begins = (quotes.cum_sum() - quotes) % 2 == 0
    return pl.DataFrame({"line": lines}).select(begins.cast(pl.Int64).cum_sum().alias("number") - 1, "line")


def _joined(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.group_by("number", maintain_order=True).agg(pl.col("line").str.join("\n"))


def _separator(header: str) -> str:
    return max((";", "\t", ","), key=header.count)


def _cells(record: str, separator: str) -> list[str]:
    return next(csv.reader(io.StringIO(record.removesuffix("\r"), newline=""), delimiter=separator), [])


def _line(cells: list[str], separator: str) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator, lineterminator="").writerow(cells)
    return written.getvalue()
