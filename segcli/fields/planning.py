"""From definitions to a plan: references resolved, every expression checked, only what is wanted kept."""

from __future__ import annotations

import dataclasses
import graphlib
from collections.abc import Iterable, Mapping

from segcli.fields.availability import mark_unavailable
from segcli.fields.checking import check_definition
from segcli.fields.expressions import names_in
from segcli.fields.nodes import PERSON, AcrossNode, Node, Plan, ScoreNode
from segcli.fields.scopes import Scopes
from segcli.problems import Problems, nearest
from segcli.project.models import (
    AcrossField,
    AggregateField,
    CasesField,
    Expression,
    Field,
    PointsField,
    ScoreField,
    Segment,
    TopField,
    ValueField,
)
from segcli.sources.tables import Catalog

Definitions = Mapping[str, Field | Segment]


def plan_fields(
    fields: Iterable[Field],
    segments: Iterable[Segment],
    catalog: Catalog,
    problems: Problems,
    *,
    wanted: Iterable[str] | None = None,
) -> Plan:
    """Checks every definition that is wanted, and what those need, against the catalog.

    `wanted` names fields and segments (default: all of both). Whatever is wrong is added to `problems`; a
    definition with a problem is left out of the plan. What the files cannot answer is planned as
    unavailable and is no problem.
    """
    segments = tuple(segments)
    definitions: Definitions = {item.name: item for item in (*fields, *segments)}
    kept = _reachable(definitions, definitions if wanted is None else wanted)
    scopes = Scopes(catalog, problems, frozenset(definitions))
    nodes = _with_phases(_checked({name: definitions[name] for name in definitions if name in kept}, scopes, problems))
    chosen = tuple(segment for segment in segments if segment.name in kept)
    _check_each_fields(chosen, scopes, problems)
    plan = Plan(
        nodes=tuple(nodes),
        definitions={name: definitions[name] for name in definitions if name in kept},
        segments=chosen,
        unavailable={},
        customer_columns=dict(catalog.tables["customers"].columns),
        as_of=catalog.as_of,
        time_columns={table.name: table.time for table in catalog.tables.values() if table.time},
        hidden=frozenset(node.name for node in nodes if node.name.startswith("__")),
        given_by=catalog.tables["customers"].given_by,
    )
    return mark_unavailable(plan, catalog)


def expressions_of(definition: Field | Segment) -> list[Expression]:
    """Every SQL expression that a definition holds."""
    match definition:
        case AggregateField():
            found = [definition.value, definition.where]
        case ValueField():
            found = [definition.value]
        case AcrossField():
            found = [definition.across, definition.among]
        case TopField():
            found = [definition.by, definition.where]
        case ScoreField():
            found = [definition.score, definition.among]
        case PointsField():
            found = [part for item in definition.points for part in (item.each, item.where, item.when)]
        case CasesField():
            found = [case.when for case in definition.cases]
        case Segment():
            found = [definition.where]
    return [expression for expression in found if expression is not None]


def mentioned_names(definitions: Iterable[Field | Segment]) -> frozenset[str]:
    """Every identifier in any expression: extra columns that nobody mentions need no type."""
    names: set[str] = set()
    for definition in definitions:
        names |= references(definition)
    return frozenset(names)


def references(definition: Field | Segment) -> frozenset[str]:
    """Every name that a definition mentions, whether a field, a column or neither."""
    names: set[str] = set()
    for expression in expressions_of(definition):
        names |= names_in(expression)
    for attribute in ("by", "top", "each"):
        value = getattr(definition, attribute, None)
        if isinstance(value, str):
            names.add(value)
    return frozenset(names)


def _reachable(definitions: Definitions, wanted: Iterable[str]) -> set[str]:
    kept: set[str] = set()
    waiting = [name for name in wanted if name in definitions]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            waiting += [other for other in references(definitions[name]) if other in definitions]
    return kept


def _checked(definitions: Definitions, scopes: Scopes, problems: Problems) -> list[Node]:
    """The nodes of all definitions. What rests on a broken one is left out without a word of its own."""
    nodes: list[Node] = []
    order = _ordered(definitions, problems)
    broken = definitions.keys() - set(order)
    for name in order:
        definition = definitions[name]
        if (references(definition) - _self_reads(definition)) & broken:
            broken.add(name)
            continue
        before = len(problems.errors)
        found = check_definition(definition, scopes)
        if len(problems.errors) > before:
            broken.add(name)
        nodes += found
    return nodes


def _ordered(definitions: Definitions, problems: Problems) -> list[str]:
    """Names so that each comes after those it mentions; a cycle is a problem and its members are dropped."""
    # Sorted at both ends: a set's order differs from process to process, and a plan must not.
    graph = {name: sorted((references(item) & definitions.keys()) - _self_reads(item))
             for name, item in sorted(definitions.items())}  # fmt: skip
    while True:
        try:
            return list(graphlib.TopologicalSorter(graph).static_order())
        except graphlib.CycleError as error:
            cycle: list[str] = error.args[1]
            first = min(cycle)
            definition = definitions[first]
            start = cycle.index(first)
            path = [*cycle[start:-1], *cycle[:start], first]
            problems.error(
                f"these definitions go in a circle: {' -> '.join(path[::-1])}.",
                definition.place,
                _key(definition),
                "One of them has to be computed without the others.",
            )
            graph = {name: [other for other in others if other not in cycle]
                     for name, others in graph.items() if name not in cycle}  # fmt: skip


def _self_reads(definition: Field | Segment) -> set[str]:
    # A field may have the name of a column of the table it reads: `amount: {from: orders, value: sum(amount)}`.
    return {definition.name} if getattr(definition, "table", None) else set()


def _with_phases(nodes: list[Node]) -> list[Node]:
    phases: dict[str, int] = {}
    placed = []
    for node in nodes:
        phase = max((phases.get(name, 0) for name in node.needs), default=0)
        if isinstance(node, AcrossNode) or (isinstance(node, ScoreNode) and node.definition.bins):
            phase += 1
        phases[node.name] = phase
        placed.append(dataclasses.replace(node, phase=phase))
    return placed


def _check_each_fields(segments: Iterable[Segment], scopes: Scopes, problems: Problems) -> None:
    for segment in segments:
        # A field with a problem of its own is no column, and needs no second word.
        known = scopes.person_columns.keys() | scopes.names
        if segment.each and not segment.table and segment.each not in known:
            problems.error(
                f"no field named '{segment.each}'.",
                segment.place,
                f"{_key(segment)}.each",
                nearest(segment.each, known - {PERSON}),
            )


def _key(definition: Field | Segment) -> str:
    return f"{'segments' if isinstance(definition, Segment) else 'fields'}.{definition.name}"
