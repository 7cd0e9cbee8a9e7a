"""A plan and the tables to one row per customer: phase by phase between barriers, shard by shard in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import polars as pl

from segcli.fields.aggregation import table_columns, with_default
from segcli.fields.availability import settle_availability
from segcli.fields.barriers import CutPoints, across, cut_points, joined, save_frame, scored
from segcli.fields.in_order import in_order
from segcli.fields.nodes import PERSON, AcrossNode, Node, Plan, RowNode, ScoreNode, TableNode
from segcli.sources.tables import Tables, engine_for, is_small

ROWS_AT_ONCE = 500_000  # of a table, times the queries that read them together


@dataclass(frozen=True)
class Computed:
    """Every customer's columns: the given columns of customers, then fields and segments, per shard."""

    plan: Plan
    shards: tuple[Path, ...]
    cut_points: Mapping[str, CutPoints]
    columns: tuple[str, ...]
    rows: int
    numbers: Mapping[str, object] = field(default_factory=dict)  # of the whole base, by the field's name

    @cached_property
    def customers(self) -> pl.LazyFrame:
        """One row per customer, in no order across shards."""
        customers = pl.scan_ipc(list(self.shards)).select(self.columns)
        return customers.collect().lazy() if is_small(self.rows, len(self.columns)) else customers

    @property
    def customers_in_order(self) -> pl.LazyFrame:
        """One row per customer, by customer_id: for reading through once in bounded memory."""
        return in_order(self.shards, self.columns)


def compute_fields(plan: Plan, tables: Tables, scratch: Path) -> Computed:
    """Computes every node of the plan. Scratch files hold the results between barriers.

    Columns of unavailable fields are there and null.
    """
    plan = settle_availability(plan, tables)
    scratch.mkdir(parents=True, exist_ok=True)
    run = _Run(plan, tables, scratch)
    for phase in range(plan.phases):
        run.resolve_barriers(phase)
        for shard in range(tables.shard_count):
            run.compute_shard(phase, shard)
    given = [name for name in plan.customer_columns if name in tables["customers"].given or name == PERSON]
    computed = {node.name for node in plan.nodes}
    names = [name for name in plan.definitions if name in computed]
    shards = tuple(run.path(plan.phases - 1, shard) for shard in range(tables.shard_count))
    columns = tuple(dict.fromkeys((*given, *names)))
    numbers = {name: found.item() for name, found in run.across.items() if found.width == 1 and found.height}
    return Computed(plan, shards, run.cut_points, columns, tables["customers"].rows, numbers)


class _Run:
    """The state of one computation: which scratch files there are, and what the barriers gave."""

    def __init__(self, plan: Plan, tables: Tables, scratch: Path) -> None:
        self.plan = plan
        self.tables = tables
        self.scratch = scratch
        self.cut_points: dict[str, CutPoints] = {}
        self.across: dict[str, pl.DataFrame] = {}

    def path(self, phase: int, shard: int) -> Path:
        return self.scratch / f"{phase}-{shard}.arrow"

    def _person(self, phase: int, columns: Sequence[str]) -> pl.LazyFrame:
        """The whole base as the phase before left it, with the named columns."""
        if phase == 0:
            frame = self.tables["customers"].whole
        else:
            paths = [self.path(phase - 1, shard) for shard in range(self.tables.shard_count)]
            frame = pl.scan_ipc(paths)
        # A count over the base needs a column even where the expression names none.
        return frame.select(columns or [PERSON])

    def resolve_barriers(self, phase: int) -> None:
        person = partial(self._person, phase)
        for node in self.plan.nodes:
            if node.phase != phase or node.name in self.plan.unavailable:
                continue
            match node:
                case ScoreNode():
                    self.cut_points[node.name] = cut_points(node, person)
                case AcrossNode():
                    self.across[node.name] = across(node, person)

    def compute_shard(self, phase: int, shard: int) -> None:
        frame = (
            self.tables["customers"].shards[shard].collect(engine="streaming").sort(PERSON)
            if phase == 0
            else pl.read_ipc(self.path(phase - 1, shard))
        )
        for wave in _waves([node for node in self.plan.nodes if node.phase == phase]):
            frame = self._wave(frame, wave, shard)
        save_frame(frame, self.path(phase, shard))
        if phase:
            self.path(phase - 1, shard).unlink()

    def _wave(self, frame: pl.DataFrame, wave: Sequence[Node], shard: int) -> pl.DataFrame:
        present = [node for node in wave if node.name not in self.plan.unavailable]
        absent = [pl.lit(None, node.dtype).alias(node.name) for node in wave if node not in present]
        frame = self._with_table_columns(frame, [n for n in present if isinstance(n, TableNode)], shard)
        barrier = [
            scored(node, self.cut_points[node.name], frame)
            if isinstance(node, ScoreNode)
            else joined(node, self.across[node.name], frame)
            for node in present
            if isinstance(node, ScoreNode | AcrossNode)
        ]
        frame = frame.with_columns(*barrier, *absent)
        rows = [node for node in present if isinstance(node, RowNode)]
        if not rows:
            return frame
        values = ", ".join(f'{node.sql} as "{node.name}"' for node in rows)
        computed = frame.lazy().sql(f"select {values} from self").collect()
        if computed.height != frame.height:  # only constants were asked for, and a constant has one row
            computed = pl.concat([computed] * frame.height) if frame.height else computed.clear()
        return frame.with_columns(computed.select(pl.col(node.name).cast(node.dtype) for node in rows).get_columns())

    def _with_table_columns(self, frame: pl.DataFrame, nodes: Sequence[TableNode], shard: int) -> pl.DataFrame:
        by_table: dict[str, list[TableNode]] = {}
        for node in nodes:
            by_table.setdefault(node.table, []).append(node)
        people = frame.select(PERSON)
        for table, group in by_table.items():
            columns = [*table_columns(group, self.tables[table], shard, frame, self.plan.as_of)]
            rows = self.tables[table].rows
            engine = engine_for(rows, len(self.tables[table].columns))
            # Many queries of few rows at once, few queries of many.
            size = max(1, ROWS_AT_ONCE * self.tables.shard_count // max(1, rows))
            for first in range(0, len(columns), size):
                for found in pl.collect_all(columns[first : first + size], engine=engine):
                    # Joined to the keys alone: a join would copy every column that is there already.
                    matched = people.join(found, on=PERSON, how="left", maintain_order="left")
                    frame = frame.hstack(matched.drop(PERSON).get_columns())
        return frame.with_columns(with_default(node) for node in nodes)


def _waves(nodes: Sequence[Node]) -> list[list[Node]]:
    """Nodes of one phase in batches, so that none needs another of its own batch."""
    wave_of: dict[str, int] = {}
    waves: list[list[Node]] = []
    for node in nodes:
        wave = max((wave_of[name] + 1 for name in node.needs if name in wave_of), default=0)
        wave_of[node.name] = wave
        waves.extend([] for _ in range(wave + 1 - len(waves)))
        waves[wave].append(node)
    return waves
