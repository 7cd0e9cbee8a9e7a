"""Records of a CSV file dropped or changed; every other byte stays."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.history.csv_records import change_records


def without_ada(cells: list[str], _: list[str]) -> list[str] | None:
    return None if "ada" in cells else [cell.replace("ada", "") for cell in cells]


def test_records_are_dropped_and_cells_changed_whatever_the_encoding_and_the_line_ends() -> None:
    text = 'id;note\r\n1;ada\r\n2;"a\r\nlong ada; note"\r\n3;"quoted; untouched"\r\n4;has ada\r\n'
    expected = 'id;note\r\n2;"a\r\nlong ; note"\r\n3;"quoted; untouched"\r\n4;has \r\n'
    for mark, codec in (("", "utf-8"), ("\ufeff", "utf-8"), ("\ufeff", "utf-16-le")):
        done = change_records((mark + text).encode(codec), "ada", without_ada)
        assert done.content.decode(codec) == mark + expected
        assert (done.dropped, done.changed) == (1, 2)


@pytest.mark.parametrize("content", [b"", b"id\n", b"id,name\n1,bo\n", b"id,name", b"\xff\xfeid", b"n\n\xe9t\xe9\n"])
def test_a_file_without_what_is_looked_for_stays_as_it_is(content) -> None:
    assert change_records(content, "ada", without_ada).content == content


def test_bytes_that_are_no_text_are_kept() -> None:
    assert change_records(b"n,m\n\xe9t\xe9,ada\n\xe9t\xe9,bo\n", "ada", without_ada).content == b"n,m\n\xe9t\xe9,bo\n"


cells = st.text(alphabet='ad,";x\n ', max_size=6)
rows = st.lists(st.lists(cells, min_size=2, max_size=2), max_size=8)


@given(rows)
def test_the_records_are_those_that_the_standard_library_reads(found) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([["a", "b"], *found])
    done = change_records(written.getvalue().encode(), "ada", without_ada)
    again = list(csv.reader(io.StringIO(done.content.decode(), newline="")))
    kept = [changed for cells in found if (changed := without_ada(cells, [])) is not None]
    assert again == [["a", "b"], *kept]
