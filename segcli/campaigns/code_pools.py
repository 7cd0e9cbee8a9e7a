"""Codes from a file of the shop's: who gets which, each at most once, ever."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.campaigns.codes import WHOSE
from segcli.problems import DataError, Problem, Problems
from segcli.project.campaign_models import Campaign, Code

# Shops do not tell capital letters from small ones in codes.
_KEY = pl.col("code").str.to_uppercase()

NO_CODE_LEFT = "no code left"
HEADERS = frozenset({"code", "codes", "discountcode", "couponcode", "coupon", "vouchercode", "voucher", "promocode"})


@dataclass(frozen=True)
class Pool:
    """The codes of a file in its order, each once; `duplicates` is how many lines repeated one."""

    path: str  # as the recipe has it
    codes: pl.Series
    duplicates: int = 0


def read_pools(campaigns: Iterable[Campaign], root: Path) -> dict[str, Pool]:
    """Every pool that offers name, by the path that they name. Raises DataError for what `check_pools` finds."""
    problems = Problems()
    pools = _read(campaigns, root, problems)
    problems.stop_on_errors(DataError)
    return pools


def check_pools(campaigns: Iterable[Campaign], root: Path, problems: Problems) -> None:
    """Adds a problem for every pool that cannot be read or has no code, and a warning for codes that it repeats."""
    for path, pool in _read(campaigns, root, problems).items():
        if pool.duplicates:
            problems.warn(f"{path} has {pool.duplicates} codes more than once; each is given once.")


def _read(campaigns: Iterable[Campaign], root: Path, problems: Problems) -> dict[str, Pool]:
    pools = {}
    for path, (key, code) in sorted(_named(campaigns).items()):
        try:
            pools[path] = read_pool(path, root)
        except (OSError, UnicodeError, ValueError, csv.Error) as error:
            message = _reason(path, error)
            hint = "A file of codes has one a line, or a column 'code'."
            problems.found.append(Problem(message, code.place, key, hint, in_data=True))
    return pools


def _named(campaigns: Iterable[Campaign]) -> Mapping[str, tuple[str, Code]]:
    """path -> the first offer that names it."""
    offers = [
        (f"campaigns.{campaign.name}.{step.name}", offer.code)
        for campaign in campaigns
        for step in campaign.steps
        for offer in step.offers
    ]
    return {code.pool: (key, code) for key, code in reversed(offers) if code is not None and code.pool is not None}


def _reason(path: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no file {path} of codes."
    if isinstance(error, UnicodeError):
        return f"{path} is not text in UTF-8."
    return f"{path} cannot be used as a file of codes: {getattr(error, 'strerror', None) or error}."


def read_pool(path: str, root: Path) -> Pool:
    """The codes of a file: one a line, or a CSV with a column `code`. Raises OSError and ValueError.

    `path` is relative to `root`.
    """
    with (root / path).open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for cell in map(str.strip, _cells(file)) if cell]
    if not cells:
        raise ValueError("it has no code")
    kept = pl.DataFrame({"code": cells}).filter(_KEY.is_first_distinct())["code"]
    return Pool(path, kept, len(cells) - len(kept))


def _cells(lines: Iterable[str]) -> Iterator[str]:
    text = iter(lines)
    first = next(text, "")
    separator = next((mark for mark in (",", ";", "\t") if mark in first), ",")
    names = next(csv.reader([first], delimiter=separator), [])
    columns = [number for number, name in enumerate(names) if _folded(name) in HEADERS]
    if not columns and len(names) > 1:
        raise ValueError(f"none of its columns is named 'code' ({', '.join(names)})")
    yield from names[:1] if not columns else ()
    column = columns[0] if columns else 0
    for row in csv.reader(text, delimiter=separator):
        yield from row[column : column + 1]


def _folded(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def allot(pool: Pool, requests: pl.DataFrame, used: pl.DataFrame) -> pl.DataFrame:
    """`requests` (campaign, series, customer_id) with `code`, null where the pool has none left.

    Who was given one of this pool for the same campaign and series keeps it; the others get the codes that nobody
    was ever given, in the order of the file, sorted by customer_id. `used` has code, code_pool and the columns of
    requests, of the whole history and also of runs that were undone: their codes may have been seen.
    """
    order = pl.DataFrame({"code": pool.codes}).with_row_index("place").with_columns(key=_KEY)
    given = used.drop_nulls("code").with_columns(key=_KEY).join(order.select("key", "place"), on="key", how="left")
    kept = (
        given.filter((pl.col("code_pool") == pool.path) | pl.col("place").is_not_null())
        .sort(*WHOSE, "place", "code", nulls_last=True)
        .unique(WHOSE, keep="first", maintain_order=True)
        .select(*WHOSE, "code")
    )
    free = order.join(given, on="key", how="anti").sort("place").select("code").with_row_index("turn")
    asked = requests.select(WHOSE).unique().sort("customer_id", "campaign", "series")
    asked = asked.join(kept, on=WHOSE, how="left", maintain_order="left")
    new = asked.filter(pl.col("code").is_null()).drop("code").with_row_index("turn")
    codes = pl.concat([asked.drop_nulls("code"), new.join(free, on="turn", how="left").drop("turn")])
    return requests.join(codes, on=WHOSE, how="left", maintain_order="left")
