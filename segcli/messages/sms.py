"""Texts as phones count them: their encoding, their segments, and the characters that make them dear. Column by column.

The alphabet is the default one of 3GPP TS 23.038 (GSM 03.38) with its extension table; the shift tables of single
languages are not used, since many networks do without. Sizes are those of TS 23.040: a message of 140 octets holds 160
septets or 70 UTF-16 units; each part of a longer one has a header of 6 octets, which leaves 153 or 67.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import polars as pl

GSM7, UCS2 = "GSM-7", "UCS-2"
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"  # each is an escape and a character: two septets
SINGLE = {GSM7: 160, UCS2: 70}
PART = {GSM7: 153, UCS2: 67}
SHOWN = 3  # characters that are named
PHONE = r"^\+[1-9][0-9]{6,14}$"  # E.164
_ESCAPE = "\x1b"
_UNSEEN = r"[\x00-\x09\x0b-\x1f\x7f]+"  # control characters but the line end
_OUTSIDE = f"[^{re.escape(BASIC + EXTENSION)}]"
_DOUBLE = {GSM7: f"[{re.escape(EXTENSION)}]", UCS2: r"[\x{10000}-\x{10FFFF}]"}
# What is written in place of a character that has no other parts.
_PLAIN = {
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "−": "-",
    "…": "...", "•": "-", "·": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "`": "'", "´": "'",
    "ı": "i", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "œ": "oe", "Œ": "OE", "×": "x", "₺": "TL",
}  # fmt: skip


@dataclass(frozen=True)
class Texts:
    """Texts that can be sent, and the others: `failures` has customer_id and reason."""

    rows: pl.DataFrame
    failures: pl.DataFrame


def text_rows(frame: pl.DataFrame) -> Texts:
    """The texts with `encoding` and `segments`, as they are sent: composed, line ends alone, nothing around them.

    `frame` has customer_id, phone (E.164) and text (null where it could not be rendered: that is told elsewhere).
    """
    rows = frame.drop_nulls("text").with_columns(normalised(pl.col("text")).alias("text"))
    valid = pl.col("phone").str.contains(PHONE).fill_null(value=False)
    reason = (
        pl.when(~valid)
        .then(pl.lit("phone is no number in E.164"))
        .when(pl.col("text") == "")
        .then(pl.lit("the text is empty"))
    )
    rows = rows.with_columns(reason.alias("reason"))
    failures = rows.filter(pl.col("reason").is_not_null()).select("customer_id", "reason")
    good = rows.filter(pl.col("reason").is_null()).drop("reason")
    return Texts(good.with_columns(encoding(pl.col("text")).alias("encoding"), segments(good["text"])), failures)


def normalised(text: pl.Expr) -> pl.Expr:
    """Texts as they are sent. Composed, since `é` is in the alphabet and `e` with an accent put on it is not."""
    return (
        text.str.normalize("NFC")
        .str.replace_all("\r\n", "\n", literal=True)
        .str.replace_all("\r", "\n", literal=True)
        .str.replace_all(_UNSEEN, " ")
        .str.strip_chars()
    )


def encoding(text: pl.Expr) -> pl.Expr:
    """`GSM-7`, or `UCS-2` where a character is outside of its alphabet."""
    return pl.when(text.str.contains(_OUTSIDE)).then(pl.lit(UCS2)).when(text.is_not_null()).then(pl.lit(GSM7))


def outside_characters(text: pl.Expr) -> pl.Expr:
    """The different characters that force UCS-2, in their order: a list, empty for GSM-7."""
    return text.str.extract_all(_OUTSIDE).list.unique(maintain_order=True)


def units(text: pl.Expr) -> pl.Expr:
    """The size of texts: septets in GSM-7, UTF-16 units in UCS-2."""
    wide = text.str.contains(_OUTSIDE)
    doubles = pl.when(wide).then(text.str.count_matches(_DOUBLE[UCS2])).otherwise(text.str.count_matches(_DOUBLE[GSM7]))
    return text.str.len_chars().cast(pl.Int64) + doubles.cast(pl.Int64)


def segments(texts: pl.Series) -> pl.Series:
    """How many messages each text is sent as (Int64, null for null, 1 for an empty one).

    No character is cut in two, so that a part of a long text can end one unit early (TS 23.040, 9.2.3.24.1).
    """
    frame = texts.alias("text").to_frame().with_columns(encoding(pl.col("text")).alias("encoding"))
    size, part, single = (
        units(pl.col("text")),
        pl.col("encoding").replace_strict(PART, return_dtype=pl.Int64, default=None),
        pl.col("encoding").replace_strict(SINGLE, return_dtype=pl.Int64, default=None),
    )
    frame = frame.with_columns(size=size, part=part).with_columns(
        segments=pl.when(pl.col("size") <= single).then(1).otherwise((pl.col("size") + part - 1) // part)
    )
    # Only a long text that has characters of two units can lose a unit at the end of a part.
    cut = (pl.col("segments") > 1) & (pl.col("size") > pl.col("text").str.len_chars())
    counted = frame["segments"].cast(pl.Int64)
    rows = frame.select(cut.fill_null(value=False)).to_series().arg_true()
    if len(rows):
        counted = counted.scatter(rows, _parts(frame[rows]))
    return counted.alias("segments")


def _parts(frame: pl.DataFrame) -> pl.Series:
    """Parts of long texts (text, encoding, size, part), filled one after the other."""
    text = pl.col("text").str.replace_all(_ESCAPE, " ", literal=True)  # so that an escape is ours
    by_encoding = {name: text.str.replace_all(double, f"{_ESCAPE}x") for name, double in _DOUBLE.items()}
    spelled = pl.when(pl.col("encoding") == UCS2).then(by_encoding[UCS2]).otherwise(by_encoding[GSM7])
    open_ = frame.select("size", "part", text=spelled, at=pl.lit(0, pl.Int64), parts=pl.lit(0, pl.Int64))
    while open_.select((pl.col("at") < pl.col("size")).any()).item():
        last = pl.col("text").str.slice(pl.col("at") + pl.col("part") - 1, 1)
        taken = pl.col("part") - (last == _ESCAPE).cast(pl.Int64)
        more = pl.col("at") < pl.col("size")
        open_ = open_.with_columns(
            at=pl.when(more).then(pl.col("at") + taken).otherwise("at"), parts=pl.col("parts") + more.cast(pl.Int64)
        )
    return open_["parts"]


def described(character: str) -> str:
    """`'ı' (LATIN SMALL LETTER DOTLESS I)`, for people who have to find it."""
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return f"'{character}' ({name})" if character.isprintable() else name


def plain_spelling(character: str) -> str | None:
    """How the alphabet of texts writes a character that it has not (`ş` is `s`); None if it cannot."""
    written = _PLAIN.get(character)
    if written is None:
        parts = unicodedata.normalize("NFKD", character)
        written = "".join(part for part in parts if not unicodedata.combining(part))
        if not written or any(part not in BASIC + EXTENSION for part in written):
            return None
    return written
