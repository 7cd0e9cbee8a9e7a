"""Kinds of field that read the rows of a table, checked: aggregates, tops, points, lists of values."""

from __future__ import annotations

import datetime as dt

import polars as pl

from segcli.fields.expressions import check_expression
from segcli.fields.nodes import (
    AggregateNode,
    EachNode,
    Node,
    RowNode,
    TopNode,
    points_item_name,
)
from segcli.fields.scopes import Scopes, split_names
from segcli.problems import Place
from segcli.project.models import (
    AggregateField,
    Expression,
    Field,
    PointsField,
    PointsItem,
    Scalar,
    Segment,
    TopField,
)


def aggregate_nodes(scopes: Scopes, definition: AggregateField) -> list[Node]:
    """An aggregate over the rows of one table."""
    key = f"fields.{definition.name}"
    return aggregate_of_rows(scopes,
        definition.name, key, definition.place, definition.table, definition.value,
        definition.where, definition.within, definition.default, definition,
    )  # fmt: skip


def aggregate_of_rows(
    scopes: Scopes, name: str, key: str, place: Place, table_name: str, value: Expression,
    where: Expression | None, within: dt.timedelta | None, default: Scalar, definition: Field,
) -> list[Node]:  # fmt: skip
    """One aggregate node, for a field of its own or for a line of points."""
    table = scopes.table(table_name, place, f"{key}.from")
    if table is None:
        return []
    time, window_fits = scopes.window_column(within, table, place, f"{key}.within")
    scope = scopes.rows(table, aggregates=True)
    checked = check_expression(value, scope, scopes.problems, f"{key}.value")
    condition, where_fits = scopes.condition(where, scopes.rows(table), f"{key}.where")
    if checked is None or not where_fits or not window_fits:
        return []
    windowed = checked
    if within is not None:
        found = check_expression(value, scope, scopes.problems, f"{key}.value", within_column=time, within=within)
        windowed = found or checked
    if not scopes.default(default, checked.dtype, definition, f"{key}.default"):
        return []
    columns, needs = split_names(table, checked, condition)
    optional_columns, optional = split_names(table, checked, condition, optional=True)
    return [
        AggregateNode(
            name, checked.dtype, needs=needs, optional=optional, table=table.name, columns=columns,
            optional_columns=optional_columns, where=condition, within=within, value=checked,
            windowed=windowed, default=default,
        )
    ]  # fmt: skip


def top_nodes(scopes: Scopes, definition: TopField) -> list[Node]:
    """The value of a column with the most `by`."""
    key = f"fields.{definition.name}"
    table = scopes.table(definition.table, definition.place, f"{key}.from")
    if table is None or not scopes.column(definition.top, table, definition.place, f"{key}.top"):
        return []
    time, window_fits = scopes.window_column(definition.within, table, definition.place, f"{key}.within")
    by = check_expression(definition.by, scopes.rows(table, aggregates=True), scopes.problems, f"{key}.by")
    condition, where_fits = scopes.condition(definition.where, scopes.rows(table), f"{key}.where")
    if by is None or not where_fits or not window_fits:
        return []
    columns, needs = split_names(table, by, condition)
    optional_columns, optional = split_names(table, by, condition, optional=True)
    return [
        TopNode(
            definition.name, table.columns[definition.top], needs=needs, optional=optional,
            table=table.name, columns=columns | {definition.top}, optional_columns=optional_columns,
            where=condition, within=definition.within, top=definition.top, by=by, time=time,
        )
    ]  # fmt: skip


def points_nodes(scopes: Scopes, definition: PointsField) -> list[Node]:
    """A hidden node per line, and their sum."""
    nodes: list[Node] = []
    terms, names = [], []
    for number, item in enumerate(definition.points, 1):
        key = f"fields.{definition.name}.points[{number}]"
        name = points_item_name(definition, number)
        found = (
            _points_of_rows(scopes, definition, item, name, key)
            if item.table
            else _points_of_condition(scopes, item, name, key)
        )
        for node in found:
            scopes.person_columns[node.name] = node.dtype
        nodes += found
        names += [node.name for node in found]
        term = f'coalesce(cast("{name}" as decimal(38,6)), cast(0 as decimal(38,6)))'
        if item.most is not None:
            term = f"least({term}, cast({item.most} as decimal(38,6)))"
        terms.append(term)
    if len(names) < len(definition.points):
        return []
    sql = f"round(cast({' + '.join(terms)} as double), 2)"
    # A line that the files cannot answer gives nothing; only without any line is the score not known.
    present = frozenset(names)
    return [*nodes, RowNode(definition.name, pl.Float64(), needs=present, optional=present, sql=sql)]


def _points_of_rows(scopes: Scopes, definition: PointsField, item: PointsItem, name: str, key: str) -> list[Node]:
    table = scopes.table(item.table or "", item.place, f"{key}.from")
    if table is None:
        return []
    each = check_expression(item.each, scopes.rows(table), scopes.problems, f"{key}.each", wants="number")
    if each is None:
        return []
    weight = ""
    if item.half_life is not None:
        time, fits = scopes.window_column(item.half_life, table, item.place, f"{key}.half_life")
        if not fits:
            return []
        hours = item.half_life.total_seconds() / 3600
        age = "age_hours" if "age_hours" in table.columns else time
        weight = f" * pow(0.5, {age} / {hours!r})"
    total = Expression(f"sum(({item.each.text}){weight})", item.each.place)
    return aggregate_of_rows(
        scopes, name, key, item.place, table.name, total, item.where, item.within, None, definition
    )


def _points_of_condition(scopes: Scopes, item: PointsItem, name: str, key: str) -> list[Node]:
    each = check_expression(item.each, scopes.person(), scopes.problems, f"{key}.each", wants="number")
    when, fits = scopes.condition(item.when, scopes.person(), f"{key}.when")
    if each is None or not fits:
        return []
    sql = each.sql if when is None else f"case when {when.sql} then {each.sql} end"
    needs = each.names | (when.names if when else frozenset())
    optional = each.optional | (when.optional if when else frozenset())
    return [RowNode(name, each.dtype, needs=needs, optional=optional, sql=sql)]


def each_nodes(scopes: Scopes, segment: Segment) -> list[Node]:
    """A segment per value of a table's column: the list of a customer's values."""
    if segment.each is None or segment.table is None:
        return []
    key = f"segments.{segment.name}"
    table = scopes.table(segment.table, segment.place, f"{key}.from")
    if table is None or not scopes.column(segment.each, table, segment.place, f"{key}.each"):
        return []
    _, window_fits = scopes.window_column(segment.within, table, segment.place, f"{key}.within")
    condition, fits = scopes.condition(segment.where, scopes.rows(table), f"{key}.where")
    if not fits or not window_fits:
        return []
    columns, needs = split_names(table, condition)
    optional_columns, optional = split_names(table, condition, optional=True)
    return [
        EachNode(
            segment.name, pl.List(pl.String()), needs=needs, optional=optional, table=table.name,
            columns=columns | {segment.each}, optional_columns=optional_columns, where=condition,
            within=segment.within, each=segment.each, at_least=segment.at_least,
        )
    ]  # fmt: skip
