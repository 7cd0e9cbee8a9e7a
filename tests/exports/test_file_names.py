import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.exports.file_names import file_stems


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lapsed", "lapsed"),
        ("rfm-at-risk", "rfm-at-risk"),
        ("buyers of hats", "buyers-of-hats"),
        ("../x", "x-d6b96a97"),
        ("a/b", "a-b-c14cddc0"),
        ("", "e3b0c442"),
        ("..", "5ec1f7e7"),
        ("café", "cafe-850f7dc4"),
        ("đồ chơi", "do-choi-375a367c"),
        ("靴", "40a2391a"),
        ("con", "con-1143da2b"),
        ("lapsed.entered", "lapsed-entered-6286aa72"),
    ],
)
def test_a_name_is_folded_and_what_is_lost_becomes_a_hash(name: str, expected: str) -> None:
    assert file_stems([name]) == {name: expected}


def test_names_that_differ_in_case_alone_get_files_of_their_own() -> None:
    stems = file_stems(["Shoes", "shoes", "hats"])
    assert stems["hats"] == "hats"
    assert len({name.lower() for name in stems.values()}) == 3


def test_a_very_long_name_is_cut_and_stays_unique() -> None:
    stems = file_stems(["x" * 300, "x" * 301])
    assert len(set(stems.values())) == 2
    assert max(map(len, stems.values())) <= 89


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=120), unique=True, max_size=20))
def test_any_names_give_distinct_portable_file_names_whatever_their_order(names: list[str]) -> None:
    stems = file_stems(names)
    assert len({name.lower() for name in stems.values()}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?", name) for name in stems.values())
    assert file_stems(reversed(names)) == stems
