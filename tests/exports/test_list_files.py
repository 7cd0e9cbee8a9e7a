import hashlib

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.exports.formats import FileSpelling, Limits
from segcli.exports.list_files import Lines, ListFile, joined
from segcli.problems import DataError


def lines(texts) -> Lines:
    return joined(pl.Series(texts, dtype=pl.String) + "\n")


def write(folder, batches, **limits):
    file = ListFile(folder, "lapsed", "name", FileSpelling(), Limits(**limits))
    for batch in batches:
        file.write(lines(batch))
    return {part.path: (folder / part.path).read_bytes() for part in file.close()}


def test_a_list_within_the_limits_is_one_file_without_a_number(tmp_path) -> None:
    assert write(tmp_path, [["a"], ["b"]], rows=2) == {"lapsed.csv": b"name\na\nb\n"}


def test_a_list_beyond_the_rows_is_split_into_numbered_files_each_with_the_header(tmp_path) -> None:
    assert write(tmp_path, [["a", "b", "c"], [], ["d", "e"]], rows=2) == {
        "lapsed.1.csv": b"name\na\nb\n",
        "lapsed.2.csv": b"name\nc\nd\n",
        "lapsed.3.csv": b"name\ne\n",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "lapsed.1.csv",
        "lapsed.2.csv",
        "lapsed.3.csv",
    ]


def test_a_list_without_members_is_a_header_alone(tmp_path) -> None:
    assert write(tmp_path, [], rows=2, bytes=9) == {"lapsed.csv": b"name\n"}


def test_digest_size_and_rows_are_those_of_the_file(tmp_path) -> None:
    file = ListFile(tmp_path, "lapsed", "name", FileSpelling(encoding="utf-8-sig"), Limits())
    file.write(lines(["é"]))
    (part,) = file.close()
    content = b"\xef\xbb\xbfname\n\xc3\xa9\n"
    assert (tmp_path / "lapsed.csv").read_bytes() == content
    assert (part.sha256, part.bytes, part.rows) == (hashlib.sha256(content).hexdigest(), len(content), 1)


def test_a_row_that_no_file_can_hold_is_an_error(tmp_path) -> None:
    with pytest.raises(DataError, match="one row has 21 bytes, a file at most 12"):
        write(tmp_path, [["x" * 20]], bytes=12)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.text("aé", max_size=6), max_size=8), max_size=5),
    st.integers(1, 5),
    st.integers(18, 40),
)
def test_no_part_exceeds_a_limit_and_no_line_is_lost(tmp_path_factory, batches, rows, size) -> None:
    parts = write(tmp_path_factory.mktemp("parts"), batches, rows=rows, bytes=size)
    assert all(len(content) <= size and content.count(b"\n") <= rows + 1 for content in parts.values())
    written = [line for content in parts.values() for line in content.decode().split("\n")[1:-1]]
    assert written == [line for batch in batches for line in batch]


def test_a_list_in_the_encoding_of_spreadsheets_is_split_by_rows_too(tmp_path) -> None:
    file = ListFile(tmp_path, "lapsed", "name", FileSpelling(encoding="utf-16"), Limits(rows=2))
    file.write(lines(["é", "ü", "🎈"]))
    texts = [(tmp_path / part.path).read_bytes().decode("utf-16") for part in file.close()]
    assert texts == ["name\né\nü\n", "name\n🎈\n"]


def test_a_list_takes_its_share_of_a_text_made_for_several(tmp_path) -> None:
    text = joined(pl.Series(["one\n", "three\n", "five\n", "seven\n", "nine\n"]))
    share = text.cut(1)[1].cut(3)[0]
    file = ListFile(tmp_path, "lapsed", "name", FileSpelling(), Limits(bytes=17))
    file.write(share)
    assert [(tmp_path / part.path).read_bytes() for part in file.close()] == [
        b"name\nthree\nfive\n",
        b"name\nseven\n",
    ]
