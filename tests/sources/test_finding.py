"""Paths, folders, globs and URLs -> files."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.problems import Problems
from segcli.sources.finding import find_files


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    names = [
        "orders-2.csv", "orders-1.CSV", "people.tsv", "notes.md", "segcli.yaml", ".hidden.csv",
        "big/events.ndjson.gz", "big/page.jsonl", "big/clicks.pq", "big/export.txt", "big/data.xlsx",
        "out/run/customers.parquet", ".cache/a.csv", "runs/2026-01-01/manifest.json", "runs/2026-01-01/x.csv",
        "history/r1/run.json", "history/r1/sends.parquet", "lake/day=1/a.parquet", "lake/day=2/b.parquet",
        "spark.parquet/part-0.parquet", "spark.parquet/_SUCCESS", "odd [1].csv", "feed.dat",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("id\n1\n")
    return tmp_path


def found(shop: Path, *patterns: str) -> list[str]:
    problems = Problems()
    files = find_files(patterns, shop, problems)
    assert list(problems) == []
    return [file if "://" in file else Path(file).relative_to(shop).as_posix() for file in files]


def problem_of(shop: Path, pattern: str) -> str:
    problems = Problems()
    assert find_files([pattern], shop, problems) == []
    (problem,) = problems
    return str(problem)


def test_a_folder_gives_its_tables_sorted_without_hidden_files_and_what_segcli_wrote(shop: Path) -> None:
    assert found(shop, ".") == [
        "big/clicks.pq",
        "big/events.ndjson.gz",
        "big/export.txt",
        "big/page.jsonl",
        "lake",
        "odd [1].csv",
        "orders-1.CSV",
        "orders-2.csv",
        "people.tsv",
        "spark.parquet",
    ]


def test_patterns_keep_their_order_and_a_file_is_taken_once(shop: Path) -> None:
    assert found(shop, "people.tsv", "orders*", "./people.tsv", "big/../orders-2.csv") == [
        "people.tsv",
        "orders-1.CSV",
        "orders-2.csv",
    ]


def test_globs_take_tables_and_go_down_with_two_stars(shop: Path) -> None:
    assert found(shop, "*") == [
        "lake", "odd [1].csv", "orders-1.CSV", "orders-2.csv", "people.tsv", "spark.parquet",
    ]  # fmt: skip
    assert found(shop, "**/*.pq") == ["big/clicks.pq"]


def test_a_glob_finds_no_output_of_segcli(shop: Path) -> None:
    assert "no file matches" in problem_of(shop, "**/customers.parquet")


def test_a_glob_may_name_files_of_any_suffix_and_a_file_may_be_named_like_a_glob(shop: Path) -> None:
    assert found(shop, "*.dat", "odd [1].csv") == ["feed.dat", "odd [1].csv"]


def test_urls_pass_as_they_are(shop: Path) -> None:
    urls = ["s3://shop/orders/*.parquet", "gs://shop/a.csv", "az://c/b.csv", "https://shop.example/x.csv"]
    assert found(shop, *urls) == urls


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("order-1.csv", "order-1.csv: no such file or folder. Did you mean 'orders-2.csv' or 'orders-1.CSV'"),
        ("PEOPLE.tsv", "Did you mean 'people.tsv'?"),
        ("bog/events.ndjson.gz", "Did you mean 'big'?"),
        ("*.xml", "*.xml: no file matches"),
        (".cache/nothing", "no such file or folder"),
        ("history/r1/../../runs/2026-01-01/none", "no such file or folder"),
    ],
)
def test_what_does_not_exist_is_a_problem_with_the_nearest_names(shop: Path, pattern: str, message: str) -> None:
    assert message in problem_of(shop, pattern)


def test_a_folder_without_tables_is_a_problem(shop: Path) -> None:
    (shop / "empty").mkdir()
    assert "empty: this folder holds no tables. Known are .csv" in problem_of(shop, "empty")


def test_a_spreadsheet_in_a_folder_is_named_as_left_out(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("a\n1\n")
    (tmp_path / "customers.XLSX").write_bytes(b"PK")
    problems = Problems()
    assert find_files([str(tmp_path)], tmp_path, problems) == [str(tmp_path / "orders.csv")]
    assert [problem.severity for problem in problems] == ["warning"]
    assert "customers.XLSX: this spreadsheet is left out" in str(next(iter(problems)))
