"""When the messages of a run go out: each customer's zone and best hours, brought to where they are needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from segcli.campaigns.best_times import best_times
from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.clocks import zones_of
from segcli.campaigns.customers import PERSON
from segcli.campaigns.send_times import NOW, later, local_midnight, moved_moments, out_of_quiet, sending_times
from segcli.project.campaign_models import QuietHours

BEST = frozenset({"best_hour", "best_day"})  # values of `send` that ask when a customer opens and clicks
RINGS = frozenset({"sms", "list"})  # channels that would wake somebody: texts, and lists for people who call
READ_FOR_BEST: Mapping[str, frozenset[str]] = {"events": frozenset({"customer_id", "at", "event"})}
READ_FOR_ZONES: Mapping[str, frozenset[str]] = {"customers": frozenset({"timezone", "country"})}


def needed_for_times(campaign: CheckedCampaign) -> dict[str, frozenset[str]]:
    """The columns to read for the campaign's send times: table -> columns."""
    asks = {each.step.send for each in campaign.steps} & BEST
    return {**READ_FOR_ZONES, **(READ_FOR_BEST if asks else {})}


@dataclass(frozen=True)
class SendTimes:
    """The clocks of customers, on which `send` and quiet hours are.

    `customers` has customer_id and, as far as given, timezone and country; `events` are all events, or None where
    there are none. Times are naive in the zone `here`.
    """

    customers: pl.LazyFrame
    events: pl.LazyFrame | None
    here: ZoneInfo
    as_of: dt.datetime
    quiet: QuietHours = field(default_factory=QuietHours)

    @cached_property
    def _people(self) -> pl.DataFrame:
        """customer_id, country (if known), zone of everybody."""
        columns = self.customers.collect_schema().names()
        names = [PERSON, *(name for name in ("timezone", "country") if name in columns)]
        people = self.customers.select(names).collect(engine="streaming")
        return people.with_columns(zones_of(people, self.here)).drop("timezone", strict=False)

    @cached_property
    def _best(self) -> pl.DataFrame:
        found = best_times(self.events, self._people, self.as_of, self.here)
        return found.select(PERSON, "best_hour", "best_weekday")

    def with_zones(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the zone of each one's customer."""
        if "zone" in rows.columns:
            return rows
        return rows.join(self._people.select(PERSON, "zone"), on=PERSON, how="left", maintain_order="left")

    def with_times(self, series: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
        """The series with what these steps ask for: zone, best_hour, best_weekday."""
        sends = {*steps["send"]}
        if sends != {NOW} or steps["rings"].any() or steps["calendar"].any():
            series = self.with_zones(series)
        if sends & BEST:
            series = series.join(self._best, on=PERSON, how="left", maintain_order="left")
        return series

    def with_local_midnight(self, people: pl.DataFrame, column: str) -> pl.DataFrame:
        """A column of days as the moments at which they begin where each customer lives."""
        zones = self.with_zones(people)["zone"]
        return people.with_columns(local_midnight(people[column], zones, self.here).alias(column))

    def earliest(self, rows: pl.DataFrame) -> pl.Series:
        """`start` plus `after`; with `calendar` whole days are those of the customer's calendar."""
        zones = rows["zone"] if "zone" in rows.columns else pl.repeat(None, rows.height, dtype=pl.String, eager=True)
        zones = zones.zip_with(rows["calendar"], pl.repeat(self.here.key, rows.height, eager=True))
        return later(rows["start"], zones, rows["after"], self.here)

    def moments(self, rows: pl.DataFrame) -> pl.Series:
        """`moment`: `earliest`, moved forward as `send` says."""
        return moved_moments(rows, self.here)

    def sending(self, rows: pl.DataFrame) -> pl.Series:
        """`send_at`: at its moment, or as soon after `as_of` as `send` and, of what `rings`, quiet hours allow."""
        send_at = sending_times(rows, self.as_of, self.here)
        if not rows["rings"].any():
            return send_at
        awake = out_of_quiet(rows.select("zone").with_columns(send_at=send_at), self.quiet, self.here)
        return awake.zip_with(rows["rings"], send_at).alias("send_at")
