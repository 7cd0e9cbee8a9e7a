import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.campaigns.code_pools import Pool, allot, check_pools, read_pool, read_pools
from segcli.campaigns.offers import USED
from segcli.problems import DataError, Place, Problems
from segcli.project.campaign_models import Campaign, Code, Offer, Step
from segcli.project.models import Expression

PLACE = Place("recipes/winback/recipe.yaml", 7, 9)


def file(folder: Path, content: str | bytes, name: str = "codes.csv") -> str:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return name


def campaign(*pools: str) -> Campaign:
    steps = tuple(
        Step(
            f"s{number}",
            number,
            PLACE,
            "hello",
            dt.timedelta(0),
            offers=(Offer("gift", PLACE, code=Code(PLACE, pool=pool)),),
        )
        for number, pool in enumerate(pools)
    )
    return Campaign("winback", PLACE, "winback", Expression("true"), steps)


@pytest.mark.parametrize(
    "content",
    [
        "A1\nB2\nC3\n", "A1\r\n\r\n B2 \r\nC3", "code\nA1\nB2\nC3\n", "Discount Code\nA1\nB2\nC3\n",
        "\ufeffcode,value\nA1,10\nB2,10\nC3,\n", "id;Code\n1;A1\n2;B2\n3;C3\n", '"code"\n"A1"\n"B2"\nC3\n',
    ],
)  # fmt: skip
def test_a_pool_has_one_code_a_line_or_a_column_of_that_name(tmp_path: Path, content: str) -> None:
    pool = read_pool(file(tmp_path, content), tmp_path)
    assert pool.codes.to_list() == ["A1", "B2", "C3"]
    assert pool.duplicates == 0


def test_a_code_that_a_file_repeats_counts_once_whatever_its_letters(tmp_path: Path) -> None:
    pool = read_pool(file(tmp_path, "A1\nB2\na1\nA1\n"), tmp_path)
    assert pool.codes.to_list() == ["A1", "B2"]
    assert pool.duplicates == 2
    problems = Problems()
    check_pools([campaign("codes.csv")], tmp_path, problems)
    assert [str(problem) for problem in problems] == ["codes.csv has 2 codes more than once; each is given once."]
    assert not problems.errors


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no file codes.csv of codes."),
        ("", "codes.csv cannot be used as a file of codes: it has no code."),
        ("code\n\n", "codes.csv cannot be used as a file of codes: it has no code."),
        ("name,value\nA1,2\n", "none of its columns is named 'code' (name, value)"),
        (b"\xff\xfeA\x00", "codes.csv is not text in UTF-8."),
    ],
)
def test_a_pool_without_codes_is_a_problem_with_its_place(
    tmp_path: Path, content: str | bytes | None, said: str
) -> None:
    if content is not None:
        file(tmp_path, content)
    problems = Problems()
    check_pools([campaign("codes.csv")], tmp_path, problems)
    (problem,) = problems.errors
    assert said in problem.message
    assert problem.place == PLACE
    assert problem.key == "campaigns.winback.s0"
    with pytest.raises(DataError):
        read_pools([campaign("codes.csv")], tmp_path)


def test_a_folder_is_no_pool(tmp_path: Path) -> None:
    problems = Problems()
    check_pools([campaign(".")], tmp_path, problems)
    assert len(problems.errors) == 1


def test_every_pool_of_the_campaigns_is_read_once(tmp_path: Path) -> None:
    file(tmp_path, "A1\n", "a.txt")
    file(tmp_path, "B1\n", "b.txt")
    assert sorted(read_pools([campaign("a.txt", "b.txt"), campaign("a.txt")], tmp_path)) == ["a.txt", "b.txt"]


def asked(*customers: str, series: str = "s") -> pl.DataFrame:
    count = len(customers)
    return pl.DataFrame(
        {"campaign": ["w"] * count, "series": [series] * count, "customer_id": list(customers)},
        schema=dict.fromkeys(("campaign", "series", "customer_id"), pl.String),
    )


def given_before(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """code, series, customer_id"""
    full = [(code, "codes.csv", "w", series, customer) for code, series, customer in rows]
    return pl.DataFrame(full, dict(USED), orient="row")


POOL = Pool("codes.csv", pl.Series("code", ["A1", "B2", "C3"]))


def allotted(requests: pl.DataFrame, used: pl.DataFrame, pool: Pool = POOL) -> dict[str, str | None]:
    codes = allot(pool, requests, used)
    assert codes.columns == ["campaign", "series", "customer_id", "code"]
    assert codes["customer_id"].equals(requests["customer_id"])
    return dict(codes.select("customer_id", "code").iter_rows())


def test_codes_are_given_in_the_order_of_the_file_to_customers_in_theirs() -> None:
    assert allotted(asked("y", "x"), given_before()) == {"x": "A1", "y": "B2"}


def test_a_code_that_was_ever_given_is_not_given_again() -> None:
    assert allotted(asked("x"), given_before(("a1", "s", "y"), ("B2", "s", "z"))) == {"x": "C3"}


def test_who_has_a_code_of_the_series_keeps_it() -> None:
    used = given_before(("B2", "s", "x"), ("A1", "other", "y"))
    assert allotted(asked("x", "y"), used) == {"x": "B2", "y": "C3"}


def test_a_code_is_kept_though_the_file_has_it_no_longer() -> None:
    assert allotted(asked("x"), given_before(("Z9", "s", "x"))) == {"x": "Z9"}


def test_a_code_of_another_file_is_not_one_of_this() -> None:
    used = given_before(("Z9", "s", "x")).with_columns(code_pool=pl.lit("others.csv"))
    assert allotted(asked("x"), used) == {"x": "A1"}


def test_a_file_that_was_renamed_is_known_by_its_codes() -> None:
    used = given_before(("B2", "s", "x")).with_columns(code_pool=pl.lit("old.csv"))
    assert allotted(asked("x"), used) == {"x": "B2"}


def test_an_empty_pool_leaves_the_last_without_code() -> None:
    assert allotted(asked("a", "b", "c", "d"), given_before()) == {"a": "A1", "b": "B2", "c": "C3", "d": None}
    assert allotted(asked(), given_before()) == {}


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.sets(st.integers(0, 9), max_size=6), max_size=6), st.integers(0, 30))
def test_no_sequence_of_runs_gives_a_code_twice_or_a_customer_two(runs: list[set[int]], size: int) -> None:
    pool = Pool("codes.csv", pl.Series("code", [f"C{number}" for number in range(size)], dtype=pl.String))
    used = given_before()
    had: dict[str, str] = {}
    for people in runs:
        codes = allot(pool, asked(*(f"c{number}" for number in people)), used)
        for customer, code in codes.select("customer_id", "code").drop_nulls().iter_rows():
            assert had.setdefault(customer, code) == code
        used = pl.concat([used, codes.drop_nulls().with_columns(code_pool=pl.lit("codes.csv")).select(*USED)])
    assert len(set(had.values())) == len(had)
    assert len(had) == min(size, len(set().union(*runs)))
