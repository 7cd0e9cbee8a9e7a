"""The due steps of a run to their files: a send list each, or one per hour, and the codes for the shop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from segcli.exports.coupons import write_coupons
from segcli.exports.file_names import file_stems
from segcli.exports.formats import ListFormat, load_format, with_every_column
from segcli.exports.list_files import ListFile, WrittenFile, joined
from segcli.exports.list_lines import line_builder
from segcli.exports.preflight import preflight
from segcli.problems import DataError

BATCH = 65_536  # customers held in memory as text at a time
FINISHED_BATCH = 10_000  # with their finished messages


@dataclass(frozen=True)
class StepList:
    """One due step: who gets it (a row each, by customer_id, with the customers' columns) and what is in the list.

    `fields` are the columns that the list carries besides the importer's own. `hour` is a column with the hour of
    sending where the list is split by it. `columns_of` gives, for some customers, the columns of finished messages
    that stand in the list; `write` writes what else there is of the step and says which files.
    """

    campaign: str
    step: str
    members: pl.DataFrame
    fields: tuple[str, ...]
    coupons: pl.DataFrame  # a row per code, see `coupons`
    hour: str | None = None
    plain: bool = False  # for people, and not for an email service's importer
    columns_of: Callable[[pl.Series], pl.DataFrame] | None = None
    finished: tuple[str, ...] = ()  # the names of those columns
    write: Callable[[Path, str], list[WrittenFile]] | None = None

    @property
    def message(self) -> str:
        return f"{self.campaign}.{self.step}"


@dataclass(frozen=True)
class WrittenSteps:
    """The files, and an entry per step for the manifest."""

    files: list[WrittenFile] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


def write_steps(
    run: Path,
    steps: Sequence[StepList],
    form: ListFormat,
    esp: str | None,
    *,
    as_of: dt.datetime,
    money: frozenset[str],
    timezone: str,
    shopify: bool,
) -> WrittenSteps:
    """Writes `campaigns/<campaign>/<step>/send_list.csv` (or `send_list.09h.csv`, ...) and `coupons.csv`.

    Raises DataError, before anything is written, for rows that the ESP's importer would take wrong.
    """
    for step in steps:
        service = None if step.plain else esp
        preflight(service, step.members.columns, step.members.lazy(), fields=step.fields, as_of=as_of).stop_on_errors(
            DataError
        )
    names = file_stems({step.campaign for step in steps} | {step.step for step in steps})
    written = WrittenSteps()
    for step in steps:
        folder = f"campaigns/{names[step.campaign]}/{names[step.step]}"
        (run / folder).mkdir(parents=True, exist_ok=True)
        files = [
            *_write_lists(run, folder, step, load_format(None) if step.plain else form, money, timezone),
            *write_coupons(run, folder, step.coupons, timezone, shopify=shopify),
            *(step.write(run, folder) if step.write else ()),
        ]
        written.files.extend(files)
        written.entries.append(
            {
                "campaign": step.campaign,
                "step": step.step,
                "folder": folder,
                "messages": step.members.height,
                "files": [file.path for file in files],
            }
        )
    return written


def _write_lists(
    run: Path, folder: str, step: StepList, form: ListFormat, money: frozenset[str], timezone: str
) -> Iterator[WrittenFile]:
    # The messages are rendered batch by batch: all at once they may be larger than the memory.
    unfinished = step.members.lazy().with_columns(pl.lit(None, pl.String).alias(name) for name in step.finished)
    builder = line_builder(form, unfinished, (*step.fields, *step.finished), money, timezone)
    tag = builder.tags([step.message])
    for stem, members in _parts(step):
        file = ListFile(run, f"{folder}/{stem}", builder.header, form.file, form.limits)
        for batch in members.iter_slices(BATCH if step.columns_of is None else FINISHED_BATCH):
            if step.columns_of is not None:
                finished = step.columns_of(batch["customer_id"])
                batch = batch.drop(step.finished, strict=False).join(
                    finished, on="customer_id", how="left", maintain_order="left"
                )
            halves = builder.halves(with_every_column(batch.lazy()).collect())
            file.write(joined(halves.select(pl.concat_str("head", pl.lit(tag.item()), "tail")).to_series()))
        yield from file.close()


def _parts(step: StepList) -> Iterator[tuple[str, pl.DataFrame]]:
    if step.hour is None:
        yield "send_list", step.members
        return
    for (hour,), members in step.members.sort(step.hour, "customer_id").group_by([step.hour], maintain_order=True):
        yield f"send_list.{hour:02d}h", members
