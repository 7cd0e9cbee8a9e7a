"""Customers and segments to the send lists of a run: members, who entered, and who left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.exports.file_names import file_stems
from segcli.exports.formats import ListFormat, load_format, with_every_column
from segcli.exports.list_files import ListFile, WrittenFile
from segcli.exports.list_lines import LineBuilder, line_builder, split_lines
from segcli.exports.list_members import is_listed, is_member, is_suppressed
from segcli.exports.previous_runs import EarlierRun, listed_before
from segcli.segments import SegmentMembers

BATCH = 4 * 65_536  # customers held in memory as text at a time


@dataclass(frozen=True)
class SegmentLists:
    """What is written: every segment of the run, and the earlier run that each is compared with."""

    customers: pl.LazyFrame  # the run's customers.parquet
    segments: tuple[SegmentMembers, ...]
    compared: Mapping[str, EarlierRun]
    form: ListFormat
    fields: tuple[str, ...]
    money: frozenset[str]

    @property
    def needs(self) -> pl.Expr:
        return pl.sql_expr(self.form.needs)

    @property
    def schema(self) -> pl.Schema:
        return self.customers.collect_schema()

    def listed(self, segment: SegmentMembers) -> pl.Expr:
        return is_listed(segment, self.segments, self.schema, self.needs)


@dataclass
class WrittenLists:
    """The files, one entry per segment for the manifest, and how many customers no list may hold."""

    files: list[WrittenFile] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    excluded: dict[str, int] = field(default_factory=dict)


def write_lists(run: Path, lists: SegmentLists) -> WrittenLists:
    """Writes `segments/<segment>.csv` for every segment, and `.entered.csv` and `.left.csv` where there is
    a run to compare with. Lists are in the order of customer_id. Those who left are written in plain
    columns, as they were in the earlier run: that list is for taking people off, never for an import.
    """
    (run / "segments").mkdir()
    stems = file_stems(segment.name for segment in lists.segments)
    builder = line_builder(lists.form, lists.customers, lists.fields, lists.money)
    members, counts = _write_members(run, lists, builder, stems)
    left = _write_left(run, lists, stems)
    written = WrittenLists(excluded={name: counts[name] for name in EXCLUDED})
    for segment in lists.segments:
        made = [members[segment.name, kind] for kind in KINDS if (segment.name, kind) in members]
        made += [left[segment.name]] if segment.name in left else []
        files = [file for list_file in made for file in list_file.close()]
        written.files += files
        written.entries.append(_entry(segment, lists, counts, members, left, files))
    return written


KINDS = ("listed", "entered")
EXCLUDED = ("not contactable", "suppressed", "no address for the importer")
COUNTED = ("customers", "contactable", "suppressed")


def _entry(
    segment: SegmentMembers,
    lists: SegmentLists,
    counts: Mapping[str, int],
    members: Mapping[tuple[str, str], ListFile],
    left: Mapping[str, ListFile],
    files: Sequence[WrittenFile],
) -> dict[str, Any]:
    name, earlier = segment.name, lists.compared.get(segment.name)
    return {
        "name": name,
        "column": segment.column,
        "value": segment.value,
        "suppress": segment.suppress,
        "recipe": segment.recipe,
        "meaning": segment.meaning,
        **{counted: counts[f"{counted}:{name}"] for counted in COUNTED},
        "listed": members[name, "listed"].rows,
        "compared_with": earlier.path.name if earlier else None,
        "entered": members[name, "entered"].rows if earlier else None,
        "left": left[name].rows if earlier else None,
        "files": [file.path for file in files],
    }


def _write_members(
    run: Path, lists: SegmentLists, builder: LineBuilder, stems: Mapping[str, str]
) -> tuple[dict[tuple[str, str], ListFile], Counter[str]]:
    """The lists of members and of those who entered, in one pass over the customers."""
    form = lists.form
    files = {
        (segment.name, kind): ListFile(
            run,
            f"segments/{stems[segment.name]}{'.entered' if kind == 'entered' else ''}",
            builder.header,
            form.file,
            form.limits,
        )
        for segment in lists.segments
        for kind in KINDS
        if kind == "listed" or segment.name in lists.compared
    }
    tags = {segment.name: builder.tag(segment.name) for segment in lists.segments}
    counts: Counter[str] = Counter()
    flags = [lists.listed(segment).alias(f"listed:{segment.name}") for segment in lists.segments]
    text = with_every_column(lists.customers).select("customer_id", builder.line.alias("line"), *flags)
    for start in range(0, _height(lists.customers), BATCH):
        counts.update(_counts(lists, start))
        batch = text.slice(start, BATCH).collect(engine="streaming")
        before = _flags_before(lists, batch["customer_id"])
        batch = pl.concat([batch.drop("line"), split_lines(batch["line"])], how="horizontal")
        for (name, kind), file in files.items():
            now = batch[f"listed:{name}"]
            chosen = now if kind == "listed" else now & ~before[f"before:{name}"]
            file.write(_tagged(batch.filter(chosen), tags[name]))
    return files, counts


def _tagged(lines: pl.DataFrame, tag: str) -> pl.Series:
    return lines.select(pl.concat_str("head", pl.lit(tag), "tail").alias("line")).to_series()


def _height(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())


def _counts(lists: SegmentLists, start: int) -> dict[str, int]:
    """Sums over one batch of customers, for the manifest."""
    schema, needs = lists.schema, lists.needs.fill_null(value=False)
    contactable, suppressed = pl.col("contactable"), is_suppressed(lists.segments, schema)
    sums = {
        "not contactable": ~contactable,
        "suppressed": contactable & suppressed,
        "no address for the importer": contactable & ~suppressed & ~needs,
    }
    for segment in lists.segments:
        member = is_member(segment, schema)
        hidden = pl.lit(value=False) if segment.suppress else member & contactable & suppressed
        for counted, flag in zip(COUNTED, (member, member & contactable, hidden), strict=True):
            sums[f"{counted}:{segment.name}"] = flag
    batch = with_every_column(lists.customers).slice(start, BATCH)
    row = batch.select(flag.cast(pl.Int64).sum().alias(name) for name, flag in sums.items()).collect()
    return row.row(0, named=True)


def _by_run(lists: SegmentLists) -> Iterator[tuple[EarlierRun, list[SegmentMembers]]]:
    """Every earlier run that is compared with, and the segments that are."""
    groups: defaultdict[Path, list[SegmentMembers]] = defaultdict(list)
    for segment in lists.segments:
        if segment.name in lists.compared:
            groups[lists.compared[segment.name].path].append(segment)
    for segments in groups.values():
        yield lists.compared[segments[0].name], segments


def _flags_before(lists: SegmentLists, ids: pl.Series) -> pl.DataFrame:
    """One Boolean column `before:<segment>` per compared segment, aligned with these sorted ids."""
    flags = ids.to_frame()
    for run, segments in _by_run(lists):
        names = [f"before:{segment.name}" for segment in segments]
        earlier = listed_before(run, segments, lists.needs).select("customer_id", *names)
        within = earlier.filter(pl.col("customer_id").is_between(ids.first(), ids.last())).collect()
        flags = flags.join(within, on="customer_id", how="left", maintain_order="left")
        flags = flags.with_columns(pl.col(names).fill_null(value=False))
    return flags


def _write_left(run: Path, lists: SegmentLists, stems: Mapping[str, str]) -> dict[str, ListFile]:
    """The lists of those who were on a list in the earlier run and are not now."""
    plain = load_format(None)
    files: dict[str, ListFile] = {}
    for earlier, segments in _by_run(lists):
        builder = line_builder(plain, earlier.customers)
        for segment in segments:
            stem = f"segments/{stems[segment.name]}.left"
            files[segment.name] = ListFile(run, stem, builder.header, plain.file, plain.limits)
        before = listed_before(earlier, segments, lists.needs)
        now = with_every_column(lists.customers).select(
            "customer_id", *(lists.listed(segment).alias(f"now:{segment.name}") for segment in segments)
        )
        names = [f"before:{segment.name}" for segment in segments]
        text = before.select("customer_id", builder.line.alias("line"), *names)
        for start in range(0, _height(earlier.customers), BATCH):
            batch = text.slice(start, BATCH).collect(engine="streaming")
            ids = batch["customer_id"]
            within = now.filter(pl.col("customer_id").is_between(ids.first(), ids.last())).collect()
            batch = batch.join(within, on="customer_id", how="left", maintain_order="left")
            batch = pl.concat([batch.drop("line"), split_lines(batch["line"])], how="horizontal")
            for segment in segments:
                gone = batch[f"before:{segment.name}"] & ~batch[f"now:{segment.name}"].fill_null(value=False)
                files[segment.name].write(_tagged(batch.filter(gone), builder.tag(segment.name)))
    return files
