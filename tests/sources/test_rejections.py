"""The list of what could not be read."""

from __future__ import annotations

import polars as pl
from polars.testing import assert_frame_equal

from segcli.sources.rejections import SCHEMA, Rejections


def test_no_rejections_are_an_empty_frame_with_the_same_columns() -> None:
    assert_frame_equal(Rejections().frame(), pl.DataFrame(schema=SCHEMA))


def test_rows_and_frames_come_out_sorted_whatever_the_order_they_came_in() -> None:
    rejections = Rejections()
    rejections.add("b.csv", 3, None, "too few cells", "x", dropped=True)
    rejections.add("a.csv", None, None, "damaged", None, dropped=True)
    cells = {"line": [9, 2], "file": ["a.csv"] * 2, "column": ["amount"] * 2, "reason": ["no number"] * 2}
    rejections.add_frame(pl.DataFrame({**cells, "value": ["x", "y"], "dropped": [False, False]}))
    assert rejections.frame().select("file", "line", "value", "dropped").rows() == [
        ("a.csv", None, None, True),
        ("a.csv", 2, "y", False),
        ("a.csv", 9, "x", False),
        ("b.csv", 3, "x", True),
    ]
