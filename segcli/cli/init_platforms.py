"""The platforms that `segcli init` asks for, and what it says of files that are not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
import yamlcore

from segcli.sources.plain import PERSON, shapes

FILE = Path(__file__).with_suffix(".yaml")
OTHER = "other"


@dataclass(frozen=True)
class Platform:
    """A platform by the name of its presets; `exports` says of a table where the platform exports it."""

    name: str
    title: str
    exports: Mapping[str, str]


@cache
def platforms() -> Mapping[str, Platform]:
    """Every platform by name, the most asked for first."""
    content = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yamlcore.CCoreLoader)
    return {name: Platform(name, each["title"], each["exports"]) for name, each in content.items()}


def where_from(table: str, platform: str | None) -> str:
    """Where a file of the table comes from: the platform's menus, else the columns that it needs."""
    known = platforms().get(platform or OTHER)
    if known is not None and table in known.exports:
        return f"{known.title}: {known.exports[table]}"
    return columns_of(table)


def customers_from(platform: str | None) -> str:
    """Where more is to be had of customers: the platform's menus, and the email service that writes to them now."""
    known = platforms().get(platform or "")
    export = f" ({known.title}: {known.exports['customers']})" if known and "customers" in known.exports else ""
    return f"the export of your shop's customers{export}, or that of the audience of your email service"


def columns_of(table: str) -> str:
    """The columns without which a file is no such table, for people: `amount, ordered_at and customer_id or email`."""
    shape = shapes().get(table)
    if shape is None:
        return "a table of your own"
    person = [group for group in shape.needs if set(group) <= set(PERSON)]
    groups = [group for group in shape.needs if group not in person]
    words = [" or ".join(group[:2]) for group in groups if "describes" not in group]
    return "a file with " + ", ".join([*(["customer_id or email"] if person else []), *words])
