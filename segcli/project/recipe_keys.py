"""Every key that a recipe.yaml may have: read by the validation, and by the schema for editors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segcli.problems import Problems, nearest
from segcli.project.campaign_keys import CampaignDefinition
from segcli.project.names import NAME_PATTERN, check_name
from segcli.project.quantities import Number, Whole
from segcli.project.shapes import Key, ListOf, MappingOf, Shape, Values
from segcli.project.values import (
    NAME,
    AnyScalar,
    Choice,
    Duration,
    Flag,
    SqlExpression,
    Text,
)
from segcli.project.yaml_nodes import ListNode, MappingNode, Node

_WORDS = (
    Key("meaning", Text(), "What the value says, for people."),
    Key("unit", Text(), "What the value is counted in: days, orders, the shop's currency."),
    Key("source", Text(), "Where the definition or the numbers in it come from."),
)
_TABLE = Key("from", NAME, "The table whose rows are used: orders, order_items, events, carts ...", required=True)
_WHERE = Key("where", SqlExpression(), "Which rows count: a condition over the table's columns.")
_WITHIN = Key("within", Duration(), "How far back rows count, such as 90d or 48h.")
_DEFAULT = Key("default", AnyScalar(), "The value of customers without such rows.")
_AMONG = Key("among", SqlExpression(), "Which customers take part: a condition over fields.")

AGGREGATE = Shape(
    "a field from a table", "An aggregate over one table's rows of a customer.",
    (_TABLE, Key("value", SqlExpression(), "The aggregate, such as count(*) or sum(amount).", required=True),
     _WHERE, _WITHIN, _DEFAULT, *_WORDS),
)  # fmt: skip
_NEEDS_TABLE = "It needs 'from', the table whose rows it chooses."
VALUE = Shape(
    "a field from other fields", "An expression over other fields of the same customer.",
    (Key("value", SqlExpression(), "The expression, such as spend / orders.", required=True),
     Key("default", AnyScalar(), "The value where the expression has none."), *_WORDS),
    moved={"where": _NEEDS_TABLE, "within": _NEEDS_TABLE},
)  # fmt: skip
ACROSS = Shape(
    "a field across customers", "One number for all customers, or one for each value of another field.",
    (Key("across", SqlExpression(), "The aggregate, such as median(average_gap_days).", required=True),
     Key("by", NAME, "The field that makes the groups."), _AMONG, *_WORDS),
)  # fmt: skip
TOP = Shape(
    "a field of the most frequent value", "The value of a column that a customer has the most of.",
    (_TABLE, Key("top", NAME, "The column whose value is wanted.", required=True),
     Key("by", SqlExpression(), "What is most of the top one, such as sum(quantity); count(*) if absent."),
     _WHERE, _WITHIN, *_WORDS),
    moved={"default": "A top value that nobody has is null; use coalesce(...) in a field of its own."},
)  # fmt: skip


def _check_rising(node: ListNode, items: list[Any], key: str, problems: Problems) -> None:
    for number in range(1, len(items)):
        if items[number] <= items[number - 1]:
            problems.error(f"{items[number]} after {items[number - 1]}: cuts must rise.", node.items[number].place, key)


SCORE = Shape(
    "a score", "One plus the number of cut points below the value.",
    (Key("score", SqlExpression(), "The field or expression that is scored.", required=True),
     Key("best", Choice(("high", "low")), "Which values get the highest score; high if absent."),
     Key("bins", Whole(2, 1000), "How many groups of equal size: 5 for quintiles, 100 for percentiles."),
     Key("cuts", ListOf(Number(), "a list of rising numbers", _check_rising), "Fixed thresholds, rising."),
     _AMONG, *_WORDS),
    one_of=("bins", "cuts"),
)  # fmt: skip
POINTS_ITEM = Shape(
    "a line of points", "Points for rows of a table (from), or once for a condition (when).",
    (Key("from", NAME, "The table whose rows give points."),
     Key("where", SqlExpression(), "Which rows give points.", needs="from"),
     Key("when", SqlExpression(), "The condition over fields that gives the points once."),
     Key("each", SqlExpression(), "The points: a number, or an expression over the row.", required=True),
     Key("most", Number(positive=True), "The most points that this line can give."),
     Key("within", Duration(), "How far back rows give points.", needs="from"),
     Key("half_life", Duration(), "After how long a row's points are worth half.", needs="from")),
    one_of=("from", "when"),
)  # fmt: skip
POINTS = Shape(
    "a field of points", "A sum of points over rows and conditions.",
    (Key("points", ListOf(POINTS_ITEM, "a list of lines"), "What gives points.", required=True), *_WORDS),
)  # fmt: skip
CASE = Shape(
    "a case", "The value of the field when the condition holds.",
    (Key("when", SqlExpression(), "The condition over fields.", required=True),
     Key("then", AnyScalar(), "The value: a text or a number, not an expression.", required=True)),
)  # fmt: skip
CASES = Shape(
    "a field of cases", "The value of the first case whose condition holds.",
    (Key("cases", ListOf(CASE, "a list of 'when' and 'then'"), "The first that holds counts.", required=True),
     Key("otherwise", AnyScalar(), "The value when no case holds; null if absent."), *_WORDS),
    moved={"default": "Write 'otherwise'."},
)  # fmt: skip

FIELD_SHAPES = (AGGREGATE, VALUE, ACROSS, TOP, SCORE, POINTS, CASES)
# The keys that tell which kind of field it is; `value` is told apart by `from`.
_TELLING = {"value": VALUE, "across": ACROSS, "top": TOP, "score": SCORE, "points": POINTS, "cases": CASES}


@dataclass(frozen=True)
class FieldDefinition:
    """One of the seven kinds of field, told by the keys that are there."""

    def read(self, node: Node, key: str, problems: Problems) -> Values | None:
        if not isinstance(node, MappingNode):
            hint = "Write {value: ...} for an expression over fields, {from: ..., value: ...} for one over rows."
            problems.error("must be a definition with keys.", node.place, key, hint=hint)
            return None
        told = [name for name in _TELLING if name in node.entries]
        if len(told) == 1:
            shape = AGGREGATE if told == ["value"] and "from" in node.entries else _TELLING[told[0]]
            return shape.read(node, key, problems)
        if told:
            both = " and ".join(f"'{name}'" for name in told)
            place = max(
                (node.key_places[name] for name in told),
                key=lambda place: (place.line or 0, place.column or 0),
            )
            problems.error(f"{both} make two kinds of field.", place, key, hint="Keep one of them.")
            return None
        self.report_untold(node, key, problems)
        return None

    def report_untold(self, node: MappingNode, key: str, problems: Problems) -> None:
        known = {name for shape in FIELD_SHAPES for name in shape.names}
        misspelt = [(name, hint) for name in node.entries if name not in known and (hint := nearest(name, _TELLING))]
        for name, hint in misspelt:
            problems.error(f"no key '{name}'.", node.key_places[name], key, hint=hint)
        if not misspelt:
            hint = "A field has one of the keys value, across, top, score, points and cases."
            problems.error("nothing says what to compute.", node.place, key, hint=hint)

    def schema(self) -> dict[str, Any]:
        return {"oneOf": [shape.schema() for shape in FIELD_SHAPES]}


SEGMENT = Shape(
    "a segment", "A named condition over fields, or a segment per value.",
    (Key("where", SqlExpression(), "The condition over fields; beside 'from', over the table's rows."),
     Key("each", NAME, "A segment per value of this field; beside 'from', of this column."),
     Key("from", NAME, "The table whose rows make the segments.", needs="each"),
     Key("within", Duration(), "How far back rows count.", needs="from"),
     Key("at_least", Whole(1), "How many rows make a member.", needs="from"),
     Key("suppress", Flag(), "Takes its members off every marketing list."),
     Key("meaning", Text(), "Who is in it, for people.")),
)  # fmt: skip


@dataclass(frozen=True)
class SegmentDefinition:
    """A segment: `where` alone, `each` alone, or `each` over the rows of a table."""

    def read(self, node: Node, key: str, problems: Problems) -> Values | None:
        if isinstance(node, MappingNode):
            names = set(node.entries)
            if not names & {"where", "each"} and names <= set(SEGMENT.names):
                problems.error("'where' or 'each' is missing.", node.place, key)
            if {"where", "each"} <= names and "from" not in names:
                problems.error(
                    "'where' beside 'each' needs 'from'.", node.key_places["where"], key,
                    hint="To leave customers out, make the field null for them.",
                )  # fmt: skip
        return SEGMENT.read(node, key, problems)

    def schema(self) -> dict[str, Any]:
        ways = [
            {"required": ["where"], "not": {"required": ["each"]}},
            {"required": ["each"], "not": {"required": ["where"]}},
            {"required": ["each", "from", "where"]},
        ]
        return {**SEGMENT.schema(), "oneOf": ways}


# In these words; what each becomes is for the sources to say.
COLUMN_TYPES = ("text", "number", "whole", "money", "date", "time", "flag", "list")
TABLE = Shape(
    "a table", "A table of the shop's own that the recipe reads, or columns of a built-in one.",
    (Key("by", Text("a column of customers", NAME_PATTERN), "For a lookup: what joins it to customers."),
     Key("time", Text("a column's name", NAME_PATTERN), "The column that says when a row happened."),
     Key("columns", MappingOf(Choice(COLUMN_TYPES), "columns and their types"),
         f"The columns that the recipe reads, and of what type each is: {', '.join(COLUMN_TYPES)}.")),
)  # fmt: skip

RECIPE = Shape(
    "a recipe", "Fields, segments and campaigns that belong together.",
    (Key("description", Text(), "What the recipe is for, for people."),
     Key("tables", MappingOf(TABLE, "tables and their columns"),
         "Tables of the shop's own that the recipe reads; without them what rests on them is unavailable."),
     Key("fields", MappingOf(FieldDefinition(), "names and definitions", check_name),
         "Values that every customer has, by name."),
     Key("segments", MappingOf(SegmentDefinition(), "names and conditions", check_name),
         "Groups of customers, by name."),
     Key("campaigns", MappingOf(CampaignDefinition(), "names and campaigns"),
         "Sequences of messages, by name.")),
)  # fmt: skip
