"""A calendar of committed runs over customers who change: the series stage alone, with nobody in its way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign
from segcli.campaigns.checking import check_campaigns
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.customers import Customers
from segcli.campaigns.gate import HELD_OUT, OVER_CAP
from segcli.campaigns.planning import Planned, Situation, plan_campaigns
from segcli.campaigns.settling import journal_of, next_state
from segcli.campaigns.terms import Clock
from segcli.fields import Plan
from segcli.fields.expressions.names import MOMENTS
from segcli.history.tables import STATE
from segcli.problems import Problems
from segcli.project import load_recipe
from segcli.sources.tables import CANONICAL, DERIVED, TIME_COLUMN, Catalog, CatalogTable, Table, Tables

Rows = list[dict[str, object]]
MONDAY = dt.datetime(2026, 3, 2)


def hours(count: float) -> dt.datetime:
    """So many hours after the midnight on which calendars begin, a Monday."""
    return MONDAY + dt.timedelta(hours=count)


@dataclass
class Calendar:
    """Runs one recipe's campaigns at given moments. `customers`, `tables` say what the exports hold at a moment."""

    recipe: str
    folder: Path
    customers: Callable[[dt.datetime], Rows]
    types: Mapping[str, pl.DataType] = field(default_factory=dict)
    tables: Callable[[dt.datetime], dict[str, Rows]] = lambda as_of: {}
    ahead: dt.timedelta = dt.timedelta(0)
    zone: str = "Europe/Istanbul"
    held_back: Callable[[dict[str, object], dt.datetime], bool] = lambda row, as_of: False
    held_out: Callable[[dict[str, object], dt.datetime], bool] = lambda row, as_of: False
    named: Callable[[str, dt.datetime], bool] = lambda campaign, as_of: True
    state: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dict(STATE)))
    clocks: dict[str, tuple[dt.datetime, dt.datetime, str]] = field(default_factory=dict)
    after: dict[str, dict[str, dt.timedelta]] = field(default_factory=dict)  # campaign -> step -> after
    journal: list[pl.DataFrame] = field(default_factory=list)
    waits: dict[str, str | None] = field(default_factory=dict)
    read: dict[object, tuple[CheckedCampaign, ...]] = field(default_factory=dict)

    def run(self, as_of: dt.datetime, *, commit: bool = True) -> list[tuple[str, str]]:
        """One run; customer and step of each message."""
        planned, journal = self.plan(as_of)
        self.waits = {each.checked.name: each.waits for each in planned.campaigns}
        if commit:
            parts = next_state(self.state.lazy(), planned, journal)
            self.state = pl.concat([part.collect() for part in parts]) if parts else self.state
            self.journal.append(journal)
            for each in planned.campaigns:
                if each.done:
                    first = self.clocks[each.checked.name][1] if each.checked.name in self.clocks else as_of
                    self.clocks[each.checked.name] = (as_of, first, each.checked.condition)
                    steps = {step.name: step.after for step in each.checked.campaign.steps}
                    self.after[each.checked.name] = self.after.get(each.checked.name, {}) | steps
        sent = journal.filter(pl.col("status") == "sent").sort("customer_id", "campaign", "series")
        return list(sent.select("customer_id", "step").iter_rows())

    def plan(self, as_of: dt.datetime) -> tuple[Planned, pl.DataFrame]:
        """What a run at this moment would do, and its journal."""
        frame = self._frame(self.customers(as_of))
        tables = self._tables(self.tables(as_of), frame, as_of)
        campaigns = [each for each in self.checked(frame, tables, as_of) if self.named(each.name, as_of)]
        clocks = {each.name: self._clock(each, as_of) for each in campaigns}
        newest = {name: table.whole.select(pl.col(table.time).max()).collect().item()
                  for name, table in tables.tables.items() if table.time}  # fmt: skip
        times = SendTimes(frame.lazy(), None, ZoneInfo(self.zone), as_of)
        situation = Situation(
            Customers(frame.lazy()), tables, self.state.lazy(), clocks, as_of, self.ahead, times, newest
        )
        planned = plan_campaigns(campaigns, situation)
        due = planned.due
        reasons = [self._reason(row, as_of) for row in due.iter_rows(named=True)]
        decided = due.with_columns(pl.Series("reason", reasons, dtype=pl.String))
        return planned, journal_of(f"{as_of:%Y-%m-%dT%H%M}", as_of, planned, decided)

    def _reason(self, row: dict[str, object], as_of: dt.datetime) -> str | None:
        if self.held_back(row, as_of):
            return OVER_CAP
        return HELD_OUT if self.held_out(row, as_of) else None

    def runs(self, moments: Sequence[dt.datetime]) -> dict[dt.datetime, list[tuple[str, str]]]:
        """What each run sent, runs that sent nothing left out."""
        return {moment: sent for moment in moments if (sent := self.run(moment))}

    @property
    def done(self) -> pl.DataFrame:
        """The journal of all committed runs."""
        return pl.concat(self.journal)

    def sent(self) -> list[tuple[dt.datetime, str, str]]:
        """When, whom, which step: every message so far."""
        rows = self.done.filter(pl.col("status") == "sent").sort("send_at", "customer_id", "step")
        return list(rows.select("send_at", "customer_id", "step").iter_rows())

    def checked(self, frame: pl.DataFrame, tables: Tables, as_of: dt.datetime) -> tuple[CheckedCampaign, ...]:
        """The recipe's campaigns, read and checked once for as long as nothing they are checked against changes."""
        given = tuple((name, tuple(table.columns.items())) for name, table in sorted(tables.tables.items()))
        moment = as_of if any(name in self.recipe for name in MOMENTS) else None
        key = (self.recipe, given, moment)
        if key not in self.read:
            self.read[key] = self._checked(frame, tables, as_of)
        return self.read[key]

    def _checked(self, frame: pl.DataFrame, tables: Tables, as_of: dt.datetime) -> tuple[CheckedCampaign, ...]:
        problems = Problems()
        (self.folder / "recipe.yaml").write_text(self.recipe, encoding="utf-8")
        recipe = load_recipe(self.folder, problems)
        assert recipe is not None, "\n".join(map(str, problems))
        plan = Plan((), {}, (), {}, dict(frame.schema), as_of, {})
        known = {name: self._catalog_table(name, tables) for name in {*CANONICAL, *tables.tables}}
        found = check_campaigns(recipe.campaigns, plan, Catalog(known, (), as_of), {}, problems)
        assert not problems.errors, "\n".join(map(str, problems))
        return found

    def _catalog_table(self, name: str, tables: Tables) -> CatalogTable:
        given = tables[name].columns if name in tables else {}
        columns = {**CANONICAL.get(name, {}), **DERIVED.get(name, {}), **given}
        return CatalogTable(name, columns, frozenset(given), TIME_COLUMN.get(name), name not in ("products", "stores"))

    def _frame(self, rows: Rows) -> pl.DataFrame:
        names = list(dict.fromkeys(["customer_id", *(name for row in rows for name in row), *self.types]))
        types = {name: self.types.get(name) or CANONICAL["customers"].get(name) for name in names}
        data = [{name: row.get(name) for name in names} for row in rows]
        return pl.DataFrame(data, schema=types, orient="row", infer_schema_length=None)

    def _tables(self, rows: dict[str, Rows], customers: pl.DataFrame, as_of: dt.datetime) -> Tables:
        found = {}
        for name, data in rows.items():
            known = {**CANONICAL.get(name, {}), **DERIVED.get(name, {})}
            types = {column: known.get(column) for column in dict.fromkeys(key for row in data for key in row)}
            types = types or {
                column: known[column] for column in ("customer_id", "order_id", "ordered_at", "order_number")
            }
            frame = pl.DataFrame(data, schema=types or {"customer_id": pl.String}, orient="row")
            found[name] = Table(name, dict(frame.schema), frozenset(frame.columns), TIME_COLUMN.get(name), True,
                                (frame.lazy(),), frame.height)  # fmt: skip
        found["customers"] = Table("customers", dict(customers.schema), frozenset(customers.columns), None, True,
                                   (customers.lazy(),), customers.height)  # fmt: skip
        return Tables(found, pl.DataFrame(), {}, 1, as_of)

    def _clock(self, campaign: CheckedCampaign, as_of: dt.datetime) -> Clock:
        known = self.clocks.get(campaign.name)
        if known is None:
            return Clock(as_of)
        planned, first, condition = known
        return Clock(as_of, planned, first, condition == campaign.condition, self.after[campaign.name])
