"""Nasty input files as shops really have them: what is read, what is rejected, and what is said about it."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segcli.problems import DataError, Problems
from segcli.sources.files import (
    ROW,
    Rejections,
    SourceFile,
    lines_of_rows,
    open_source_file,
    scan_cells,
)

REJECTED = ["line", "reason"]


def written(folder: Path, content: str | bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def opened(path: Path, **options: str) -> SourceFile:
    problems = Problems()
    file = open_source_file(str(path), problems, root=path.parent, **options)
    assert file is not None, list(problems)
    return file


def read(path: Path) -> tuple[SourceFile, pl.DataFrame, pl.DataFrame]:
    file, rejections = opened(path), Rejections()
    cells = scan_cells(file, path.parent / "scratch", rejections).collect(engine="streaming")
    assert cells[ROW].dtype == pl.UInt32
    return file, cells, rejections.frame()


def refusal(path: Path) -> str:
    problems = Problems()
    assert open_source_file(str(path), problems, root=path.parent) is None
    (problem,) = problems
    return str(problem)


def warnings_of(path: Path) -> list[str]:
    problems = Problems()
    assert open_source_file(str(path), problems, root=path.parent) is not None
    return [str(problem) for problem in problems]


def frame(rows: Sequence[int], **columns: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({ROW: rows, **columns}, schema={ROW: pl.UInt32, **dict.fromkeys(columns, pl.String)})


# --- separators and headers


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_told_from_header_and_rows_with_quotes_respected(tmp_path: Path, separator: str) -> None:
    rows = [["id", "name, first", "amount"], ["1", f"a{separator}b", "1,50"], ["2", "x;y|z,\t", "2,50"]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    file, cells, rejected = read(written(tmp_path, text.getvalue()))
    assert file.separator == separator
    assert file.header == ("id", "name, first", "amount")
    assert cells.drop(ROW).rows() == [tuple(row) for row in rows[1:]]
    assert rejected.is_empty()


def test_decimal_commas_do_not_look_like_separators(tmp_path: Path) -> None:
    assert opened(written(tmp_path, "id;amount\n1;1,50\n2;2,50\n")).separator == ";"


def test_a_list_of_one_column_has_no_separator_and_skips_blank_lines(tmp_path: Path) -> None:
    _, cells, rejected = read(written(tmp_path, "email\na@example.com\n\nb@example.com\n\n"))
    assert_frame_equal(cells, frame([0, 2], email=["a@example.com", "b@example.com"]))
    assert rejected.is_empty()


def test_excels_separator_line_is_heeded_and_is_no_header(tmp_path: Path) -> None:
    file, cells, _ = read(written(tmp_path, "\ufeffsep=;\r\nid;name\r\n1;a,b\r\n"))
    assert (file.separator, file.header, file.header_lines) == (";", ("id", "name"), 2)
    assert_frame_equal(cells, frame([0], id=["1"], name=["a,b"]))
    assert lines_of_rows(file, [0]) == [3]


def test_a_separator_can_be_given(tmp_path: Path) -> None:
    assert opened(written(tmp_path, "a;b,c;d\n"), separator=",").header == ("a;b", "c;d")


def test_equal_and_missing_names_become_unique_with_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path, "email,email,,email_2,__row\na,b,c,d,e\n")
    assert warnings_of(path) == ["orders.csv:1: two columns are named 'email': the later one is called 'email_3'."]
    file, cells, _ = read(path)
    assert file.header == ("email", "email_3", "column_3", "email_2", "__row_2")
    assert cells.drop(ROW).rows() == [("a", "b", "c", "d", "e")]


def test_names_with_quotes_commas_newlines_emoji_and_right_to_left_text_stay_as_written(
    tmp_path: Path,
) -> None:
    names = ["a, b", 'say "hi"', "two\nlines", "🛍️ cart", "שם משפחה", "^x.*$"]
    text = io.StringIO()
    csv.writer(text).writerows([names, names])
    file, cells, rejected = read(written(tmp_path, text.getvalue()))
    assert file.header == tuple(names)
    assert cells.drop(ROW).rows() == [tuple(names)]
    assert rejected.is_empty()
    assert lines_of_rows(file, [0]) == [3]


def test_ten_thousand_columns_and_a_megabyte_cell_are_read(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(10_000))
    values = ",".join(["1"] * 9_999)
    path = written(tmp_path, f'{names}\n{values},"{"x" * 1_000_000}"\n{values},"a,b"\n{values}\n')
    _, cells, rejected = read(path)
    assert cells.shape == (2, 10_001)
    assert cells["c9999"].str.len_chars().to_list() == [1_000_000, 3]
    assert rejected.select(REJECTED).rows() == [(4, "too few cells: 9999, the header has 10000")]


def test_a_header_alone_is_a_table_without_rows_and_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path, "id,name")
    assert warnings_of(path) == ["orders.csv:1: the file has a header and no rows."]
    assert_frame_equal(read(path)[1], frame([], id=[], name=[]))


def test_a_first_row_longer_than_what_is_looked_at_is_a_row(tmp_path: Path) -> None:
    assert warnings_of(written(tmp_path, f"id,note\n1,{'x' * 1_200_000}\n2,b\n")) == []


# --- what is no table


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n \r\n\n", "only blank lines"),
        (b"\xef\xbb\xbf", "only blank lines"),
        (b"sep=;\n\n", "only blank lines"),
        (b"PK\x03\x04....xl/workbook.xml", "an Excel file. Open it and save it as CSV"),
        (b"PK\x03\x04....orders.csv", "a zip archive. Unpack"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel file"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\n <!DOCTYPE html><html>", "a web page. Perhaps the download needed a login?"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"\x28\xb5\x2f\xfd rest", "zstd"),
        (b"\x01\x02\x03\x04\x05\x06\x07\x08", "not a text file"),
        (b"id\x00,name\n1,2\n", "orders.csv:1: NUL bytes in the header"),
        (b"\x00" * 4096, "NUL bytes in the header"),
        (b'\nid,"name\n1,2\n3,4\n', "orders.csv:2: a quote opens in the header that is never closed"),
        (b'[\n {"id": 1}]', "one JSON array"),
        ("имя,город\nАнна,Москва\n".encode("cp1251"), "not UTF-8, and not Windows-1252 or 1254"),
        ("imię,miasto\nŁukasz,Białystok\nMałgosia,Częstochowa\n".encode("cp1250"), "not UTF-8, and not"),
        ("名前,住所\n山田,東京都\n".encode("shift-jis"), "not UTF-8, and not Windows-1252 or 1254"),
        (gzip.compress(b"id,name\n1,2\n" * 9, mtime=0)[:20], "the gzip file ends too early"),
        (gzip.compress(b"id,name\n1,2\n" * 9, mtime=0)[:10] + b"\xff" * 30, "the gzip file is damaged"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refusal(written(tmp_path, content))


def test_a_file_that_vanished_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "gone.csv")


# --- encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("compress", [False, True])
def test_unicode_is_read_with_and_without_mark_and_gzip(tmp_path: Path, encoding: str, compress: bool) -> None:
    content = "id,name\r\n1,Ayşe Ğ\r\n2,\r\n3,Zoë 👜\r\n".encode(encoding)
    path = written(tmp_path, gzip.compress(content) if compress else content)
    file, cells, rejected = read(path)
    assert file.header == ("id", "name")
    assert_frame_equal(cells, frame([0, 1, 2], id=["1", "2", "3"], name=["Ayşe Ğ", None, "Zoë 👜"]))
    assert rejected.is_empty()
    assert lines_of_rows(file, [2, 0]) == [4, 2]
    assert warnings_of(path) == []


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1254", "Ayşe Işık, Ğ. İnönü"),
        ("cp1252", "Zoë Müller-Lefèvre"),
        ("cp1252", "Þórður Sæmundsson, Guðrún Jónsdóttir"),
        ("cp1252", "Señora Núñez – “á”"),
    ],
)
def test_windows_encodings_are_told_apart_by_their_letters_and_said(tmp_path: Path, encoding: str, name: str) -> None:
    path = written(tmp_path, f"id;name\n1;{name}\n".encode(encoding))
    file, cells, _ = read(path)
    assert file.encoding == encoding
    assert cells["name"].to_list() == [name]
    (warning,) = warnings_of(path)
    assert f"not UTF-8: read as Windows-{encoding[2:]}" in warning
    assert "for example '" in warning
    assert "Save it as CSV UTF-8." in warning


def test_an_encoding_can_be_given(tmp_path: Path) -> None:
    path = written(tmp_path, "ad;şehir\nGöksel;Muş\n".encode("cp1254"))
    assert opened(path, encoding="cp1252").header == ("ad", "þehir")


def test_turkish_letters_after_a_plain_megabyte_are_found_and_said(tmp_path: Path) -> None:
    plain = "".join(f"{number:07},plain\n" for number in range(90_000))
    path = written(tmp_path, b"id,name\n" + plain.encode() + "90000,Işık\n".encode("cp1254"))
    file, problems, rejections = opened(path), Problems(), Rejections()
    cells = scan_cells(file, tmp_path / "scratch", rejections, problems).collect()
    assert cells.row(-1) == (90_000, "90000", "Işık")
    assert rejections.frame().is_empty()
    assert "orders.csv: not UTF-8: read as Windows-1254 (Turkish), for example 'Işık'" in str(next(iter(problems)))
    assert lines_of_rows(file, [90_000]) == [90_002]


def test_rows_of_another_encoding_in_a_unicode_file_are_rejected_and_not_garbled(tmp_path: Path) -> None:
    rows = "id,name\n1,Işık\n2,Müller\n3,Ayşegül\n".encode() + b"4,M\xfcller\n" + "5,Öz\n".encode()
    file, cells, rejected = read(written(tmp_path, rows))
    assert_frame_equal(cells, frame([0, 1, 2, 4], id=["1", "2", "3", "5"], name=["Işık", "Müller", "Ayşegül", "Öz"]))
    assert rejected.rows() == [
        ("orders.csv", 5, None, "bytes that are not UTF-8", "4,M�ller", True),
    ]
    assert lines_of_rows(file, [4]) == [6]


# --- line ends and blank rows


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_read(tmp_path: Path, end: str) -> None:
    path = written(tmp_path, end.join(["id,note", '1,"a""b"', '"2",""', "", "3,c"]))
    file, cells, rejected = read(path)
    assert_frame_equal(cells, frame([0, 1, 3], id=["1", "2", "3"], note=['a"b', None, "c"]))
    assert rejected.is_empty()
    assert lines_of_rows(file, [0, 1, 3]) == [2, 3, 5]


def test_rows_without_any_content_are_left_out(tmp_path: Path) -> None:
    _, cells, rejected = read(written(tmp_path, '\n\nid,name\n\n1,a\n,\n"",""\n2,b\n,\n'))
    assert_frame_equal(cells, frame([1, 4], id=["1", "2"], name=["a", "b"]))
    assert rejected.is_empty()


def test_cells_are_not_trimmed_and_keep_leading_zeros(tmp_path: Path) -> None:
    _, cells, _ = read(written(tmp_path, "id,country\n007 ,NO\n"))
    assert_frame_equal(cells, frame([0], id=["007 "], country=["NO"]))


# --- ragged rows, quotes, NUL


def test_long_and_short_rows_are_rejected_with_their_line_and_the_others_kept(tmp_path: Path) -> None:
    path = written(tmp_path, 'id,note,x\n1,"two\nlines",a\n2\n3,b,c,d\n\n4,e,f,,\n5,g,h\n')
    file, cells, rejected = read(path)
    assert_frame_equal(cells, frame([0, 4, 5], id=["1", "4", "5"], note=["two\nlines", "e", "g"], x=["a", "f", "h"]))
    assert rejected.rows() == [
        ("orders.csv", 4, None, "too few cells: 1, the header has 3", "2", True),
        ("orders.csv", 5, None, "too many cells: 4, the header has 3", "3,b,c,d", True),
    ]
    assert lines_of_rows(file, [5, 0, 4]) == [8, 2, 7]


def test_an_unclosed_quote_costs_its_own_line_and_not_the_rest_of_the_file(tmp_path: Path) -> None:
    _, cells, rejected = read(written(tmp_path, 'id,note\n1,a\n2,"b\n3,c\n4,"d, e"\n5,f\n'))
    assert cells["id"].to_list() == ["1", "3", "4", "5"]
    assert rejected.select("line", "reason", "value").rows() == [
        (3, "a quote opens here that is never closed", '2,"b'),
    ]


def test_an_unclosed_quote_at_the_end_is_rejected_with_the_line_where_it_opened(tmp_path: Path) -> None:
    _, cells, rejected = read(written(tmp_path, 'id,note\n1,a\n2,"b\n3,c\n'))
    assert cells["id"].to_list() == ["1", "3"]
    assert rejected.select(REJECTED).rows() == [(3, "a quote opens here that is never closed")]


def test_a_quote_that_swallows_ten_thousand_lines_is_not_believed(tmp_path: Path) -> None:
    rows = [f"{number},a" for number in range(20_000)]
    rows[5], rows[15_000] = '5,"a', '15000,"a"'
    _, cells, rejected = read(written(tmp_path, "\n".join(["id,note", *rows, ""])))
    assert cells.height == 19_999
    assert rejected["line"].to_list() == [7]


def test_inches_in_a_cell_are_not_quotes(tmp_path: Path) -> None:
    _, cells, rejected = read(written(tmp_path, 'id,note\n1,5" pipe\n2,"5"" pipe"\n3,5", x\n4,"5" pipe\n'))
    assert_frame_equal(cells, frame([0, 1], id=["1", "2"], note=['5" pipe', '5" pipe']))
    assert rejected.select(REJECTED).rows() == [
        (4, "too many cells: 3, the header has 2"),
        (5, "a quote within a cell that is not doubled"),
    ]


def test_nul_bytes_cost_their_row(tmp_path: Path) -> None:
    _, cells, rejected = read(written(tmp_path, b"id,note\n1,a\n2,\x00b\n3,c\n\x00\x00\x00\x00"))
    assert cells["id"].to_list() == ["1", "3"]
    assert rejected.select("line", "value").rows() == [(3, "2,�b"), (5, "����")]


def test_long_values_are_shortened_in_the_list_of_rejected_rows(tmp_path: Path) -> None:
    _, _, rejected = read(written(tmp_path, f"id,note\n{'x' * 5000}\n"))
    assert rejected["value"].to_list() == ["x" * 200 + "…"]


def test_multi_line_cells_do_not_shift_lines(tmp_path: Path) -> None:
    notes = ["a", "b\n\nc", 'd "e"\r\nf', "g,\nh,i\n", "j"]
    text = io.StringIO()
    csv.writer(text).writerows([["id", "note"], *([str(at), note] for at, note in enumerate(notes))])
    file, cells, rejected = read(written(tmp_path, text.getvalue()))
    assert cells["note"].to_list() == notes
    assert rejected.is_empty()
    assert lines_of_rows(file, [4, 3, 2, 1, 0]) == [11, 8, 6, 3, 2]


ALPHABET = st.text(alphabet='a,"\n', max_size=40)


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=ALPHABET, width=st.sampled_from([1, 2, 3]))
def test_a_row_is_read_as_csv_reader_reads_it_or_rejected(tmp_path: Path, body: str, width: int) -> None:
    """Either way (scanned by Polars or repaired) rows have the header's width and know their line."""
    header = ",".join("abc"[:width])
    path = written(tmp_path, f"{header}\n{body}")
    file, cells, rejected = read(path)
    lines = path.read_text().split("\n")
    for line, row in zip(lines_of_rows(file, cells[ROW].to_list()), cells.drop(ROW).rows(), strict=True):
        record = next(csv.reader(io.StringIO("\n".join(lines[line - 1 :])), strict=True))
        assert [cell or "" for cell in row] == record[:width]
        assert not any(record[width:])
    if rejected.is_empty():
        records = list(csv.reader(io.StringIO(body), strict=True))
        assert cells.height == sum(any(record) for record in records)


