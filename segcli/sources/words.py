"""Cells that stand for one of a few things (yes and no, genders, countries, events), and phone numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

import phonenumbers
import polars as pl

from segcli.sources.headers import fold
from segcli.sources.presets import load_yaml

# A number that is already what it should become.
E164 = re.compile(r"\+[1-9][0-9]{7,14}")
# Languages in which countries' names are understood.
LANGUAGES = ("en", "de", "fr", "es", "tr", "vi", "nl", "it", "pt")


@cache
def meanings(kind: str) -> dict[str, str]:
    """Word -> what it means, of `flags`, `genders`, `events`, `statuses`, `currencies` or `countries`."""
    groups: dict[str, list[str]] = load_yaml("words.yaml")[kind]
    return {word: meaning for meaning, words in groups.items() for word in (meaning.lower(), *words)}


def folded(cells: pl.Expr) -> pl.Expr:
    """Cells in lower case with `_` for what is no letter or digit; blank is null."""
    plain = cells.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "_").str.strip_chars("_")
    return pl.when(plain.str.len_bytes() > 0).then(plain)


def flag(cells: pl.Expr) -> pl.Expr:
    """Yes and no in the words of export files; null for what is neither."""
    known = {word: meaning == "true" for word, meaning in meanings("flags").items()}
    return _distinct(cells, lambda cell: known.get(fold(cell)), pl.Boolean())


def gender(cells: pl.Expr) -> pl.Expr:
    """female, male or other; null for words that say none of these."""
    return _distinct(cells, lambda cell: meanings("genders").get(fold(cell)), pl.String())


def event(cells: pl.Expr) -> pl.Expr:
    """The event by segcli's name where it has one, else folded."""
    return _distinct(cells, lambda cell: meanings("events").get(fold(cell), fold(cell)) or None, pl.String())


def currency(cells: pl.Expr) -> pl.Expr:
    """ISO 4217 codes for codes and signs; what is neither stays as it is, in capitals."""
    known = meanings("currencies")
    return _distinct(cells, lambda cell: known.get(cell.lower(), cell.upper()), pl.String())


def country(cells: pl.Expr) -> pl.Expr:
    """ISO 3166 codes of two letters for codes and names; what is not recognised stays as it is."""
    return _distinct(cells, lambda cell: country_code(cell) or cell.strip(), pl.String())


@lru_cache(maxsize=10_000)
def country_code(name: str) -> str | None:
    """`NO`, `nor` and `Norge` are all NO; None when no country is meant."""
    code = name.strip().upper()
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    return meanings("countries").get(fold(name)) or _country_names().get(fold(name))


@cache
def _country_names() -> dict[str, str]:
    from phonenumbers.geodata.locale import LOCALE_DATA  # 0.4 s, and most files hold codes

    names: dict[str, str] = {}
    for code, spellings in LOCALE_DATA.items():
        for language in LANGUAGES:
            name = spellings.get(language, "")
            names.setdefault(fold(spellings.get(name[1:], "") if name.startswith("*") else name), code)
    names.pop("", None)
    return names


def phone(cells: pl.Expr, countries: pl.Expr | None, default: str | None) -> pl.Expr:
    """E.164; a number without a country code is in the row's country, else in `default`. Null: no number."""
    country_cells = pl.lit(default, pl.String) if countries is None else countries
    pair = pl.struct(cells.alias("number"), country_cells.alias("country"))

    def read(pairs: pl.Series) -> pl.Series:
        frame = pairs.struct.unnest()
        distinct = frame.filter(pl.col("number").is_not_null()).unique()
        numbers = [_e164(number, land, default) for number, land in distinct.iter_rows()]
        found = distinct.with_columns(pl.Series("e164", numbers, pl.String))
        joined = frame.join(found, on=["number", "country"], how="left", nulls_equal=True, maintain_order="left")
        return joined["e164"].alias(pairs.name)

    return pair.map_batches(read, return_dtype=pl.String(), is_elementwise=True)


@lru_cache(maxsize=100_000)
def _e164(number: str, land: str | None, default: str | None) -> str | None:
    digits = number.strip(" '\t").removesuffix(".0")
    if E164.fullmatch(digits):
        return digits
    region = (country_code(land) if land else None) or default
    spellings = [digits] if region or digits.startswith(("+", "00")) else [f"+{digits}"]
    if digits.startswith("00"):
        spellings.insert(0, f"+{digits[2:]}")
    for spelling in spellings:
        try:
            parsed = phonenumbers.parse(spelling, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None


def _distinct(cells: pl.Expr, read: Callable[[str], object], dtype: pl.DataType) -> pl.Expr:
    """`read` applied to every distinct cell once."""

    def replace(column: pl.Series) -> pl.Series:
        values = column.drop_nulls().unique()
        new = [read(value) for value in values]
        return column.replace_strict(values, pl.Series(new, dtype=dtype), default=None, return_dtype=dtype)

    return cells.map_batches(replace, return_dtype=dtype, is_elementwise=True)
