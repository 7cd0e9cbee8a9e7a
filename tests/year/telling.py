"""What a year came to: the promises that were broken, and a picture of who was sent what."""

from __future__ import annotations

import polars as pl

from segcli.problems import Problems
from segcli.project import shipped_recipes
from segcli.project.recipes import load_recipe
from tests.year import promises
from tests.year.living import Year


def suppressing() -> tuple[str, ...]:
    """The segments of the book that take their members off every list."""
    loaded = (load_recipe(folder, Problems()) for folder in shipped_recipes().values())
    return tuple(segment.name for recipe in loaded if recipe for segment in recipe.segments if segment.suppress)


def broken_promises(year: Year) -> dict[str, pl.DataFrame]:
    """Promise -> the rows that break it, of those that are broken."""
    found = {
        "nobody gets a message twice": promises.twice(year),
        "caps hold": promises.over_the_cap(year),
        "nobody is written to without consent": promises.without_consent(year),
        "a no is a no": promises.after_a_no(year),
        "suppressed stay suppressed": promises.while_suppressed(year, suppressing()),
        "every series ends": promises.endless(year),
        "a code belongs to one": promises.shared_codes(year),
    }
    return {promise: rows for promise, rows in found.items() if len(rows)}


def pictured(year: Year) -> str:
    """The year in a table: messages by campaign and month."""
    counts = promises.months(year)
    people = year.sent["customer_id"].n_unique()
    head = f"{year.runs} runs, {year.sent.height:,} messages of {len(year.programme)} campaigns to {people} people"
    lines = [head, f"{'':26}" + " ".join(f"{name:>5}" for name in counts.columns[1:])]
    lines += [f"{name:26}" + " ".join(f"{count:5}" for count in row) for name, *row in counts.iter_rows()]
    silent = ", ".join(promises.silent(year))
    return "\n".join([*lines, f"Nobody was sent: {silent}"] if silent else lines)
