"""Amounts in several currencies, turned into the project's currency by the rates of segcli.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from segcli.problems import Place, Problems
from segcli.project.models import Project
from segcli.project.yaml_text import shown_path
from segcli.sources.tables import MONEY, SourceFrame


def currency_rates(frames: Sequence[SourceFrame], project: Project, problems: Problems) -> Mapping[str, Decimal]:
    """What one unit of each currency in the frames is worth in the project's; empty when nothing converts.

    Without a `currency:` in segcli.yaml the only currency of the data is the project's. A currency without a
    rate is a problem that lists every currency with its rows, and the lines that segcli.yaml lacks.
    """
    rows = _rows_per_currency(frames)
    own = project.currency or (next(iter(rows)) if len(rows) == 1 else None)
    rates = {name: project.rates[name] for name in rows if name in project.rates and name != own}
    missing = [name for name in rows if name != own and name not in rates]
    if missing or (own is None and rows):
        found = ", ".join(f"{name} ({count:,} {'row' if count == 1 else 'rows'})" for name, count in rows.items())
        base = own or max(rows, key=lambda name: rows[name])
        needed = ", ".join(f"{name}: ..." for name in rows if name not in (base, *rates))
        problems.error(
            f"amounts are in several currencies: {found}.",
            Place(shown_path(project.file)) if project.file else None,
            "rates",
            f"Say in segcli.yaml what one unit of each is worth: `currency: {base}` and `rates: {{{needed}}}`.",
        )
    return rates


def _rows_per_currency(frames: Sequence[SourceFrame]) -> dict[str, int]:
    columns = [source.frame.select("currency") for source in frames if "currency" in source.frame.collect_schema()]
    if not columns:
        return {}
    counts = pl.concat(columns).drop_nulls().group_by("currency").len().collect(engine="streaming")
    return {str(name): int(count) for name, count in counts.sort("currency").iter_rows()}


def converted(column: str, rates: Mapping[str, Decimal]) -> pl.Expr:
    """The money in `column` times the rate of the row's `currency`, exact, rounded half to even cents."""
    amount = pl.col(column)
    if not rates:
        return amount
    value = amount
    for name, rate in sorted(rates.items()):
        # The scale holds every digit of the product, so that there is one rounding only.
        scale = 2 + max(0, -int(rate.as_tuple().exponent))
        exact = amount.cast(pl.Decimal(38, scale)) * pl.lit(rate, pl.Decimal(38, scale))
        worth = exact.round(2, mode="half_to_even").cast(MONEY)
        value = pl.when(pl.col("currency") == name).then(worth).otherwise(value)
    return value.alias(column)
