"""Definitions on one line, in the recipe's own words."""

from __future__ import annotations

import datetime as dt

from segcli.project.models import (
    AcrossField,
    AggregateField,
    CasesField,
    Expression,
    Field,
    PointsField,
    PointsItem,
    ScoreField,
    Segment,
    TopField,
    ValueField,
)


def definition_words(definition: Field | Segment) -> str:
    """What a field or segment is worked out from."""
    match definition:
        case Segment(where=where, each=each, table=table):
            rows = f" from {table}{_rows(definition)}" if table else ""
            at_least = f", at least {definition.at_least} times" if definition.at_least > 1 else ""
            return f"each {each}{rows}{at_least}" if each else _line(where)
        case AggregateField():
            return f"{_line(definition.value)} from {definition.table}{_rows(definition)}"
        case TopField():
            rows = f"from {definition.table}{_rows(definition)}"
            return f"the {definition.top} with the most {_line(definition.by)} {rows}"
        case AcrossField():
            by = f" of the same {definition.by}" if definition.by else ""
            among = f" with {_line(definition.among)}" if definition.among else ""
            return f"{_line(definition.across)} across all customers{by}{among}"
        case ScoreField():
            among = f" among {_line(definition.among)}" if definition.among else ""
            return f"score of {_line(definition.score)}{among}, {definition.best} is best"
        case PointsField():
            return "the sum of its points"
        case CasesField():
            otherwise = "" if definition.otherwise is None else f", otherwise {definition.otherwise}"
            return f"the first case that is met{otherwise}"
        case ValueField():
            return _line(definition.value)


def points_item_words(item: PointsItem) -> str:
    """One line of a points field: what gives how much, and how often."""
    if item.table is None:
        return f"{_line(item.each)} when {_line(item.when)}" if item.when else _line(item.each)
    most = f", at most {item.most}" if item.most is not None else ""
    half_life = f", half after {spoken_duration(item.half_life)}" if item.half_life else ""
    return f"{_line(item.each)} each from {item.table}{_rows(item)}{half_life}{most}"


def _rows(definition: AggregateField | TopField | Segment | PointsItem) -> str:
    where = f" where {_line(definition.where)}" if definition.where else ""
    return where + (f" within {spoken_duration(definition.within)}" if definition.within else "")


def _line(expression: Expression | None) -> str:
    return " ".join(expression.text.split()) if expression else ""


def spoken_duration(span: dt.timedelta) -> str:
    """`90d`, `36h` or `15m`, as recipes write it."""
    minutes = round(span.total_seconds() / 60)
    if minutes % 1440 == 0:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
