"""One customer and one segment of a run: in or out, why, and what would have to change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from segcli.cli.customers import find_customer
from segcli.cli.gate_words import barred_words, consent_words
from segcli.exports import load_format, with_every_column
from segcli.fields.clauses import Change, split_condition
from segcli.fields.explaining import ExplainedField, Explainer
from segcli.fields.nodes import EachNode
from segcli.pipeline import Progress, SegmentRun, compute, definitions, listed_columns, prepare, quiet
from segcli.problems import Problem, Problems, RecipeError, nearest
from segcli.project.models import CasesField, Field, Project, Segment
from segcli.segments import CONTACTABLE

# What decides whether a member can be on a list.
LISTING = (CONTACTABLE, "email_barred", "email_allowed", "email_consent_rule", "consent_policy", "suppression")


@dataclass(frozen=True)
class Explanation:
    """`inside` is None where the files cannot answer; `values` are what the customer has of an `each`."""

    customer: str
    segment: str
    inside: bool | None
    why: ExplainedField
    values: tuple[str, ...] | None
    rows: Mapping[str, int]  # of an `each` over a table: value -> rows of this customer
    at_least: int
    each: str | None
    ways: tuple[tuple[Change, ...], ...]
    left_off: tuple[str, ...] = ()  # why a member is not on the segment's list

    def answer(self) -> dict[str, Any]:
        """The object of `--json`."""
        return {
            "customer": self.customer,
            "segment": self.segment,
            "in": self.inside,
            "unavailable": list(self.why.unavailable),
            "values": None if self.values is None else list(self.values),
            "rows": dict(self.rows),
            "left_off": list(self.left_off),
            "why": dataclasses.asdict(self.why),
            "changes": [[{"clause": change.clause.text, "to": change.to} for change in way] for way in self.ways],
        }


def explain_segment(
    project: Project, customer: str, segment: str, scratch: Path, progress: Progress = quiet
) -> Explanation:
    """Why the customer (id, email or phone) is in the segment or not. RecipeError if there is no such one."""
    fields, segments = definitions(project)
    campaigns = [item.name for recipe in project.recipes for item in recipe.campaigns]
    definition, value = find_segment(segment, fields, segments, campaigns)
    suppressing = [item.name for item in segments if item.suppress]
    planned = [definition.name, *suppressing, *LISTING, *listed_columns(project)]
    run = compute(prepare(project, Problems(), wanted=planned), scratch, progress)
    person = find_customer(run.computed.customers, customer)
    explainer = Explainer(run.computed, person)
    why = explainer.field(definition.name)
    if why.unavailable:
        return Explanation(person, segment, None, why, None, {}, 1, definition.each, ())
    if definition.each is None:
        clause = split_condition(definition.where) if definition.where else None
        inside = bool(why.value)
        changes = explainer.ways(clause, wanted=not inside) if clause else []
        left_off = _left_off(run, definition, explainer) if inside else ()
        return Explanation(person, segment, inside, why, None, {}, 1, None, tuple(changes), left_off)
    has = why.value if isinstance(why.value, list) else [] if why.value is None else [why.value]
    values = tuple(str(item) for item in has)
    if value is not None:
        value = _known_value(value, definition, values, run, fields)
    elif len(values) == 1:
        value = values[0]
    wanted = None if value is None else f"{definition.name}-{value}"
    inside = bool(values) if value is None else value in values
    rows = _rows(run, definition, explainer) if definition.table else {}
    ways = _ways(explainer, definition, value, inside=inside)
    left_off = _left_off(run, definition, explainer) if inside else ()
    return Explanation(
        person,
        wanted or definition.name,
        inside,
        why,
        values,
        rows,
        definition.at_least,
        definition.each,
        ways,
        left_off,
    )


def _left_off(run: SegmentRun, segment: Segment, explainer: Explainer) -> tuple[str, ...]:
    """Why this member is not on the segment's list, as the exports decide it; empty for who is."""
    project, values = run.prepared.project, explainer.values
    if values.get("email_barred") is not None:
        return (barred_words(values, "email"),)
    if values.get(CONTACTABLE) is not True:
        return (consent_words(values, project, "email"),)
    found = []
    for item in run.members:
        own = item.suppress and not segment.suppress
        if own and explainer.row.select(item.condition(explainer.row.schema[item.column])).item():
            found.append(f"suppressed by the segment {item.name}")
    needs = pl.sql_expr(load_format(project.esp).needs)
    if not with_every_column(explainer.row.lazy()).select(needs.fill_null(value=False)).collect().item():
        found.append(f"what {project.esp} needs of everybody is not known of them")
    return tuple(found)


