"""Rows of rendered, coded parts to whole emails: who gets none and why, ids, boundaries and the text of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl
import polars_hash as plh

from segcli.exports.email_addresses import ascii_addresses, unfit_reason
from segcli.exports.email_headers import EmailSettings, head_lines, with_lines
from segcli.messages.coding import BOUNDARY, QUOTED_PRINTABLE

NEEDED = ("customer_id", "key", "send_at_utc", "subject", "text")
LINK = r"^https?://[!-;=?-~]{1,900}$"  # nothing that would end a link in angle brackets; a line holds 998 octets
HALF = 32  # hexadecimal digits of SHA-256


def with_reasons(frame: pl.DataFrame, settings: EmailSettings) -> pl.DataFrame:
    """Adds `address`, the lines of `with_lines`, and `reason`: why a row cannot be an email, null where it can.

    Of the text it is only asked whether there is one.
    """
    given = pl.col("email").str.strip_chars()
    rows = with_lines(frame).with_columns(address=ascii_addresses(frame.select(given).to_series()))
    reasons = [
        pl.when(pl.col("email").is_null()).then(pl.lit("email is missing")),
        pl.when(pl.col("address").is_null()).then(unfit_reason(given)),
        *(pl.when(pl.col(name).is_null()).then(pl.lit(f"{name} is missing")) for name in NEEDED),
        pl.when(pl.col("subject_line") == "").then(pl.lit("the subject is empty")),
    ]
    if settings.marketing:
        url = pl.col("unsubscribe_url")
        reasons.append(pl.when(url.is_null()).then(pl.lit("unsubscribe_url is missing")))
        reasons.append(pl.when(~url.str.contains(LINK)).then(pl.lit("unsubscribe_url is not a link")))
    if "reply_to" in frame.columns:
        replies = rows["reply_to"]
        rows = rows.with_columns(reply_to=ascii_addresses(replies), __unfit=replies.is_not_null())
        unfit = pl.col("__unfit") & pl.col("reply_to").is_null()
        reasons.append(pl.when(unfit).then(pl.lit("reply_to is no address that a header can hold")))
    return rows.with_columns(reason=pl.coalesce(reasons)).drop("__unfit", strict=False)


def with_heads(rows: pl.DataFrame, settings: EmailSettings) -> pl.DataFrame:
    """Adds message_id, boundary and head (the header lines); `rows` are those `with_reasons` that have none."""
    rows = with_ids(rows, settings)
    return rows.with_columns(head=head_lines(rows, settings))


def email_texts(rows: pl.DataFrame, settings: EmailSettings) -> pl.Series:
    """The whole emails of rows `with_heads`, with CRLF line ends: of text alone where there is no html."""
    parts = [name for name in ("text", "html") if name in rows.columns]
    if settings.coding is not QUOTED_PRINTABLE:  # which no boundary can stand in
        rows = _with_other_boundaries(rows, parts)
    return joined_emails(rows, {name: pl.col(name) for name in parts}, settings)


def joined_emails(rows: pl.DataFrame, parts: Mapping[str, pl.Expr], settings: EmailSettings) -> pl.Series:
    """The same, of rows whose boundaries are known not to occur in the parts, which are expressions over the rows."""
    coded = f"charset=utf-8\r\nContent-Transfer-Encoding: {settings.coding}\r\n\r\n"
    text, html = f"Content-Type: text/plain; {coded}", f"Content-Type: text/html; {coded}"
    alone = pl.concat_str("head", pl.lit(text), parts["text"], pl.lit("\r\n"))
    if "html" not in parts:
        return rows.select(alone).to_series()
    both = pl.concat_str(
        "head", pl.lit('Content-Type: multipart/alternative;\r\n boundary="'), "boundary", pl.lit('"\r\n\r\n--'),
        "boundary", pl.lit(f"\r\n{text}"), parts["text"], pl.lit("\r\n--"),
        "boundary", pl.lit(f"\r\n{html}"), parts["html"], pl.lit("\r\n--"), "boundary", pl.lit("--\r\n"),
    )  # fmt: skip
    if "html" in rows.columns and rows["html"].has_nulls():
        both = pl.when(pl.col("html").is_null()).then(alone).otherwise(both)
    return rows.select(both).to_series()


def with_ids(rows: pl.DataFrame, settings: EmailSettings) -> pl.DataFrame:
    """Adds message_id and boundary, derived from `key`."""
    digest = rows.select(plh.col("key").chash.sha2_256()).to_series()
    return rows.with_columns(
        message_id=digest.str.slice(0, HALF) + f"@{settings.domain}", boundary=BOUNDARY + digest.str.slice(HALF)
    )


def _with_other_boundaries(rows: pl.DataFrame, parts: Collection[str]) -> pl.DataFrame:
    """The rows with another boundary where one occurs in its own row's parts."""
    # One look for the beginning that all boundaries share; only what has it is looked at more closely.
    if not rows.select(pl.any_horizontal(_has(part, pl.lit(f"--{BOUNDARY}")).any() for part in parts)).item():
        return rows
    attempt = 0
    clashes = pl.any_horizontal(_has(part, pl.concat_str(pl.lit("--"), "boundary")) for part in parts)
    while rows.select(clashes.any()).item():
        attempt += 1
        again = rows.select(plh.concat_str("key", pl.lit(f"\n{attempt}")).chash.sha2_256()).to_series()
        other = pl.lit(BOUNDARY + again.str.slice(HALF))
        rows = rows.with_columns(boundary=pl.when(clashes).then(other).otherwise("boundary"))
    return rows


def _has(part: str, found: pl.Expr) -> pl.Expr:
    return pl.col(part).str.contains(found, literal=True)
