"""A step's due messages to the few whose customers show it best: the edge cases, each with the reason it was chosen."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

MOST, LEAST = 12, 3
ORDINARY = "nothing special"

_ORDER = ("customer_id", "campaign", "step", "variant", "language")
_ROW = "__row"


def choose_previews(frame: pl.DataFrame, most: int = MOST) -> pl.DataFrame:
    """At most `most` rows of `frame` in the order of customer_id, with `reason` (String): what each is an example of.

    `frame` has a row per message and customer_id (String). These columns are looked at where they are there: failure
    (String, why a message could not be rendered, else null), channel, campaign, step, variant, language, first_name,
    last_name, subject, products (List), coupon_code, segments (of an SMS, Int), encoding.

    A case that every row is an example of is no reason. Few rows show all cases, since one that is an example of
    many is preferred, and the first customer among equals: the order of the rows changes nothing. Where `most` is
    too few, the last cases of `_cases` go without. Ordinary rows are added up to three, for what most customers get.
    """
    keys = [name for name in _ORDER if name in frame.columns]
    order = frame.select(*keys, pl.int_range(pl.len()).alias(_ROW)).sort(*keys, _ROW, nulls_last=True)[_ROW]
    cases = dict(_cases(frame))
    flags = frame.select(example.fill_null(value=False).alias(reason) for reason, example in cases.items())
    telling = [reason for reason in flags.columns if 0 < flags[reason].sum() < frame.height]
    examples = _first_alike(pl.DataFrame([order, *(flags[reason].gather(order) for reason in telling)]), telling)
    chosen = _cover(examples.select(telling), most)
    chosen = sorted(chosen + _ordinary(examples, telling, chosen, min(LEAST, most) - len(chosen)))
    reasons = [", ".join(reason for reason in telling if examples[reason][at]) or ORDINARY for at in chosen]
    return frame[examples[_ROW][chosen]].with_columns(pl.Series("reason", reasons, dtype=pl.String))


def _first_alike(flags: pl.DataFrame, telling: list[str]) -> pl.DataFrame:
    """The first rows of those that are examples of the same cases: of millions of rows, few are left."""
    numbered = flags.with_row_index("__at")
    if not telling:
        return numbered.head(LEAST)
    firsts = numbered.group_by(telling).agg(pl.col("__at", _ROW).head(LEAST))
    return firsts.explode("__at", _ROW).sort("__at")


def _cover(flags: pl.DataFrame, most: int) -> list[int]:
    """The rows that between them have every flag: for the first flag not yet shown, the row with most others."""
    chosen: list[int] = []
    left = flags.columns
    while left and len(chosen) < most:
        shown = pl.sum_horizontal(pl.col(left).cast(pl.UInt32))
        row = flags.select(pl.when(left[0]).then(shown).otherwise(0).arg_max()).item()
        chosen.append(row)
        left = [name for name in left if not flags[name][row]]
    return chosen


def _ordinary(examples: pl.DataFrame, telling: list[str], chosen: list[int], count: int) -> list[int]:
    """The first rows besides those chosen that are examples of as little as can be."""
    others = [row for row in range(examples.height) if row not in chosen]
    return sorted(others, key=lambda row: sum(examples[reason][row] for reason in telling))[: max(count, 0)]


def _cases(rows: pl.DataFrame) -> Iterator[tuple[str, pl.Expr]]:
    """Every case with the condition that a row is an example of it, the most telling first."""
    there = frozenset(rows.columns)
    if "failure" in there:
        yield from _each(rows, "failure", "fails: {}", most=3)
    yield from (case for name in ("channel", "step") if name in there for case in _each(rows, name, f"{name} {{}}"))
    if "variant" in there:
        yield from _each(rows, "variant", "variant {}")
    if "first_name" in there:
        missing = pl.col("first_name").str.strip_chars().fill_null("") == ""
        yield "no first name", missing
        parts = [pl.col(name).fill_null("").str.len_chars() for name in ("first_name", "last_name") if name in there]
        yield "longest name", _largest(pl.sum_horizontal(parts))
    if "products" in there:
        count = pl.col("products").list.drop_nulls().list.len().fill_null(0)
        yield "most products", _largest(count)
        yield "fewest products", count == count.min()
    if "coupon_code" in there:
        yield "with a coupon", pl.col("coupon_code").is_not_null()
        yield "without a coupon", pl.col("coupon_code").is_null()
    if "subject" in there:
        yield "longest subject", _largest(pl.col("subject").str.len_chars())
    if "segments" in there:
        yield "most SMS segments", _largest(pl.col("segments"))
    if "encoding" in there:
        yield from _each(rows, "encoding", "in {}")
    if "language" in there:
        yield from _each(rows, "language", "language {}")
        yield "no language", pl.col("language").is_null()


def _each(rows: pl.DataFrame, name: str, words: str, most: int | None = None) -> Iterator[tuple[str, pl.Expr]]:
    """A case for each value of a column, the values that most rows have first."""
    counts = rows[name].drop_nulls().value_counts(name="rows").sort("rows", name, descending=[True, False])
    for value in counts[name].head(most or counts.height):
        yield words.format(value), pl.col(name) == value


def _largest(size: pl.Expr) -> pl.Expr:
    return (size == size.max()) & (size > 0)
