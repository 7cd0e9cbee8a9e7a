"""One definition at a time to checked nodes, by its kind."""

from __future__ import annotations

from segcli.fields.customer_kinds import across_nodes, cases_nodes, condition_nodes, score_nodes, value_nodes
from segcli.fields.nodes import Node
from segcli.fields.scopes import Scopes
from segcli.fields.table_kinds import aggregate_nodes, each_nodes, points_nodes, top_nodes
from segcli.project.models import (
    AcrossField,
    AggregateField,
    CasesField,
    Field,
    PointsField,
    ScoreField,
    Segment,
    TopField,
    ValueField,
)


def check_definition(definition: Field | Segment, scopes: Scopes) -> list[Node]:
    """The nodes of a definition, none if it has a problem; its column is known to `scopes` from now on."""
    match definition:
        case AggregateField():
            nodes = aggregate_nodes(scopes, definition)
        case ValueField():
            nodes = value_nodes(scopes, definition)
        case CasesField():
            nodes = cases_nodes(scopes, definition)
        case TopField():
            nodes = top_nodes(scopes, definition)
        case PointsField():
            nodes = points_nodes(scopes, definition)
        case ScoreField():
            nodes = score_nodes(scopes, definition)
        case AcrossField():
            nodes = across_nodes(scopes, definition)
        case Segment():
            nodes = condition_nodes(scopes, definition) if definition.each is None else each_nodes(scopes, definition)
    for node in nodes:
        scopes.person_columns[node.name] = node.dtype
    return nodes
