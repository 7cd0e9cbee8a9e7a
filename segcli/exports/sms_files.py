"""Rendered texts to `sms.csv`, as gateways take them: number, text, encoding, segments, and when to send."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.exports.cells import neutralised, quoted
from segcli.exports.list_files import WrittenFile
from segcli.exports.private_files import LEFT_OUT, PrivateFile
from segcli.messages.sms import text_rows

FILE = "sms.csv"
LOCAL_TIMES = "%Y-%m-%dT%H:%M:%S"
UTC_TIMES = "%Y-%m-%dT%H:%M:%SZ"
COLUMNS = ("customer_id", "phone", "text", "encoding", "segments", "send_at_local", "send_at_utc", "country")


@dataclass(frozen=True)
class WrittenTexts:
    """The file, how many texts and segments are in it, and who got none (LEFT_OUT)."""

    files: list[WrittenFile]
    texts: int
    segments: int
    left_out: pl.DataFrame


def write_texts(run: Path, folder: str, slices: Iterable[pl.DataFrame]) -> WrittenTexts:
    """Writes `<folder>/sms.csv`, which only its owner reads, a row per text in the order of the slices.

    Each slice has customer_id, phone (E.164), text (rendered, with its way to refuse; null where that failed),
    send_at_local and send_at_utc (naive), and country. Raises FileExistsError if the file is there already.
    """
    (run / folder).mkdir(parents=True, exist_ok=True)
    file = PrivateFile(run, f"{folder}/{FILE}")
    left_out = [pl.DataFrame(schema=LEFT_OUT)]
    texts = segments = 0
    try:
        file.write((",".join(COLUMNS) + "\n").encode())
        for part in slices:
            found = text_rows(part)
            left_out.append(found.failures.cast(pl.Schema(LEFT_OUT)))
            texts += found.rows.height
            segments += int(found.rows["segments"].sum())
            file.write(_lines(found.rows), found.rows.height)
    finally:
        file.close()
    return WrittenTexts([file.written], texts, segments, pl.concat(left_out))


def _lines(rows: pl.DataFrame) -> bytes:
    cells = {
        "customer_id": neutralised(pl.col("customer_id")),
        "text": neutralised(pl.col("text")),
        "segments": pl.col("segments").cast(pl.String),
        "send_at_local": pl.col("send_at_local").dt.strftime(LOCAL_TIMES),
        "send_at_utc": pl.col("send_at_utc").dt.strftime(UTC_TIMES),
    }
    line = pl.concat_str((quoted(cells.get(name, pl.col(name)), ",") for name in COLUMNS), separator=",")
    lines = rows.select(pl.concat_str(line, pl.lit("\n"))).to_series()
    text: bytes = lines.str.join("").cast(pl.Binary).item()
    return text
