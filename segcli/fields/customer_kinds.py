"""Kinds of field that read a customer's own columns, checked: values, cases, scores, numbers across all."""

from __future__ import annotations

import polars as pl

from segcli.fields.expressions import check_expression
from segcli.fields.nodes import (
    AcrossNode,
    Node,
    RowNode,
    ScoreNode,
    common_type,
    literal,
)
from segcli.fields.scopes import Scopes, spoken_type
from segcli.problems import Place, nearest
from segcli.project.models import (
    AcrossField,
    CasesField,
    Scalar,
    ScoreField,
    Segment,
    ValueField,
)

SQL_TYPES = {
    pl.String(): "varchar",
    pl.Int64(): "bigint",
    pl.Float64(): "double",
    pl.Boolean(): "boolean",
}


def value_nodes(scopes: Scopes, definition: ValueField) -> list[Node]:
    """An expression over the customer."""
    key = f"fields.{definition.name}"
    checked = check_expression(definition.value, scopes.person(), scopes.problems, f"{key}.value")
    if checked is None or not scopes.default(definition.default, checked.dtype, definition, f"{key}.default"):
        return []
    sql = checked.sql
    if definition.default is not None:
        sql = f"coalesce({sql}, {literal(definition.default)})"
    return [RowNode(definition.name, checked.dtype, needs=checked.names, optional=checked.optional, sql=sql)]


def cases_nodes(scopes: Scopes, definition: CasesField) -> list[Node]:
    """The first case that is met."""
    key = f"fields.{definition.name}"
    dtype = common_type([*(case.then for case in definition.cases), definition.otherwise])
    if dtype is None:
        _report_mixed_cases(scopes, definition, key)
        return []
    parts: list[str] = []
    needs: set[str] = set()
    required: set[str] = set()
    broken = False
    for number, case in enumerate(definition.cases, 1):
        checked = check_expression(
            case.when, scopes.person(), scopes.problems, f"{key}.cases[{number}].when", wants="condition"
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


def score_nodes(scopes: Scopes, definition: ScoreField) -> list[Node]:
    """One plus the number of cut points below a number."""
    key = f"fields.{definition.name}"
    value = check_expression(definition.score, scopes.person(), scopes.problems, f"{key}.score")
    among, fits = scopes.condition(definition.among, scopes.person(), f"{key}.among")
    if value is None or not fits:
        return []
    if not value.dtype.is_numeric():
        scopes.problems.error(
            f"a score needs a number, and this is a {spoken_type(value.dtype)}.",
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


def across_nodes(scopes: Scopes, definition: AcrossField) -> list[Node]:
    """One number for the base, or per value of a field."""
    key = f"fields.{definition.name}"
    value = check_expression(definition.across, scopes.person(aggregates=True), scopes.problems, f"{key}.across")
    among, fits = scopes.condition(definition.among, scopes.person(), f"{key}.among")
    if definition.by is not None and definition.by not in scopes.person_columns:
        hint = nearest(definition.by, scopes.person_columns)
        scopes.problems.error(f"no field named '{definition.by}'.", definition.place, f"{key}.by", hint)
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


def _report_mixed_cases(scopes: Scopes, definition: CasesField, key: str) -> None:
    """Says which two values are of different kinds, at the second."""
    given: list[tuple[Scalar, Place]] = [(case.then, case.place) for case in definition.cases if case.then is not None]
    given.append((definition.otherwise, definition.place))
    first = given[0][0]
    other, place = next(item for item in given[1:] if common_type([first, item[0]]) is None)
    scopes.problems.error(
        f"the values of the cases are of different kinds: {first!r} and {other!r}.",
        place, key, "Write all of them as text (in quotes), or all as numbers.",
    )  # fmt: skip


def condition_nodes(scopes: Scopes, segment: Segment) -> list[Node]:
    """A segment with a condition: true for who meets it. A null condition is not met."""
    key = f"segments.{segment.name}"
    checked, fits = scopes.condition(segment.where, scopes.person(), f"{key}.where")
    if checked is None or not fits:
        return []
    sql = f"coalesce({checked.sql}, false)"
    return [RowNode(segment.name, pl.Boolean(), needs=checked.names, optional=checked.optional, sql=sql)]