# --- gzip, Parquet, NDJSON, URLs


def test_a_gzip_file_cut_off_after_its_head_stops_the_reading(tmp_path: Path) -> None:
    noise = "".join(f"{number},{number * 7919 % 999983}\n" for number in range(200_000))
    path = written(tmp_path, gzip.compress(f"id,x\n{noise}".encode())[:-200], "orders.csv.gz")
    with pytest.raises(DataError, match=r"orders.csv.gz: the gzip file ends too early: it was cut off"):
        scan_cells(opened(path), tmp_path / "scratch", Rejections())


def test_utf16_cut_off_in_the_middle_of_a_letter_stops_the_reading(tmp_path: Path) -> None:
    path = written(tmp_path, "id,x\n1,2\n".encode("utf-16")[:-1])
    with pytest.raises(DataError, match=r"orders.csv:2: bytes that are not utf-16-le"):
        scan_cells(opened(path), tmp_path / "scratch", Rejections())


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    rows = pl.DataFrame({"id": [1, 2], "items": [[{"sku": "a"}], []]})
    rows.write_parquet(tmp_path / "orders[1].parquet")
    file, cells, _ = read(tmp_path / "orders[1].parquet")
    assert file.types == rows.schema
    assert_frame_equal(cells, rows.with_row_index(ROW))
    assert lines_of_rows(file, [1]) == [2]


