"""Amounts and numbers as people write them -> exact decimals and floats; and which mark is the decimal."""

from __future__ import annotations

import polars as pl

from segcli.sources.stepwise import Step

# Cells that tell which mark is the decimal one, and cells that could be either (`1.234`).
POINT = r"(?:^|\D)\d*\.\d{1,2}\D*$|\d\.\d{4,}\D*$|,\d{3}\.\d|,\d{3},\d{3}\D*$|(?:^|\D)0\.\d"
COMMA = r"(?:^|\D)\d*,\d{1,2}\D*$|\d,\d{4,}\D*$|\.\d{3},\d|\.\d{3}\.\d{3}\D*$|(?:^|\D)0,\d"
UNSURE = r"^\D*[1-9]\d{0,2}[.,]\d{3}\D*$"

ABSURD = 10**12
NO_CENTS = r"(\d)[.,][-–—]+(\D*)$"  # `12,-` are twelve without cents, and no debt
_CURRENCY = r"(?:\p{Sc}|[\p{L}]{1,3}\.?\p{Sc}?)?"
_SPACE = r"[\s\x{A0}\x{202F}']"


def money_steps(decimal: str, dtype: pl.DataType) -> list[Step]:
    """Text to a Decimal, rounded half to even, when `decimal` is the decimal mark."""
    written = _written_step(decimal, dtype)
    return [_direct_step(dtype), written] if decimal == "." else [written]


def number_steps(decimal: str) -> list[Step]:
    """Text to Float64; a bare point is understood whatever the mark, as coordinates have one."""
    return [_written_step(decimal, pl.Float64()), _finite]


def _finite(cells: pl.Series) -> pl.Series:
    numbers = cells.cast(pl.Float64, strict=False)
    return numbers.zip_with(
        numbers.is_finite().fill_null(False), pl.repeat(None, len(cells), dtype=pl.Float64, eager=True)
    )


def _direct_step(dtype: pl.DataType) -> Step:
    return lambda cells: cells.cast(dtype, strict=False)


def _written_step(decimal: str, dtype: pl.DataType) -> Step:
    """Currency signs, thousands marks, a trailing minus and parentheses; null unless the groups are whole."""
    point, comma = (r"\.", ",") if decimal == "." else (",", r"\.")
    number = rf"(?:\d{{1,3}}(?:(?:{comma}|{_SPACE})\d{{2,3}})*(?:{comma}|{_SPACE})\d{{3}}|\d+)?(?:{point}\d*)?"
    shape = rf"^\s*[(+\-−]?\s*{_CURRENCY}\s*[+\-−]?\s*({number}){_SPACE}*{_CURRENCY}\s*[)\-−]?\s*$"

    def read(cells: pl.Series) -> pl.Series:
        cells = cells.str.replace(NO_CENTS, "${1}${2}")
        digits = cells.str.extract(shape, 1).str.replace_all(rf"{comma}|{_SPACE}", "")
        if decimal == ",":
            digits = digits.str.replace(",", ".", literal=True)
        negative = cells.str.contains(r"[(\-−]")
        signed = pl.select(pl.when(negative).then(pl.lit("-") + digits).otherwise(digits)).to_series()
        return signed.cast(dtype, strict=False)

    return read


def mark_evidence(cells: pl.Expr) -> dict[str, pl.Expr]:
    """How many cells of a text column speak for a decimal point, for a comma, and for either."""
    return {
        "point": cells.str.contains(POINT).sum(),
        "comma": cells.str.contains(COMMA).sum(),
        "unsure": cells.str.contains(UNSURE).sum(),
    }
