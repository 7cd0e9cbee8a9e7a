from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.problems import Problems
from segcli.sources.components import connected_components
from segcli.sources.identity import find_people, with_person
from tests.sources.inline_sources import read, rows, source


def keys_of(records: list[tuple[str | None, str | None, str | None]]) -> list[str | None]:
    """The person of each record of (customer_id, email, phone)."""
    schema = dict.fromkeys(("customer_id", "email", "phone"), pl.String())
    frame = pl.DataFrame(records, schema=schema, orient="row").lazy().with_row_index("record")
    return with_person(frame, find_people([frame])).sort("record").collect()["customer_id"].to_list()


def test_records_with_one_email_are_one_person_with_the_smallest_id() -> None:
    records = [("7", "ada@example.com", None), ("3", "ada@example.com", None), (None, "ada@example.com", None)]
    assert keys_of(records) == ["3", "3", "3"]


def test_a_chain_of_ids_and_emails_is_one_person() -> None:
    records = [(str(n), f"m{n // 2}@example.com", None) for n in range(20)]
    records += [(str(n), f"m{(n + 1) // 2}@example.com", None) for n in range(20)]
    assert set(keys_of(records)) == {"0"}


def test_without_a_customer_id_the_email_is_the_key_and_then_the_phone() -> None:
    records = [(None, "ada@example.com", "+15550100"), (None, None, "+15550199")]
    assert keys_of(records) == ["ada@example.com", "+15550199"]


def test_a_phone_does_not_join_people_who_have_emails() -> None:
    records = [("1", "ada@example.com", "+15550100"), ("2", "ben@example.com", "+15550100"), (None, None, "+15550100")]
    assert keys_of(records) == ["1", "2", "+15550100"]


def test_a_phone_joins_records_without_an_email_with_each_other_and_with_its_only_owner() -> None:
    assert keys_of([("5", None, "+15550100"), (None, None, "+15550100"), ("4", None, "+15550100")]) == ["4", "4", "4"]
    assert keys_of([("5", "ada@example.com", "+15550100"), (None, None, "+15550100")]) == ["5", "5"]
    assert keys_of([(None, "ada@example.com", "+15550100"), ("9", None, "+15550100")]) == ["9", "9"]


def test_a_record_whose_id_has_an_email_elsewhere_is_not_joined_by_phone() -> None:
    records = [("1", None, "+15550100"), ("1", "ada@example.com", None), ("2", "ben@example.com", "+15550100")]
    assert keys_of(records) == ["1", "1", "2"]


def test_an_identifier_on_more_than_five_records_identifies_nobody() -> None:
    family = [(str(n), None, "+15550100") for n in range(5)]
    assert set(keys_of(family)) == {"0"}
    crowd = [(str(n), None, "+15555555555") for n in range(6)]
    assert keys_of([*crowd, (None, None, "+15555555555")]) == ["0", "1", "2", "3", "4", "5", None]
    guests = [("0", f"guest{n}@example.com", None) for n in range(6)]
    assert keys_of(guests) == [f"guest{n}@example.com" for n in range(6)]


def test_phones_typed_for_many_names_identify_nobody_and_are_listed(tmp_path: Path) -> None:
    names = ["Ada", "Ben", "Cem", "Dua", "Eva", "Fay"]
    people = source(
        "customers", {"phone": ["+15555555555"] * 6, "first_name": names, "seen_at": ["2026-01-01"] * 6}, file="o.csv"
    )
    orders = source(
        "orders",
        {
            "order_id": list("123456"),
            "phone": ["+15555555555"] * 6,
            "ordered_at": ["2026-01-01"] * 6,
            "amount": ["1.00"] * 6,
        },
        file="o.csv",
    )
    problems = Problems()
    tables = read([people, orders], tmp_path, problems=problems)
    assert tables["orders"].rows == 0
    assert tables.counts["orders_of_nobody"] == 6
    assert tables.counts["shared_identifiers"] == 1
    assert "+15555555555" in str(problems.warnings[0])


def test_the_person_is_the_same_in_every_table(tmp_path: Path) -> None:
    people = source("customers", {"customer_id": ["7"], "email": ["ada@example.com"], "phone": ["+15550100"]})
    orders = source(
        "orders", {"order_id": ["1"], "email": ["ada@example.com"], "ordered_at": ["2026-01-01"], "amount": ["1.00"]}
    )
    events = source("events", {"customer_id": ["7", "8"], "at": ["2026-01-02"] * 2, "event": ["visit"] * 2})
    tables = read([people, orders, events], tmp_path)
    assert rows(tables, "orders", "customer_id") == [("7",)]
    assert rows(tables, "events", "customer_id") == [("7",), ("8",)]
    assert rows(tables, "customers", "customer_id", "email") == [("7", "ada@example.com"), ("8", None)]


identifier = st.one_of(st.none(), st.integers(0, 8).map(str))
record = st.tuples(
    identifier, identifier.map(lambda n: n and f"{n}@example.com"), identifier.map(lambda n: n and f"+1555010{n}")
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(record, min_size=1, max_size=14), st.randoms())
def test_the_order_of_records_does_not_matter(records: list[tuple[str | None, str | None, str | None]], random) -> None:
    shuffled = records.copy()
    random.shuffle(shuffled)
    assert dict(zip(records, keys_of(records), strict=True)) == dict(zip(shuffled, keys_of(shuffled), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_components_are_those_of_a_search_from_node_to_node(pairs: list[tuple[int, int]]) -> None:
    edges = pl.DataFrame(
        [(f"a{a:02}", f"b{b:02}") for a, b in pairs], schema={"a": pl.String, "b": pl.String}, orient="row"
    )
    neighbours: dict[str, set[str]] = {}
    for a, b in edges.iter_rows():
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    expected = {}
    for node in neighbours:
        seen, front = {node}, [node]
        while front:
            new = neighbours[front.pop()] - seen
            seen |= new
            front += new
        expected[node] = min(seen)
    assert dict(connected_components(edges).iter_rows()) == expected
