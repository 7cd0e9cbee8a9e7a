"""The computed customers of a run, asked by campaigns: who is in an audience, and columns of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from segcli.fields import Computed

PERSON = "customer_id"


@dataclass(frozen=True)
class Customers:
    """One row per customer with every field and customer column; `unavailable` says what would enable a name."""

    frame: pl.LazyFrame
    unavailable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """What would enable those of the names that the files cannot answer."""
        return tuple(dict.fromkeys(cause for name in sorted(names) for cause in self.unavailable.get(name, ())))

    def asked(self, expressions: Mapping[str, str]) -> pl.LazyFrame:
        """customer_id and the SQL expressions under their names."""
        # Names in quotes: an expression may be called like a column of the customers.
        values = ", ".join(f'{sql} as "{name}"' for name, sql in expressions.items())
        return self.frame.sql(f'select "{PERSON}", {values} from self')

    def columns_of(self, ids: pl.Series, names: Iterable[str]) -> pl.DataFrame:
        """customer_id and the named columns of these customers, each once."""
        wanted = [PERSON, *sorted(set(names) - {PERSON})]
        some = self.frame.select(wanted).join(ids.unique().to_frame(PERSON).lazy(), on=PERSON, how="semi")
        return some.collect(engine="streaming")


def customers_of(computed: Computed) -> Customers:
    """The customers of a computation; a column that no file gave is null."""
    plan = computed.plan
    types = {**plan.customer_columns, **{node.name: node.dtype for node in plan.nodes}}
    present = computed.customers.collect_schema()
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in types.items() if name not in present]
    lacking = {name: plan.would_give(name) for name in plan.customer_columns if name not in present}
    return Customers(computed.customers.with_columns(absent), {**lacking, **plan.unavailable})
