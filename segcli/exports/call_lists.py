"""A list for people who call: whom, at which number and time, about what, with room for what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from segcli.exports.cells import cell_text, neutralised, quoted, quoted_text
from segcli.exports.formats import load_format
from segcli.exports.list_files import BYTE_ORDER_MARKS, CODECS, WrittenFile
from segcli.exports.private_files import PrivateFile

FILE = "call_list.csv"
SCORE = "lead_score"
TIMES = "%Y-%m-%d %H:%M"
# Header -> column. A header whose column is not there is left out.
COLUMNS: Mapping[str, str] = {
    "Customer id": "customer_id", "First name": "first_name", "Last name": "last_name", "Phone": "phone",
    "Email": "email", "Language": "language", "City": "city", "Country": "country",
    "Call at (their time)": "send_at_local", "Score": SCORE, "Stage": "lifecycle_stage", "Orders": "orders",
    "Looked at": "products", "Offer": "offer_reward", "Value": "offer_value", "Code": "coupon_code",
    "Code ends": "coupon_expires_at", "What to say": "text",
}  # fmt: skip
TO_FILL_IN = ("Called at", "Result", "Notes")


def write_call_list(run: Path, folder: str, rows: pl.DataFrame) -> WrittenFile:
    """Writes `<folder>/call_list.csv`, which opens in spreadsheets by double click; the highest score comes first.

    `rows` has customer_id and whatever of COLUMNS is known; `text` are the message's words for whoever calls, and
    `products` a list of structs with `name`. Those without a phone are last: there may be an email.
    """
    spelling = load_format("excel").file
    by_heat = [pl.col(SCORE)] if SCORE in rows.columns else []
    reachable = [pl.col("phone").is_not_null()] if "phone" in rows.columns else []
    first = [*reachable, *by_heat]
    ordered = rows.sort([*first, "customer_id"], descending=[*(True for _ in first), False], nulls_last=True)
    cells = call_cells(ordered)
    line = pl.concat_str((quoted(pl.col(name), spelling.separator) for name in cells.columns),
                         separator=spelling.separator)  # fmt: skip
    head = spelling.separator.join(quoted_text(header, spelling.separator) for header in cells.columns)
    lines = [head, *cells.select(line).to_series()]
    text = "".join(each + spelling.line_end for each in lines)
    (run / folder).mkdir(parents=True, exist_ok=True)
    file = PrivateFile(run, f"{folder}/{FILE}")
    try:
        file.write(BYTE_ORDER_MARKS[spelling.encoding] + text.encode(CODECS[spelling.encoding]), rows.height)
    finally:
        file.close()
    return file.written


def call_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """The list's columns under their headers as text, null where empty, a row for each of `rows`."""
    cells = {header: _cell(name, rows.schema[name]) for header, name in COLUMNS.items() if name in rows.columns}
    return rows.select(**cells, **{header: pl.lit(None, pl.String) for header in TO_FILL_IN})


def with_words(members: pl.DataFrame, rendered: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The members with what there is to say to them, and when; `rendered` has customer_id, text and send_at_local."""
    words = pl.concat(part.select("customer_id", "text", "send_at_local") for part in rendered)
    rows = members.drop("text", "send_at_local", strict=False)
    return rows.join(words, on="customer_id", how="left", maintain_order="left")


def called(rows: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """The members of a step's list with the products that each is shown; `rows` are the decided ones."""
    if "products" not in rows.columns:
        return members
    return members.join(rows.select("customer_id", "products"), on="customer_id", how="left", maintain_order="left")


def _cell(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return neutralised(column.list.eval(pl.element().struct.field("name").drop_nulls()).list.join("; "))
    return cell_text(column, dtype, dates="%Y-%m-%d", times=TIMES)
