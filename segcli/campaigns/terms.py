"""What campaigns and their steps say about time and about starts, as tables: a run looks at many campaigns at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from segcli.campaigns.checked_campaigns import CheckedCampaign, CheckedRowStart
from segcli.campaigns.customer_times import RINGS
from segcli.project.campaign_models import Step

# A row of a table whose series ended longer ago than this is of the past, and forgotten.
FORGOTTEN_AFTER = dt.timedelta(days=400)
LONGEST_WAIT = dt.timedelta(days=8)  # the most that `send` moves a moment: a week, and the hour

ENTERING, FIELD, ROW = "entering", "field", "row"  # what starts a series

_CAMPAIGN: Mapping[str, pl.DataType] = {
    "campaign": pl.String(), "kind": pl.String(), "by_time": pl.Boolean(), "known": pl.Boolean(),
    "existing": pl.Boolean(), "again_after": pl.Duration("us"), "never_again": pl.Boolean(),
    "noticed_since": pl.Datetime("us"), "span": pl.Duration("us"),
}  # fmt: skip
_STEP: Mapping[str, pl.DataType] = {
    "campaign": pl.String(), "step_number": pl.Int64(), "due_step": pl.String(), "after": pl.Duration("us"),
    "calendar": pl.Boolean(), "with_until": pl.Boolean(), "send": pl.String(), "rings": pl.Boolean(),
    "horizon": pl.Datetime("us"), "grace": pl.Duration("us"), "noticed_since": pl.Datetime("us"),
    "active_since": pl.Datetime("us"), "active_until": pl.Datetime("us"),
}  # fmt: skip
_MESSAGE: Mapping[str, pl.DataType] = {
    "campaign": pl.String(), "step_number": pl.Int64(), "channel": pl.String(), "marketing": pl.Boolean(),
    "list": pl.String(), "priority": pl.Int64(), "holdout": pl.Float64(),
}  # fmt: skip


@dataclass(frozen=True)
class Clock:
    """The moments of a run that series depend on, naive in the project's timezone.

    `planned` is the last committed run before this one in which the campaign was planned, `first` the first;
    both are None at its first run. `same_condition` tells whether its audience still means what it meant. `after` has
    of every step that it ever had, also of those that were taken out, how long after the start it came.
    """

    as_of: dt.datetime
    planned: dt.datetime | None = None
    first: dt.datetime | None = None
    same_condition: bool = True
    after: Mapping[str, dt.timedelta] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether who enters can be told from who was there already."""
        return self.planned is not None and self.same_condition

    def grace_of(self, step: Step) -> dt.timedelta:
        """Never less than the time since the last committed run: what no run could send is not too late."""
        return step.grace if self.planned is None else max(step.grace, self.as_of - self.planned)

    @property
    def noticed_since(self) -> dt.datetime:
        """Steps that were over before this moment passed before the campaign was there, and are not told."""
        return max(self.first or self.as_of, self.as_of - FORGOTTEN_AFTER)


@dataclass(frozen=True)
class Terms:
    """The campaigns that a run looks at together, each with its clock; `ahead` is the project's."""

    campaigns: tuple[CheckedCampaign, ...]
    clocks: Mapping[str, Clock]
    as_of: dt.datetime
    ahead: dt.timedelta

    @cached_property
    def of_campaigns(self) -> pl.DataFrame:
        """One row per campaign.

        `kind` is what starts its series; `by_time`: rows that are known by their time alone; `known`: who enters can
        be told from who was there. No step is of this time `span` after the start or the last message.
        """
        return _table(self._rows_of_campaigns(), _CAMPAIGN)

    @cached_property
    def of_steps(self) -> pl.DataFrame:
        """One row per step: its place among the steps, its name and all that decides when it is sent."""
        return _table(self._rows_of_steps(), _STEP)

    @cached_property
    def of_messages(self) -> pl.DataFrame:
        """One row per step: how its message goes out, and what it has to give way to."""
        steps = [(each.name, checked.step) for each in self.campaigns for checked in each.steps]
        rows = (
            (name, step.number, step.channel, step.marketing, step.list, step.priority, float(step.holdout))
            for name, step in steps
        )
        return _table(rows, _MESSAGE)

    @cached_property
    def named(self) -> Mapping[str, CheckedCampaign]:
        return {each.name: each for each in self.campaigns}

    def of_kind(self, kind: str) -> pl.DataFrame:
        """The campaigns of one kind of start."""
        return self.of_campaigns.filter(kind=kind)

    def _rows_of_campaigns(self) -> Iterator[tuple[object, ...]]:
        for each in self.campaigns:
            clock, found = self.clocks[each.name], each.campaign
            kind = ROW if each.by_row else ENTERING if each.by_entering else FIELD
            by_time = isinstance(each.start, CheckedRowStart) and each.start.row_id is None
            grace = max(clock.grace_of(step.step) for step in each.steps)
            span = each.steps[-1].step.after + LONGEST_WAIT + grace
            again = None if found.never_again else found.again_after or None
            yield (
                each.name, kind, by_time, clock.known, found.existing, again, found.never_again, clock.noticed_since,
                span,
            )  # fmt: skip

    def _rows_of_steps(self) -> Iterator[tuple[object, ...]]:
        for each in self.campaigns:
            clock = self.clocks[each.name]
            for step in (checked.step for checked in each.steps):
                ahead = self.ahead if step.ahead is None else step.ahead
                yield (
                    each.name, step.number, step.name, step.after, each.by_day, each.until is not None, step.send,
                    step.channel in RINGS, self.as_of + ahead, clock.grace_of(step), clock.noticed_since,
                    step.active.since, step.active.until,
                )  # fmt: skip


def _table(rows: Iterator[Sequence[object]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(schema), orient="row")