def test_a_partitioned_folder_is_one_parquet_table(tmp_path: Path) -> None:
    for year in (2025, 2026):
        part = tmp_path / "events" / f"year={year}" / "part-0.parquet"
        part.parent.mkdir(parents=True)
        pl.DataFrame({"id": [year]}).write_parquet(part)
    (tmp_path / "events" / "_SUCCESS").touch()
    file, cells, _ = read(tmp_path / "events")
    assert file.header == ("id", "year")
    assert cells.drop(ROW).rows() == [(2025, 2025), (2026, 2026)]


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_truncated_parquet_file_is_a_problem(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "orders.parquet"
    pl.DataFrame({"id": range(1000)}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:keep])
    assert ("cut off or damaged" if keep else "the file is empty") in refusal(path)


@pytest.mark.parametrize("compress", [False, True])
def test_json_lines_keep_types_and_nesting_and_find_late_keys(tmp_path: Path, compress: bool) -> None:
    text = '{"id": 1, "item": {"sku": "a"}}\n\n' + '{"id": 2}\n' * 200 + '{"id": 3.5, "late": "x"}\n'
    content = gzip.compress(text.encode()) if compress else text.encode()
    file, cells, rejected = read(written(tmp_path, content, "events.ndjson"))
    assert file.format == "ndjson"
    assert file.types == {"id": pl.Float64(), "item": pl.Struct({"sku": pl.String}), "late": pl.String()}
    assert cells.row(0) == (0, 1.0, {"sku": "a"}, None)
    assert cells.row(-1) == (201, 3.5, None, "x")
    assert rejected.is_empty()
    assert lines_of_rows(file, [0, 1, 201]) == [1, 3, 203]


