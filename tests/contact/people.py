"""Customers in a test's own lines, and what the fields of contact say of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from segcli.contact import contact_fields
from segcli.fields import Computed, compute_fields, plan_fields
from segcli.problems import Problems
from segcli.project import builtin_vocabulary
from segcli.project.campaign_models import ConsentSettings
from segcli.project.models import Project
from segcli.sources.addresses import with_valid_addresses
from segcli.sources.tables import CANONICAL, DERIVED, Tables
from tests.fields.inline_tables import AS_OF, Shop

SHOP = Project(
    root=Path("/shop"), file=None, shop="Shop", timezone=ZoneInfo("UTC"), currency=None, locale="en", country=None,
    as_of=AS_OF, sources=(), recipes=(), output=Path("/shop/out"),
)  # fmt: skip


def shop_of(consent: ConsentSettings | None = None, country: str | None = None) -> Project:
    """A project with these settings."""
    return dataclasses.replace(SHOP, consent=consent or ConsentSettings(), country=country)


def computed(
    folder: Path, project: Project = SHOP, lists: Collection[str] = (), **tables: list[dict[str, Any]]
) -> Computed:
    """Every field of contact for everybody in the tables."""
    problems = Problems()
    fields = {item.name: item for item in (*builtin_vocabulary().fields, *contact_fields(project, lists, problems))}
    shop = Shop(**tables)
    shop.frames["customers"] = with_valid_addresses(shop.frames["customers"], {"email_valid", "phone_valid"})
    wanted = [name for name in fields if re.search("barred|allowed|consent|contactable|suppression", name)]
    plan = plan_fields(fields.values(), (), shop.catalog(), problems, wanted=wanted)
    assert not list(problems), "\n".join(map(str, problems))
    return compute_fields(plan, with_every_column(shop), folder / "scratch")


def with_every_column(shop: Shop) -> Tables:
    """The tables as sources hand them on: a column that no file gave is there and null."""
    given = shop.tables()
    for name, frame in shop.frames.items():
        columns = {**CANONICAL[name], **DERIVED.get(name, {})}
        absent = [pl.lit(None, dtype).alias(column) for column, dtype in columns.items() if column not in frame.columns]
        shop.frames[name] = frame.with_columns(absent)
    whole = shop.tables()
    tables = {name: dataclasses.replace(table, given=given[name].given) for name, table in whole.tables.items()}
    return dataclasses.replace(whole, tables=tables)


def said(
    folder: Path, name: str, project: Project = SHOP, lists: Collection[str] = (), **tables: Any
) -> dict[str, Any]:
    """One field: customer -> value. It has to be known."""
    found = computed(folder, project, lists, **tables)
    assert name not in found.plan.unavailable, found.plan.unavailable[name]
    return dict(found.customers.select("customer_id", name).collect().sort("customer_id").iter_rows())


def person(name: str, **columns: Any) -> dict[str, Any]:
    """A customer with a good address and number, and what else is said of them."""
    return {"customer_id": name, "email": f"{name}@example.com", "phone": "+12025550123", **columns}


def event(name: str, kind: str, at: dt.datetime, **columns: Any) -> dict[str, Any]:
    """What a customer did."""
    return {"customer_id": name, "event": kind, "at": at, **columns}
