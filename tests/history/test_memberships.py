import datetime as dt

import polars as pl

from segcli.history import next_memberships
from segcli.history.tables import MEMBERS

MONDAY, TUESDAY, FRIDAY = (dt.datetime(2026, 1, day) for day in (5, 6, 9))


def members(*rows: tuple[str, str, dt.datetime, dt.datetime | None]) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=dict(MEMBERS), orient="row")


def now(*rows: tuple[str, str]) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=["segment", "customer_id"], orient="row")


def after(before: pl.LazyFrame, current: pl.LazyFrame, *segments: str) -> list[tuple[object, ...]]:
    return next_memberships(before, current, segments, FRIDAY).collect().sort(pl.all(), nulls_last=True).rows()


def test_who_is_in_stays_who_is_not_leaves_and_who_is_new_enters() -> None:
    before = members(("best", "ann", MONDAY, None), ("best", "bo", MONDAY, None))
    assert after(before, now(("best", "ann"), ("best", "cy")), "best") == [
        ("best", "ann", MONDAY, None), ("best", "bo", MONDAY, FRIDAY), ("best", "cy", FRIDAY, None),
    ]  # fmt: skip


def test_who_comes_back_has_been_in_twice() -> None:
    before = members(("best", "ann", MONDAY, TUESDAY))
    assert after(before, now(("best", "ann")), "best") == [
        ("best", "ann", MONDAY, TUESDAY), ("best", "ann", FRIDAY, None),
    ]  # fmt: skip


def test_segments_that_were_not_decided_stay_as_they_are() -> None:
    before = members(("best", "ann", MONDAY, None), ("gone", "bo", MONDAY, None))
    assert after(before, now(("new", "cy")), "best") == [
        ("best", "ann", MONDAY, FRIDAY), ("gone", "bo", MONDAY, None),
    ]  # fmt: skip


def test_two_people_who_became_one_were_in_from_the_first_of_both() -> None:
    before = members(("best", "ann", TUESDAY, None), ("best", "ann", MONDAY, None), ("best", "ann", MONDAY, TUESDAY))
    assert after(before, now(("best", "ann")), "best") == [
        ("best", "ann", MONDAY, TUESDAY), ("best", "ann", MONDAY, None),
    ]  # fmt: skip
