"""A small shop's computed customers, and the contents of a run over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

from segcli.exports import RunContents, SegmentMembers

Segment = Callable[..., SegmentMembers]
Contents = Callable[..., RunContents]


@pytest.fixture
def customers() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": ["c1", "c2", "c3", "c4"],
            "email": ["ann@shop.example", "bo@shop.example", "cigdem@shop.example", None],
            "phone": ["+442079460001", None, "+442079460003", None],
            "first_name": ['Ann, "A"', "=cmd()", "Çiğdem\nNur", None],
            "last_name": ["Lee", "Berg", None, None],
            "birth_date": [dt.date(1990, 2, 28), None, None, None],
            "country": ["GB", "GB", "TR", None],
            "email_consent": [True, None, True, None],
            "sms_consent": [True, None, None, None],
            "consent_at": [dt.datetime(2024, 1, 2, 3, 4, 5), None, dt.datetime(2024, 2, 2), None],
            "contactable": [True, True, True, False],
            "orders": [3, 1, 0, 0],
            "spend": [Decimal("10.50"), Decimal("3.00"), Decimal("0.00"), None],
            "average_order": [3.5, 3.0, None, None],
            "rfm_group": ["Champions", "Lost", "Lost", None],
            "lapsed": [True, True, False, True],
            "gone": [False, False, True, False],
            "interest": [["shoes", "hats"], ["hats"], [], None],
        },
        schema_overrides={"spend": pl.Decimal(18, 2)},
    )


@pytest.fixture
def segment() -> Segment:
    def make(name: str, column: str | None = None, value: str | None = None, suppress: bool = False) -> SegmentMembers:
        return SegmentMembers(name, column or name, value, suppress, "recipe", None)

    return make


@pytest.fixture
def contents() -> Contents:
    def make(customers: pl.DataFrame, *segments: SegmentMembers, day: int = 1, **more: object) -> RunContents:
        given = {
            "rejected": pl.DataFrame(schema=["file", "line", "column", "reason", "value"]),
            "manifest": {"timings": {"fields": 0.1}},
            **more,
        }
        as_of = dt.datetime(2026, 1, day, 9, 0)
        return RunContents(as_of=as_of, customers=customers.lazy(), segments=segments, **given)  # type: ignore[arg-type]

    return make