def campaign_of(name: str, project: Project) -> tuple[str, str | None] | None:
    """The campaign of this name, and of `campaign.step` the step; None if it is a segment's name or nobody's."""
    _, segments = definitions(project)
    head, _, step = name.partition(".")
    known = {item.name for recipe in project.recipes for item in recipe.campaigns}
    if head not in known or any(item.name == name for item in segments):
        return None
    return head, step or None


def find_segment(
    name: str, fields: Iterable[Field], segments: Sequence[Segment], campaigns: Sequence[str] = ()
) -> tuple[Segment, str | None]:
    """The segment of this name, or the one with `each` and the value after the dash. RecipeError if none.

    `campaigns` are names that could have been meant instead.
    """
    for segment in segments:
        if segment.name == name:
            return segment, None
    prefixes = [item for item in segments if item.each and name.startswith(f"{item.name}-")]
    if prefixes:
        found = max(prefixes, key=lambda item: len(item.name))
        return found, name[len(found.name) + 1 :]
    cases = {item.name: item for item in fields if isinstance(item, CasesField)}
    known = [item.name for item in segments]
    for item in segments:
        if item.each in cases and not item.table:
            known += [f"{item.name}-{case.then}" for case in cases[item.each].cases]
    known += campaigns
    hint = nearest(name, known) or f"There are {', '.join(item.name for item in segments[:8])} ..."
    what = "segment or campaign" if campaigns else "segment"
    raise RecipeError([Problem(f"no {what} named '{name}'.", hint=hint)])


def _known_value(
    value: str, segment: Segment, values: tuple[str, ...], run: SegmentRun, fields: Iterable[Field]
) -> str:
    """The value as the data spell it. RecipeError with the nearest ones where nobody could have it."""
    known = {item.value for item in run.members if item.value is not None} | set(values)
    for item in fields:
        if isinstance(item, CasesField) and item.name == segment.each and not segment.table:
            known |= {str(case.then) for case in item.cases} | {str(item.otherwise)}
    spelt = {_plain(each): each for each in sorted(known)}
    if value in known:
        return value
    if _plain(value) in spelt:
        return spelt[_plain(value)]
    names = [f"{segment.name}-{each}" for each in known]
    wanted = f"{segment.name}-{value}"
    hint = nearest(wanted, names) or f"There are {', '.join(sorted(names)[:8])} ..."
    raise RecipeError([Problem(f"no segment named '{wanted}'.", hint=hint)])


def _plain(value: str) -> str:
    """As file names and tags have it: small letters, dashes for spaces."""
    return "-".join(value.lower().split())


def _ways(explainer: Explainer, segment: Segment, value: str | None, *, inside: bool) -> tuple[tuple[Change, ...], ...]:
    field = explainer.plan.definitions.get(segment.each or "")
    if segment.table or value is None or not isinstance(field, CasesField):
        return ()
    if not inside:
        return tuple(explainer.ways_to_case(field, value))
    deciding = explainer.deciding_case(field)
    if deciding is None:
        return ()
    return tuple(explainer.ways(split_condition(field.cases[deciding].when), wanted=False))


def _rows(run: SegmentRun, segment: Segment, explainer: Explainer) -> dict[str, int]:
    """How many rows of the customer hold each value, those below `at_least` too; the most first."""
    node = run.computed.plan.by_name[segment.name]
    assert isinstance(node, EachNode)
    table = run.tables[node.table]
    person = explainer.row.select("customer_id").item()
    rows = pl.concat([shard.filter(pl.col("customer_id") == person) for shard in table.shards])
    own = [pl.lit(explainer.values[name]).alias(name) for name in sorted(node.needs - table.columns.keys())]
    rows = rows.with_columns(own)
    if node.within and table.time:
        rows = rows.filter(pl.col(table.time) > explainer.plan.as_of - node.within)
    if node.where:
        rows = rows.sql(f"select * from self where {node.where.sql}")
    value = pl.col(node.each).cast(pl.String).alias("value")
    counted = rows.group_by(value).len().drop_nulls("value").sort("len", "value", descending=[True, False])
    return dict(counted.collect().iter_rows())
