"""What picks need of the whole shop, worked out when a pick first asks for it and kept for the next."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from pathlib import Path

import polars as pl

from segcli.campaigns.products.catalogue import NUMBER, Catalogue, read_catalogue
from segcli.campaigns.products.kinds import NEW_WITHIN, SOLD_WITHIN
from segcli.campaigns.products.partners import find_partners
from segcli.campaigns.products.popular import newest, times_searched, units_sold
from segcli.campaigns.products.price_windows import PriceWindows, price_windows
from segcli.campaigns.products.ranked import RankedLists, ranked_lists
from segcli.sources.tables import Tables


class ShopProducts:
    """The catalogue and the lists of one run: hand the same one to every step's picks.

    `tables` must have the columns of needed_tables of all those steps. `scratch` is a folder of its own.
    """

    def __init__(self, tables: Tables, as_of: dt.datetime, scratch: Path) -> None:
        self.tables = tables
        self.as_of = as_of
        self.scratch = scratch
        self._sold: dict[dt.timedelta, pl.DataFrame] = {}
        self._windows: dict[dt.timedelta, PriceWindows] = {}
        self._lists: dict[tuple[str, dt.timedelta | None, bool], RankedLists] = {}

    @cached_property
    def catalogue(self) -> Catalogue:
        return read_catalogue(self.tables)

    @cached_property
    def _partners(self) -> pl.DataFrame:
        return find_partners(self.tables, self.catalogue, self.scratch)

    def windows(self, within: dt.timedelta | None) -> PriceWindows:
        """Prices by category and brand, best sold within the time (or 90 days) first."""
        within = within or SOLD_WITHIN
        if within not in self._windows:
            self._windows[within] = price_windows(self.catalogue, self._units(within))
        return self._windows[within]

    def lists(self, kind: str, within: dt.timedelta | None, *, bounded: bool) -> RankedLists:
        """The lists of a kind by group (of everything, or if bounded by category and brand), the best first.

        Those of bought_together and accessories are by `anchor`, the product that they go with, and group.
        """
        key = (kind, within, bounded)
        if key not in self._lists:
            self._lists[key] = self._ranked(kind, within, bounded=bounded)
        return self._lists[key]

    def _ranked(self, kind: str, within: dt.timedelta | None, *, bounded: bool) -> RankedLists:
        if kind in ("bought_together", "accessories"):
            found = self._partners if kind == "bought_together" else self._accessories()
            found = self.catalogue.in_groups(found, bounded=bounded)
            return ranked_lists(found, ("anchor", "group"), ("order", "product"), (False, False))
        if kind == "bestsellers":
            found = self._units(within or SOLD_WITHIN)
        elif kind == "most_searched":
            found = times_searched(self.tables, self.catalogue, self.as_of - (within or SOLD_WITHIN))
        else:
            found = newest(self.catalogue, self.as_of - (within or NEW_WITHIN), self.as_of)
        found = self.catalogue.in_groups(found, bounded=bounded)
        return ranked_lists(found, ("group",), ("score", "latest", "product"), (True, True, False))

    def _units(self, within: dt.timedelta) -> pl.DataFrame:
        if within not in self._sold:
            self._sold[within] = units_sold(self.tables, self.catalogue, self.as_of - within)
        return self._sold[within]

    def _accessories(self) -> pl.DataFrame:
        products = self.catalogue.rows.with_row_index("product").select(
            pl.col("product").cast(NUMBER), anchor=self.catalogue.number_of("accessory_of"), order=pl.lit(1, pl.UInt32)
        )
        return self.catalogue.sellable(products.filter(pl.col("anchor").is_not_null()))