def test_broken_json_lines_are_rejected_and_the_others_kept(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": 1}\n\n{id: 2}\n[3]\n{"id": 4}\n{"id": 5, "na', "events.jsonl")
    file, cells, rejected = read(path)
    assert cells.rows() == [(0, 1), (3, 4)]
    assert rejected.select("line", "value").rows() == [(3, "{id: 2}"), (4, "[3]"), (6, '{"id": 5, "na')]
    assert lines_of_rows(file, [3]) == [5]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_json_lines_of_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    _, cells, _ = read(written(tmp_path, '{"name": "Ayşe"}\n'.encode(encoding), "people.jsonl"))
    assert cells.rows() == [(0, "Ayşe")]


def test_json_values_that_have_no_common_type_are_text(tmp_path: Path) -> None:
    _, cells, rejected = read(written(tmp_path, '{"id": {"a": 1}}\n{"id": 5}\n', "events.ndjson"))
    assert cells["id"].dtype == pl.String
    assert cells["id"].to_list()[1] == "5"
    assert rejected.is_empty()


def test_json_lines_without_any_object_are_a_problem(tmp_path: Path) -> None:
    assert "no line is a JSON object" in refusal(written(tmp_path, "1\n2\n", "events.ndjson"))


def test_urls_are_left_to_polars(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeffid;note\r\n1;"a\r\nb"\r\n2\r\n3;ğ\r\n')
    problems, rejections = Problems(), Rejections()
    file = open_source_file(path.as_uri(), problems)
    assert file is not None
    assert file.header == ("id", "note")
    cells = scan_cells(file, tmp_path / "scratch", rejections).collect()
    assert_frame_equal(cells, frame([0, 2], id=["1", "3"], note=["a\nb", "ğ"]))
    assert rejections.frame()["line"].to_list() == [4]
    assert lines_of_rows(file, [0, 2]) == [2, 5]


def test_a_parquet_url_and_a_missing_url(tmp_path: Path) -> None:
    pl.DataFrame({"id": [1]}).write_parquet(tmp_path / "x.parquet")
    problems = Problems()
    file = open_source_file((tmp_path / "x.parquet").as_uri(), problems)
    assert file is not None
    assert scan_cells(file, tmp_path, Rejections()).collect().rows() == [(0, 1)]
    assert open_source_file((tmp_path / "gone.csv").as_uri(), problems) is None
    assert "cannot be read" in str(next(iter(problems)))
