"""Customers and segments to the send lists of a run: members, who entered, and who left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.exports.file_names import file_stems
from segcli.exports.formats import ListFormat, load_format, with_every_column
from segcli.exports.list_files import Lines, ListFile, WrittenFile, joined
from segcli.exports.list_lines import LineBuilder, line_builder
from segcli.exports.list_members import Roster, absent_from, memberships
from segcli.exports.previous_runs import EarlierRun
from segcli.segments import SegmentMembers

BATCH = 4 * 65_536  # customers held in memory as text at a time
PIECE = 8_192  # lines put together at a time: so few that they stay in the cache of a processor

Numbered = Mapping[int, SegmentMembers]


@dataclass(frozen=True)
class SegmentLists:
    """What is written: the run's customers and segments, and the earlier run that each is compared with."""

    roster: Roster
    segments: tuple[SegmentMembers, ...]
    compared: Mapping[str, EarlierRun]
    form: ListFormat
    fields: tuple[str, ...] = ()
    money: frozenset[str] = frozenset()
    timezone: str = "UTC"

    @property
    def numbered(self) -> Numbered:
        return dict(enumerate(self.segments))

    def earlier(self) -> Iterator[tuple[Roster, Numbered]]:
        """The roster of every run that is compared with, and the segments that are compared with it."""
        groups: defaultdict[Path, dict[int, SegmentMembers]] = defaultdict(dict)
        for number, segment in self.numbered.items():
            if segment.name in self.compared:
                groups[self.compared[segment.name].path][number] = segment
        for segments in groups.values():
            run = self.compared[next(iter(segments.values())).name]
            columns = frozenset(segment.column for segment in segments.values())
            yield Roster(run.customers, run.suppressing, columns, self.roster.needs), segments


@dataclass(frozen=True)
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
    counts: Counter[str] = Counter({"not contactable": 0, "not importable": 0, "suppressed": 0})
    excluded = list(counts)
    files = _write_members(run, lists, stems, counts) | _write_left(run, lists, stems)
    written = WrittenLists(excluded={reason: counts[reason] for reason in excluded})
    for number, segment in lists.numbered.items():
        made = {kind: files[number, kind] for kind in ("", ".entered", ".left") if (number, kind) in files}
        parts = [part for file in made.values() for part in file.close()]
        written.files.extend(parts)
        earlier = lists.compared.get(segment.name)
        written.entries.append(
            {
                "name": segment.name,
                "column": segment.column,
                "value": segment.value,
                "suppress": segment.suppress,
                "recipe": segment.recipe,
                "meaning": segment.meaning,
                "customers": counts[f"customers:{number}"],
                "contactable": counts[f"contactable:{number}"],
                "suppressed": counts[f"suppressed:{number}"],
                "listed": made[""].rows,
                "compared_with": earlier.path.name if earlier else None,
                "entered": made[".entered"].rows if earlier else None,
                "left": made[".left"].rows if earlier else None,
                "files": [part.path for part in parts],
            }
        )
    return written


Files = dict[tuple[int, str], ListFile]


def _open_files(
    run: Path, stems: Mapping[str, str], segments: Numbered, kind: str, header: str, form: ListFormat
) -> Files:
    return {
        (number, kind): ListFile(run, f"segments/{stems[segment.name]}{kind}", header, form.file, form.limits)
        for number, segment in segments.items()
    }


def _write_members(run: Path, lists: SegmentLists, stems: Mapping[str, str], counts: Counter[str]) -> Files:
    """The lists of members and of those who entered, in one pass over the customers."""
    roster, earlier = lists.roster, list(lists.earlier())
    builder = line_builder(lists.form, roster.customers, lists.fields, lists.money, lists.timezone)
    tags = builder.tags([segment.name for segment in lists.segments])
    files = _open_files(run, stems, lists.numbered, "", builder.header, lists.form)
    for _, segments in earlier:
        files |= _open_files(run, stems, segments, ".entered", builder.header, lists.form)
    for start, flags in _batches(roster):
        members = memberships(flags, lists.numbered)
        counts.update(_counts(flags, members))
        listed = members.filter("listed").select("row", "segment")
        lines = _BatchLines(roster, builder, start, listed["row"])
        _append(files, "", lines, listed, tags)
        for other, segments in earlier:
            entered = absent_from(listed, flags["customer_id"], other, segments)
            _append(files, ".entered", lines, entered, tags)
    return files


