"""The tables once they lie in shards, before those are finished one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from segcli.sources.person_tables import Shards


@dataclass(frozen=True)
class Inputs:
    """The partitioned tables, as far as there are any, and the lookups that shards need."""

    people: Shards
    orders: Shards = ()
    items: Shards = ()
    events: Shards = ()
    carts: Shards = ()
    cart_items: pl.LazyFrame | None = None
    own: Mapping[str, Shards] = field(default_factory=dict)
    products: pl.DataFrame | None = None
    stores: pl.DataFrame | None = None
    lookups: Sequence[tuple[str, pl.DataFrame]] = ()  # own lookups: the column they are by, and their columns
    zones: Sequence[str] = ()  # timezones of customers other than the shop's, when local hours are wanted
    moves: pl.DataFrame | None = None  # how far the clocks of those zones are from the shop's
