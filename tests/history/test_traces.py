"""By what a row is somebody's, and what in a text names them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.exports.formats import FOLDER, load_format
from segcli.history.traces import Person, is_theirs, kind_of_header, rows_of

ADA = Person(frozenset({"1", "cus_Ada7", "4711004711"}), frozenset({"ada@shop.example"}), frozenset({"+905550000002"}))
NAMED = [
    "ada@shop.example", "ADA@Shop.Example", "Ada <ada@shop.example>, wrote", "to ada@shop.example.",
    "ada%40shop.example",
    "0555 000 00 02", "+90 (555) 000-00-02", "00905550000002", "5550000002", "tel:+905550000002", "id=cus_ada7;",
    '{"customer_id": "cus_Ada7"}', "no 4711004711.", "a line with ada@sho…", "a line with +9055500…",
]  # fmt: skip
NOT_NAMED = [
    "bada@shop.example", "ada@shop.example.com", "x.ada@shop.example", "ada@shop.examples", "cus_Ada77", "my_cus_Ada7",
    "cus_Ada7-2", "1", "15550000002", "55500000021", "47110047110", "ada…", "", "Ada",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMED)
def test_a_name_is_found_however_it_is_spelled(text) -> None:
    assert ADA.named_in(text)
    column = pl.select(pl.lit(text).str.contains(f"(?i){ADA.suspect}")).item()
    assert column or text.startswith("a line with +")


@pytest.mark.parametrize("text", NOT_NAMED)
def test_what_is_part_of_another_name_is_not_found(text) -> None:
    assert not ADA.named_in(text)


@given(st.text(alphabet="ad@.1cus_A7 -+9052x\n;", max_size=30), st.sampled_from([*NAMED[:13], *NOT_NAMED]))
def test_polars_and_python_find_the_same(around, text) -> None:
    for whole in (around + text, text + around):
        in_column = pl.select(pl.lit(whole).str.contains(ADA.in_columns)).item()
        assert in_column == bool(ADA.spoken_of and ADA.spoken_of.search(whole))


def test_nobody_is_named_nowhere() -> None:
    nobody = Person()
    assert not nobody
    assert not nobody.named_in("anything")
    assert not pl.select(pl.lit("anything").str.contains(nobody.in_columns)).item()


@pytest.mark.parametrize(
    ("row", "theirs"),
    [
        ({"customer_id": "1"}, True),
        ({"customer_id": "'1"}, True),
        ({"customer_id": "2", "email": "ADA@shop.example"}, True),
        ({"customer_id": "2", "phone": "+905550000002"}, False),
        ({"email": "b@shop.example", "phone": "+905550000002"}, False),
        ({"email": "", "phone": "+905550000002"}, True),
        ({"email": "b@shop.example"}, False),
        ({}, False),
    ],
)
def test_a_phone_makes_a_row_theirs_only_where_nothing_else_says_whose_it_is(row, theirs) -> None:
    assert is_theirs(ADA, row.items()) is theirs
    values = {name: value.removeprefix("'") or None for name, value in row.items()}
    frame = pl.DataFrame([{"other": "x", **values}], dict.fromkeys(["other", *values], pl.String))
    assert frame.select(rows_of(ADA, frame.schema)).item() is theirs


def test_the_headers_of_every_list_are_known() -> None:
    for path in FOLDER.glob("*.yaml"):
        form = load_format(None if path.stem == "plain" else path.stem)
        for header, column in form.columns.items():
            if column.value[0] in ("customer_id", "email", "phone"):
                assert kind_of_header(header) == column.value[0], (path.stem, header)