def _write_left(run: Path, lists: SegmentLists, stems: Mapping[str, str]) -> Files:
    """The lists of those who were on a list in the earlier run and are not now."""
    plain, files = load_format(None), Files()
    for other, segments in lists.earlier():
        builder = line_builder(plain, other.customers)
        tags = builder.tags([segment.name for segment in lists.segments])
        files |= _open_files(run, stems, segments, ".left", builder.header, plain)
        for start, flags in _batches(other):
            listed = memberships(flags, segments).filter("listed").select("row", "segment")
            left = absent_from(listed, flags["customer_id"], lists.roster, segments)
            lines = _BatchLines(other, builder, start, left["row"])
            _append(files, ".left", lines, left, tags)
    return files


def _batches(roster: Roster) -> Iterator[tuple[int, pl.DataFrame]]:
    """The customers' flags batch by batch, with the place of the batch's first customer."""
    for start in range(0, roster.height, BATCH):
        yield start, roster.flags.slice(start, BATCH).collect(engine="streaming")


class _BatchLines:
    """The lines of some rows of a batch, made once however many lists they are on."""

    def __init__(self, roster: Roster, builder: LineBuilder, start: int, rows: pl.Series) -> None:
        columns = sorted(builder.needs)
        batch = with_every_column(roster.customers).select(columns).slice(start, BATCH).collect()
        wanted = pl.repeat(value=False, n=batch.height, eager=True).scatter(rows, True)
        self._halves = builder.halves(batch.filter(wanted))
        self._places = wanted.cum_sum() - wanted.cast(pl.UInt32)  # of each row in the halves

    def on_lists(self, members: pl.DataFrame, tags: pl.Series) -> Iterator[tuple[int, Lines]]:
        """Segment and lines, for `members` with each segment's together; a long list comes in pieces."""
        for piece in members.iter_slices(PIECE):
            halves = self._halves[self._places.gather(piece["row"])]
            lines = joined(halves.select(pl.concat_str("head", tags.gather(piece["segment"]), "tail")).to_series())
            counts = piece["segment"].rle().struct.unnest()
            ends = lines.sizes.cum_sum().gather(counts["len"].cum_sum() - 1)
            row = start = 0
            for count, segment, end in zip(counts["len"], counts["value"], ends, strict=True):
                yield segment, Lines(lines.text[start:end], lines.sizes, row, count)
                row, start = row + count, end


def _append(files: Files, kind: str, lines: _BatchLines, members: pl.DataFrame, tags: pl.Series) -> None:
    # Each segment's rows together and in order, which costs less than sorting.
    together = members.group_by("segment").agg("row").sort("segment").explode("row").select("row", "segment")
    for segment, part in lines.on_lists(together, tags):
        files[segment, kind].write(part)


def _counts(flags: pl.DataFrame, members: pl.DataFrame) -> dict[str, int]:
    """Sums over one batch: customers whom no list may hold, and per segment."""
    contactable, suppressed = pl.col("__contactable"), pl.col("__suppressed")
    excluded = flags.select(
        (~contactable).sum().alias("not contactable"),
        (contactable & suppressed).sum().alias("suppressed"),
        (contactable & ~suppressed & ~pl.col("__importable")).sum().alias("not importable"),
    )
    sums = dict(excluded.row(0, named=True))
    counted = members.group_by("segment").agg(
        pl.len().alias("customers"), pl.col("contactable").sum(), pl.col("suppressed").sum()
    )
    for row in counted.iter_rows(named=True):
        number = row.pop("segment")
        sums |= {f"{name}:{number}": value for name, value in row.items()}
    return sums
