"""What a file's own cells say of how they are written: the decimal mark, the order of day and month."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from segcli.problems import Place, Problems
from segcli.sources.amounts import mark_evidence
from segcli.sources.recognition import FilePlan
from segcli.sources.times import order_evidence

SAMPLE = 10_000  # rows that are looked at first; all are, when these do not tell

Counts = Mapping[str, int]


@dataclass
class Evidence:
    """Of one file: per column of times and per column of amounts, the cells that speak for each reading."""

    times: dict[str, Counts] = field(default_factory=dict)
    amounts: dict[str, Counts] = field(default_factory=dict)


def gather_evidence(frame: pl.LazyFrame, times: Sequence[str], amounts: Sequence[str]) -> Evidence:
    """Looks at text columns: at a sample, and at whole columns where the sample leaves a doubt."""
    columns = dict.fromkeys(times, order_evidence) | dict.fromkeys(amounts, mark_evidence)
    found = _count(frame.head(SAMPLE), columns)
    if doubtful := {name: look for name, look in columns.items() if _doubtful(found[name])}:
        found |= _count(frame, doubtful)
    return Evidence({name: found[name] for name in times}, {name: found[name] for name in amounts})


def _count(frame: pl.LazyFrame, columns: Mapping[str, Callable[[pl.Expr], dict[str, pl.Expr]]]) -> dict[str, Counts]:
    if not columns:
        return {}
    looks = {(name, key): count for name, look in columns.items() for key, count in look(pl.col(name)).items()}
    row = (
        frame.select(count.alias(str(number)) for number, count in enumerate(looks.values()))
        .collect(engine="streaming")
        .row(0)
    )
    found: dict[str, dict[str, int]] = {name: {} for name in columns}
    for (name, key), count in zip(looks, row, strict=True):
        found[name][key] = count or 0
    return dict(found)


def _doubtful(counts: Counts) -> bool:
    if "either" in counts:  # such cells are rare, and a misread day is a day that exists: all have to agree
        return any(counts.values())
    return counts["unsure"] > 0 and counts["point"] == counts["comma"] == 0


def decide_orders(plan: FilePlan, evidence: Evidence, others: Iterable[Evidence], problems: Problems) -> dict[str, str]:
    """Column of times -> `day` or `month` first, for columns where it matters.

    A column that does not tell itself follows the others of its file, then files of the same kind.
    """
    decided = {
        name: "day" if counts["day"] else "month"
        for name, counts in evidence.times.items()
        if (counts["day"] > 0) != (counts["month"] > 0)
    }
    orders = set(decided.values()) or {
        "day" if counts["day"] else "month"
        for other in others
        for counts in other.times.values()
        if (counts["day"] > 0) != (counts["month"] > 0)
    }
    for name, counts in evidence.times.items():
        if counts["day"] and counts["month"]:
            _complain(
                plan, problems, f"'{name}' has the day first in some cells ({counts['day']:,}) and "
                f"the month first in others ({counts['month']:,}).", 'date_format: "%d/%m/%Y"',
            )  # fmt: skip
        elif counts["either"] and name not in decided:
            if len(orders) == 1:
                decided[name] = next(iter(orders))
            else:
                _complain(
                    plan, problems, f"'{name}' can be read with the day first or the month first.",
                    'date_format: "%d/%m/%Y"',
                )  # fmt: skip
    return decided


def decide_decimal(plan: FilePlan, evidence: Evidence, others: Iterable[Evidence], problems: Problems) -> str:
    """`.` or `,`: what the file's amounts say, else those of files of the same kind, else `.`."""
    own = _marks([evidence])
    if len(own) == 2:
        _complain(
            plan, problems, f"amounts have a decimal point in some cells and a decimal comma in others "
            f"({', '.join(evidence.amounts)}).", 'decimal: ","',
        )  # fmt: skip
    unsure = [name for name, counts in evidence.amounts.items() if counts["unsure"]]
    marks = own or _marks(others)
    if not own and unsure and len(marks) != 1:
        _complain(
            plan, problems, f"'{unsure[0]}' has amounts such as 1.234 or 1,234 only, "
            "which may be a thousand or one.",
            'decimal: ","',
        )  # fmt: skip
    return "," if marks == {","} else "."


def _marks(evidences: Iterable[Evidence]) -> set[str]:
    amounts = [counts for evidence in evidences for counts in evidence.amounts.values()]
    point = any(counts["point"] for counts in amounts)
    comma = any(counts["comma"] for counts in amounts)
    return {mark for mark, found in ((".", point), (",", comma)) if found}


def _complain(plan: FilePlan, problems: Problems, message: str, keys: str) -> None:
    table = plan.definition.table or (plan.recognised.tables or ("orders",))[0]
    hint = f"Say which in segcli.yaml: `sources: {{{table}: {{files: {plan.file.name}, {keys}}}}}`."
    problems.error(message, Place(plan.file.name), hint=hint)
