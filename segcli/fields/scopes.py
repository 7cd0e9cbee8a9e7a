"""What an expression may name where it stands, rows of a table or the customer, and checks that all kinds share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from segcli.fields.expressions import CheckedExpression, Scope, check_expression
from segcli.fields.nodes import (
    common_type,
)
from segcli.problems import Place, Problems, nearest
from segcli.project.models import (
    Expression,
    Field,
    Scalar,
)
from segcli.sources.tables import CANONICAL, Catalog, CatalogTable


class Scopes:
    """Knows the columns so far: each checked definition adds its own to `person_columns`."""

    def __init__(self, catalog: Catalog, problems: Problems, names: frozenset[str] = frozenset()) -> None:
        self.catalog = catalog
        self.names = names  # of every definition, to offer the nearest
        self.problems = problems
        self.person_columns: dict[str, pl.DataType] = dict(catalog.tables["customers"].columns)

    def person(self, *, aggregates: bool = False) -> Scope:
        """What an expression over one customer may name, or (with `aggregates`) one over all customers."""
        return Scope(self.person_columns, "a field", self.catalog.as_of, aggregates=aggregates, others=self.names)

    def rows(self, table: CatalogTable, *, aggregates: bool = False) -> Scope:
        """What an expression over a table's rows may name: its columns, and the fields of the row's customer."""
        # The table's own columns hide fields of the same name.
        columns = {**self.person_columns, **table.columns}
        return Scope(
            columns,
            f"a column of {table.name} or a field",
            self.catalog.as_of,
            aggregates=aggregates,
            others=self.names,
        )

    def table(self, name: str, place: Place, key: str) -> CatalogTable | None:
        """The table of that name, if customers have rows in it."""
        table = self.catalog.table(name)
        if table is None:
            known = {*CANONICAL, *self.catalog.tables, *self.catalog.declared}
            own = f"A table of your own stands under 'sources' in segcli.yaml, such as {name}: {{files: {name}.csv}}."
            self.problems.error(f"no table named '{name}'.", place, key, nearest(name, known) or own)
        elif not table.by_person:
            self.problems.error(f"'{name}' has no customers in it, so nothing can be counted per customer.", place, key)
            return None
        return table

    def condition(self, expression: Expression | None, scope: Scope, key: str) -> tuple[CheckedExpression | None, bool]:
        """The checked condition, and whether it (or its absence) is fine."""
        if expression is None:
            return None, True
        checked = check_expression(expression, scope, self.problems, key, wants="condition")
        return checked, checked is not None

    def column(self, column: str, table: CatalogTable, place: Place, key: str) -> bool:
        """Whether the table has the column."""
        if column in table.columns:
            return True
        hint = nearest(column, table.columns)
        self.problems.error(f"{table.name} has no column '{column}'.", place, key, hint)
        return False

    def window_column(
        self, within: dt.timedelta | None, table: CatalogTable, place: Place, key: str
    ) -> tuple[str | None, bool]:
        """The column that says when a row happened, and whether `within` can do its work."""
        if within is None or table.time:
            return table.time, True
        self.problems.error(
            f"'within' needs to know when a row happened, and {table.name} has no such column.", place, key
        )
        return None, False

    def default(self, default: Scalar, dtype: pl.DataType, definition: Field, key: str) -> bool:
        """Whether the default is of the type of the value."""
        kind = common_type([default])
        fits = default is None or kind == dtype or (dtype.is_numeric() and kind is not None and kind.is_numeric())
        if not fits:
            self.problems.error(
                f"the value is a {spoken_type(dtype)}, and its default {default!r} is not.", definition.place, key
            )
        return fits


def split_names(
    table: CatalogTable, *expressions: CheckedExpression | None, optional: bool = False
) -> tuple[frozenset[str], frozenset[str]]:
    """What the expressions name: columns of the table, and fields. With `optional`, what they can miss."""
    present = [expression for expression in expressions if expression is not None]
    names = frozenset[str]().union(*(item.optional if optional else item.names for item in present))
    if optional:
        names -= frozenset[str]().union(*(item.names - item.optional for item in present))
    own: Mapping[str, pl.DataType] = table.columns
    return frozenset(name for name in names if name in own), frozenset(n for n in names if n not in own)


def spoken_type(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    names = {pl.String(): "text", pl.Boolean(): "yes-or-no", pl.Date(): "date"}
    return names.get(dtype, "time" if dtype.is_temporal() else str(dtype))
