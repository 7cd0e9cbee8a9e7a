"""One definition at a time: checks its expressions against what they may name, and makes its nodes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from segcli.fields.expressions import CheckedExpression, Scope, check_expression
from segcli.fields.nodes import (
    AcrossNode,
    AggregateNode,
    EachNode,
    Node,
    RowNode,
    ScoreNode,
    TopNode,
    common_type,
    literal,
    points_item_name,
)
from segcli.problems import Place, Problems, nearest
from segcli.project.models import (
    AcrossField,
    AggregateField,
    CasesField,
    Expression,
    Field,
    PointsField,
    PointsItem,
    Scalar,
    ScoreField,
    Segment,
    TopField,
    ValueField,
)
from segcli.sources.tables import CANONICAL, Catalog, CatalogTable

SQL_TYPES = {
    pl.String(): "varchar",
    pl.Int64(): "bigint",
    pl.Float64(): "double",
    pl.Boolean(): "boolean",
}


class DefinitionChecker:
    """Knows the columns so far: each checked definition adds its own to `person_columns`."""

    def __init__(self, catalog: Catalog, problems: Problems, names: frozenset[str] = frozenset()) -> None:
        self.catalog = catalog
        self.names = names  # of every definition, to offer the nearest
        self.problems = problems
        self.person_columns: dict[str, pl.DataType] = dict(catalog.tables["customers"].columns)

    def check(self, definition: Field | Segment) -> list[Node]:
        """The nodes of a definition, none if it has a problem; its column is known from now on."""
        match definition:
            case AggregateField():
                nodes = self._aggregate(definition)
            case ValueField():
                nodes = self._value(definition)
            case CasesField():
                nodes = self._cases(definition)
            case TopField():
                nodes = self._top(definition)
            case PointsField():
                nodes = self._points(definition)
            case ScoreField():
                nodes = self._score(definition)
            case AcrossField():
                nodes = self._across(definition)
            case Segment():
                nodes = self._segment(definition)
        for node in nodes:
            self.person_columns[node.name] = node.dtype
        return nodes

    def _person(self, *, aggregates: bool = False) -> Scope:
        return Scope(self.person_columns, "a field", self.catalog.as_of, aggregates=aggregates, others=self.names)

    def _rows(self, table: CatalogTable, *, aggregates: bool = False) -> Scope:
        # The table's own columns hide fields of the same name.
        columns = {**self.person_columns, **table.columns}
        return Scope(
            columns,
            f"a column of {table.name} or a field",
            self.catalog.as_of,
            aggregates=aggregates,
            others=self.names,
        )

    def _table(self, name: str, place: Place, key: str) -> CatalogTable | None:
        table = self.catalog.table(name)
        if table is None:
            known = {*CANONICAL, *self.catalog.tables}
            self.problems.error(f"no table named '{name}'.", place, key, nearest(name, known))
        elif not table.by_person:
            self.problems.error(f"'{name}' has no customers in it, so nothing can be counted per customer.", place, key)
            return None
        return table

    def _condition(
        self, expression: Expression | None, scope: Scope, key: str
    ) -> tuple[CheckedExpression | None, bool]:
        """The checked condition, and whether it (or its absence) is fine."""
        if expression is None:
            return None, True
        checked = check_expression(expression, scope, self.problems, key, wants="condition")
        return checked, checked is not None

    def _column(self, column: str, table: CatalogTable, place: Place, key: str) -> bool:
        if column in table.columns:
            return True
        hint = nearest(column, table.columns)
        self.problems.error(f"{table.name} has no column '{column}'.", place, key, hint)
        return False

    def _window_column(
        self, within: dt.timedelta | None, table: CatalogTable, place: Place, key: str
    ) -> tuple[str | None, bool]:
        if within is None or table.time:
            return table.time, True
        self.problems.error(
            f"'within' needs to know when a row happened, and {table.name} has no such column.", place, key
        )
        return None, False

    def _default(self, default: Scalar, dtype: pl.DataType, definition: Field, key: str) -> bool:
        kind = common_type([default])
        fits = default is None or kind == dtype or (dtype.is_numeric() and kind is not None and kind.is_numeric())
        if not fits:
            self.problems.error(
                f"the value is a {_spoken(dtype)}, and its default {default!r} is not.", definition.place, key
            )
        return fits

    def _aggregate(self, definition: AggregateField) -> list[Node]:
        key = f"fields.{definition.name}"
        return self._table_aggregate(
            definition.name, key, definition.place, definition.table, definition.value,
            definition.where, definition.within, definition.default, definition,
        )  # fmt: skip

    def _table_aggregate(
        self, name: str, key: str, place: Place, table_name: str, value: Expression, where: Expression | None,
        within: dt.timedelta | None, default: Scalar, definition: Field,
    ) -> list[Node]:  # fmt: skip
        table = self._table(table_name, place, f"{key}.from")
        if table is None:
            return []
        time, window_fits = self._window_column(within, table, place, f"{key}.within")
        scope = self._rows(table, aggregates=True)
        checked = check_expression(value, scope, self.problems, f"{key}.value")
        condition, where_fits = self._condition(where, self._rows(table), f"{key}.where")
        if checked is None or not where_fits or not window_fits:
            return []
        windowed = checked
        if within is not None:
            found = check_expression(value, scope, self.problems, f"{key}.value", within_column=time, within=within)
            windowed = found or checked
        if not self._default(default, checked.dtype, definition, f"{key}.default"):
            return []
        columns, needs = _split(table, checked, condition)
        optional_columns, optional = _split(table, checked, condition, optional=True)
        return [
            AggregateNode(
                name, checked.dtype, needs=needs, optional=optional, table=table.name, columns=columns,
                optional_columns=optional_columns, where=condition, within=within, value=checked,
                windowed=windowed, default=default,
            )
        ]  # fmt: skip

    def _value(self, definition: ValueField) -> list[Node]:
        key = f"fields.{definition.name}"
        checked = check_expression(definition.value, self._person(), self.problems, f"{key}.value")
        if checked is None or not self._default(definition.default, checked.dtype, definition, f"{key}.default"):
            return []
        sql = checked.sql
        if definition.default is not None:
            sql = f"coalesce({sql}, {literal(definition.default)})"
        return [RowNode(definition.name, checked.dtype, needs=checked.names, optional=checked.optional, sql=sql)]

    def _cases(self, definition: CasesField) -> list[Node]:
        key = f"fields.{definition.name}"
        dtype = common_type([*(case.then for case in definition.cases), definition.otherwise])
        if dtype is None:
            self._report_mixed_cases(definition, key)
            return []
        parts: list[str] = []
        needs: set[str] = set()
        required: set[str] = set()
        broken = False
        for number, case in enumerate(definition.cases, 1):
            checked = check_expression(
                case.when, self._person(), self.problems, f"{key}.cases[{number}].when", wants="condition"
            )
            if checked is None:
                broken = True
                continue
            parts.append(f"when {checked.sql} then {literal(case.then)}")
            needs |= checked.names
            required |= checked.names - checked.optional
        if broken:
            return []
        sql = f"cast(case {' '.join(parts)} else {literal(definition.otherwise)} end as {SQL_TYPES[dtype]})"
        return [
            RowNode(
                definition.name, dtype, needs=frozenset(needs), optional=frozenset(needs - required),
                sql=sql,
            )
        ]  # fmt: skip

    def _report_mixed_cases(self, definition: CasesField, key: str) -> None:
        """Says which two values are of different kinds, at the second."""
        given: list[tuple[Scalar, Place]] = [
            (case.then, case.place) for case in definition.cases if case.then is not None
        ]
        given.append((definition.otherwise, definition.place))
        first = given[0][0]
        other, place = next(item for item in given[1:] if common_type([first, item[0]]) is None)
        self.problems.error(
            f"the values of the cases are of different kinds: {first!r} and {other!r}.",
            place, key, "Write all of them as text (in quotes), or all as numbers.",
        )  # fmt: skip

    def _top(self, definition: TopField) -> list[Node]:
        key = f"fields.{definition.name}"
        table = self._table(definition.table, definition.place, f"{key}.from")
        if table is None or not self._column(definition.top, table, definition.place, f"{key}.top"):
            return []
        time, window_fits = self._window_column(definition.within, table, definition.place, f"{key}.within")
        by = check_expression(definition.by, self._rows(table, aggregates=True), self.problems, f"{key}.by")
        condition, where_fits = self._condition(definition.where, self._rows(table), f"{key}.where")
        if by is None or not where_fits or not window_fits:
            return []
        columns, needs = _split(table, by, condition)
        optional_columns, optional = _split(table, by, condition, optional=True)
        return [
            TopNode(
                definition.name, table.columns[definition.top], needs=needs, optional=optional,
                table=table.name, columns=columns | {definition.top}, optional_columns=optional_columns,
                where=condition, within=definition.within, top=definition.top, by=by, time=time,
            )
        ]  # fmt: skip

    def _points(self, definition: PointsField) -> list[Node]:
        nodes: list[Node] = []
        terms, names = [], []
        for number, item in enumerate(definition.points, 1):
            key = f"fields.{definition.name}.points[{number}]"
            name = points_item_name(definition, number)
            found = (
                self._points_of_rows(definition, item, name, key)
                if item.table
                else self._points_of_condition(item, name, key)
            )
            for node in found:
                self.person_columns[node.name] = node.dtype
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

    def _points_of_rows(self, definition: PointsField, item: PointsItem, name: str, key: str) -> list[Node]:
        table = self._table(item.table or "", item.place, f"{key}.from")
        if table is None:
            return []
        each = check_expression(item.each, self._rows(table), self.problems, f"{key}.each", wants="number")
        if each is None:
            return []
        weight = ""
        if item.half_life is not None:
            time, fits = self._window_column(item.half_life, table, item.place, f"{key}.half_life")
            if not fits:
                return []
            hours = item.half_life.total_seconds() / 3600
            age = "age_hours" if "age_hours" in table.columns else time
            weight = f" * pow(0.5, {age} / {hours!r})"
        total = Expression(f"sum(({item.each.text}){weight})", item.each.place)
        return self._table_aggregate(
            name, key, item.place, table.name, total, item.where, item.within, None, definition
        )

    def _points_of_condition(self, item: PointsItem, name: str, key: str) -> list[Node]:
        each = check_expression(item.each, self._person(), self.problems, f"{key}.each", wants="number")
        when, fits = self._condition(item.when, self._person(), f"{key}.when")
        if each is None or not fits:
            return []
        sql = each.sql if when is None else f"case when {when.sql} then {each.sql} end"
        needs = each.names | (when.names if when else frozenset())
        optional = each.optional | (when.optional if when else frozenset())
        return [RowNode(name, each.dtype, needs=needs, optional=optional, sql=sql)]

    def _score(self, definition: ScoreField) -> list[Node]:
        key = f"fields.{definition.name}"
        value = check_expression(definition.score, self._person(), self.problems, f"{key}.score")
        among, fits = self._condition(definition.among, self._person(), f"{key}.among")
        if value is None or not fits:
            return []
        if not value.dtype.is_numeric():
            self.problems.error(
                f"a score needs a number, and this is a {_spoken(value.dtype)}.",
                definition.score.place, f"{key}.score", "Count days or amounts instead.",
            )  # fmt: skip
            return []
        needs = value.names | (among.names if among else frozenset())
        optional = value.optional | (among.optional if among else frozenset())
        return [
            ScoreNode(
                definition.name, pl.Int64(), needs=needs, optional=optional, value=value.sql,
                among=among.sql if among else None, definition=definition,
            )
        ]  # fmt: skip

    def _across(self, definition: AcrossField) -> list[Node]:
        key = f"fields.{definition.name}"
        value = check_expression(definition.across, self._person(aggregates=True), self.problems, f"{key}.across")
        among, fits = self._condition(definition.among, self._person(), f"{key}.among")
        if definition.by is not None and definition.by not in self.person_columns:
            hint = nearest(definition.by, self.person_columns)
            self.problems.error(f"no field named '{definition.by}'.", definition.place, f"{key}.by", hint)
            return []
        if value is None or not fits:
            return []
        needs = value.names | (among.names if among else frozenset())
        if definition.by:
            needs |= {definition.by}
        return [
            AcrossNode(
                definition.name, value.dtype, needs=needs, optional=value.optional, value=value.sql,
                among=among.sql if among else None, definition=definition,
            )
        ]  # fmt: skip

    def _segment(self, segment: Segment) -> list[Node]:
        key = f"segments.{segment.name}"
        if segment.each is None:
            checked, fits = self._condition(segment.where, self._person(), f"{key}.where")
            if checked is None or not fits:
                return []
            # A null condition is not met.
            sql = f"coalesce({checked.sql}, false)"
            return [RowNode(segment.name, pl.Boolean(), needs=checked.names, optional=checked.optional, sql=sql)]
        if segment.table is None:
            return []
        table = self._table(segment.table, segment.place, f"{key}.from")
        if table is None or not self._column(segment.each, table, segment.place, f"{key}.each"):
            return []
        _, window_fits = self._window_column(segment.within, table, segment.place, f"{key}.within")
        condition, fits = self._condition(segment.where, self._rows(table), f"{key}.where")
        if not fits or not window_fits:
            return []
        columns, needs = _split(table, condition)
        optional_columns, optional = _split(table, condition, optional=True)
        return [
            EachNode(
                segment.name, pl.List(pl.String()), needs=needs, optional=optional, table=table.name,
                columns=columns | {segment.each}, optional_columns=optional_columns, where=condition,
                within=segment.within, each=segment.each, at_least=segment.at_least,
            )
        ]  # fmt: skip


def _split(
    table: CatalogTable, *expressions: CheckedExpression | None, optional: bool = False
) -> tuple[frozenset[str], frozenset[str]]:
    """What the expressions name: columns of the table, and fields. With `optional`, what they can miss."""
    present = [expression for expression in expressions if expression is not None]
    names = frozenset[str]().union(*(item.optional if optional else item.names for item in present))
    if optional:
        names -= frozenset[str]().union(*(item.names - item.optional for item in present))
    own: Mapping[str, pl.DataType] = table.columns
    return frozenset(name for name in names if name in own), frozenset(n for n in names if n not in own)


def _spoken(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    names = {pl.String(): "text", pl.Boolean(): "yes-or-no", pl.Date(): "date"}
    return names.get(dtype, "time" if dtype.is_temporal() else str(dtype))
