"""No data is not "no": which fields and segments the files cannot answer, and what would enable them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import polars as pl

from segcli.fields.expressions import CheckedExpression
from segcli.fields.nodes import Node, Plan, TableNode
from segcli.sources.tables import Catalog, Tables

Causes = Callable[[TableNode], Iterable[str]]


def mark_unavailable(plan: Plan, catalog: Catalog) -> Plan:
    """The plan with everything unavailable that rests on a table or column that no file gave."""

    def causes(node: TableNode) -> Iterable[str]:
        table = catalog.table(node.table)
        given = table.given if table else frozenset[str]()
        if not given:
            return [node.table]
        when = {table.time} if table and table.time and node.within else set()
        columns, optional = node.columns | when, node.optional_columns - when
        return _lacking(columns, optional, given, prefix=f"{node.table}.")

    return spread(plan, causes, catalog.tables["customers"].given)


def settle_availability(plan: Plan, tables: Tables) -> Plan:
    """The plan with everything unavailable as well whose `where` matches no row of the whole table.

    A shop with visits but no opens knows nothing of opens: "0 opens" would be a guess. What segcli itself did is
    known: no such row is an answer.
    """
    conditions: dict[tuple[str, str], CheckedExpression] = {}
    for node in plan.nodes:
        if isinstance(node, TableNode) and node.where and node.name not in plan.unavailable:
            table = tables.tables.get(node.table)
            if table is not None and not table.complete and node.where.names <= table.columns.keys():
                conditions[node.table, node.where.sql] = node.where
    empty = {key for key in conditions if not _matches(tables, *key)}

    def causes(node: TableNode) -> Iterable[str]:
        if node.name in plan.unavailable:
            return plan.unavailable[node.name]
        if node.where and (node.table, node.where.sql) in empty:
            return [f"{node.table} where {node.where.sql.replace(chr(34), '')}"]
        return []

    return spread(plan, causes, tables["customers"].given)


def _matches(tables: Tables, table: str, where: str) -> bool:
    """Whether any row meets the condition; most are met among the first rows and cost nothing."""
    return any(
        not shard.sql(f"select * from self where {where}").select(pl.first()).head(1).collect().is_empty()
        for shard in tables[table].shards
    )


def spread(plan: Plan, causes: Causes, given_of_customers: frozenset[str]) -> Plan:
    """The plan with everything unavailable that rests on a node for which `causes` finds any."""
    unavailable: dict[str, tuple[str, ...]] = {}
    for name in plan.customer_columns.keys() - given_of_customers:
        unavailable[name] = plan.would_give(name)
    for node in plan.nodes:
        found = [*(causes(node) if isinstance(node, TableNode) else ()), *_inherited(node, unavailable)]
        if found:
            unavailable[node.name] = tuple(dict.fromkeys(found))
    for segment in plan.segments:
        if segment.each and not segment.table and segment.each in unavailable:
            unavailable[segment.name] = unavailable[segment.each]
    known = {*(node.name for node in plan.nodes), *(segment.name for segment in plan.segments)}
    return dataclasses.replace(plan, unavailable={name: needs for name, needs in unavailable.items() if name in known})


def _inherited(node: Node, unavailable: dict[str, tuple[str, ...]]) -> list[str]:
    lacking = sorted(name for name in node.needs if name in unavailable)
    required = [name for name in lacking if name not in node.optional]
    if not required and len(lacking) < len(node.needs):
        return []
    return [cause for name in required or lacking for cause in unavailable[name]]


def _lacking(columns: frozenset[str], optional: frozenset[str], given: frozenset[str], prefix: str) -> list[str]:
    lacking = sorted(columns - given)
    required = [name for name in lacking if name not in optional]
    if not required and (len(lacking) < len(columns) or not columns):
        return []
    return [prefix + name for name in required or lacking]
