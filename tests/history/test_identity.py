import polars as pl
import pytest

from segcli.history import (
    forgotten_customers,
    make_salt,
    next_people,
    read_forgotten,
    read_salt,
    resolve,
    with_ids_of_today,
    with_parted,
)
from segcli.history.identity import FORGOTTEN, digests_of
from segcli.history.tables import PEOPLE, empty
from segcli.problems import DataError

SALT = "5a" * 32


def customers(*rows: tuple[str, str | None, str | None]) -> pl.LazyFrame:
    schema = dict.fromkeys(("customer_id", "email", "phone"), pl.String)
    return pl.LazyFrame(list(rows), schema=schema, orient="row")


def known(*rows: tuple[str, str | None, str | None]) -> pl.LazyFrame:
    """What a history knows after a run over these customers."""
    none = pl.DataFrame(schema=["old_id", "customer_id"])
    return next_people(empty(PEOPLE), none, customers(*rows), SALT)


def renamed(people: pl.LazyFrame, current: pl.LazyFrame, *ids: str) -> dict[str, str]:
    asked = pl.LazyFrame({"old_id": list(ids)}) if ids else None
    return dict(resolve(people, current, SALT, asked).iter_rows())


def test_digests_say_nothing_of_what_they_are_of() -> None:
    digests = digests_of(customers(("7", "ann@shop.example", "+442079460001")), SALT).collect()
    assert digests["rank"].to_list() == [0, 1, 2]
    assert digests["digest"].str.len_chars().unique().to_list() == [32]
    other = digests_of(customers(("7", "ann@shop.example", "+442079460001")), "5b" * 32).collect()
    assert not set(digests["digest"]) & set(other["digest"])
    # An id is no email, though both may be spelt alike.
    assert digests_of(customers(("x", "x", None)), SALT).collect()["digest"].n_unique() == 2


def test_who_kept_their_id_stays_whatever_else_changed() -> None:
    people = known(("7", "ann@shop.example", None), ("8", "bo@shop.example", None))
    assert renamed(people, customers(("7", "bo@shop.example", None), ("8", None, None))) == {}


def test_an_id_that_is_gone_is_who_has_the_email_and_else_the_phone() -> None:
    people = known(("7", "ann@shop.example", "+442079460001"), ("8", None, "+442079460002"))
    current = customers(("70", "ann@shop.example", None), ("71", None, "+442079460001"), ("80", None, "+442079460002"))
    assert renamed(people, current) == {"7": "70", "8": "80"}


def test_a_phone_is_not_asked_for_who_has_an_email() -> None:
    people = known(("7", None, "+442079460001"))
    assert renamed(people, customers(("70", "new@shop.example", "+442079460001"))) == {}


def test_who_is_joined_to_another_today_is_that_other() -> None:
    people = known(("7", "ann@shop.example", None))
    current = customers(("3", "other@shop.example", None)).with_columns(id=pl.lit("7"))
    assert renamed(people, current) == {"7": "3"}


def test_of_several_the_smallest_id_is_taken() -> None:
    people = known(("7", "ann@shop.example", None), ("7", "anna@shop.example", None))
    current = customers(("31", "anna@shop.example", None), ("30", "ann@shop.example", None))
    assert renamed(people, current) == {"7": "30"}


def test_an_id_of_long_ago_is_found_through_those_between() -> None:
    first = known(("7", "ann@shop.example", None))
    second = customers(("5", "ann@shop.example", None))
    people = next_people(first, resolve(first, second, SALT), second, SALT)
    # The address has changed since, and a third system names her again.
    third = customers(("5", "ann.new@shop.example", None))
    assert renamed(people, third, "7", "5") == {"7": "5"}
    people = next_people(people, resolve(people, third, SALT), third, SALT)
    fourth = customers(("1", "ann.new@shop.example", None))
    assert renamed(people, fourth, "7", "5") == {"7": "1", "5": "1"}
    assert renamed(people, fourth) == {"5": "1"}


def test_who_is_nowhere_stays_as_they_were() -> None:
    assert renamed(known(("7", "ann@shop.example", None)), customers(("8", None, None)), "7", "never seen") == {}
    assert renamed(empty(PEOPLE), customers(("8", None, None)), "7") == {}


def test_rows_get_the_ids_of_today_and_keep_their_columns() -> None:
    rows = pl.LazyFrame({"campaign": ["c", "c"], "customer_id": ["7", "8"], "number": [1, 2]})
    changed = with_ids_of_today(rows, pl.DataFrame({"old_id": ["7"], "customer_id": ["70"]})).collect()
    assert changed.rows() == [("c", "70", 1), ("c", "8", 2)]


def parted(people: pl.LazyFrame, current: pl.LazyFrame, *ids: str) -> list[str]:
    """Whose rows those of these ids are, once who was joined and is somebody else again has theirs too."""
    rows = pl.LazyFrame({"customer_id": list(ids)})
    moved = resolve(people, current, SALT)
    found = with_ids_of_today(with_parted(rows, people, moved, current, SALT), moved)
    return sorted(found.collect()["customer_id"])


def test_who_was_joined_to_another_and_is_somebody_again_has_what_both_had() -> None:
    apart = customers(("7", "ann@shop.example", None), ("8", "bo@shop.example", None))
    first = known(("7", "ann@shop.example", None), ("8", "bo@shop.example", None))
    together = customers(("7", "ann@shop.example", None)).with_columns(id=pl.lit("8"))
    people = next_people(first, resolve(first, together, SALT), together, SALT)
    assert parted(people, together, "7", "7") == ["7", "7"]
    assert parted(people, apart, "7", "7") == ["7", "7", "8", "8"]
    # Where the other is there no more it is all theirs, and once.
    assert parted(people, customers(("8", "bo@shop.example", None)), "7", "7") == ["8", "8"]
    # Whom a run has seen by their own id since has a history of their own.
    assert parted(next_people(people, resolve(people, apart, SALT), apart, SALT), apart, "7") == ["7"]
    assert parted(people, apart, "7", "8") == ["7", "8"]


def test_whose_id_changes_after_they_were_parted_is_followed_and_not_taken_for_the_other() -> None:
    apart = customers(("7", "ann@shop.example", None), ("8", "bo@shop.example", None))
    together = customers(("7", "ann@shop.example", None)).with_columns(id=pl.lit("8"))
    people = known(("7", "ann@shop.example", None), ("8", "bo@shop.example", None))
    for current in (together, apart):
        people = next_people(people, resolve(people, current, SALT), current, SALT)
    assert renamed(people, customers(("7", "ann@shop.example", None), ("9", "bo@shop.example", None))) == {"8": "9"}


def test_the_salt_is_made_once_and_for_its_owner(tmp_path) -> None:
    folder = tmp_path / "shop" / "history"
    assert read_salt(folder) is None
    salt = make_salt(folder)
    assert make_salt(folder) == read_salt(folder) == salt
    assert len(salt) == 64
    assert (folder / "salt").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["salt"]
    assert make_salt(tmp_path / "other") != salt


def test_the_forgotten_are_known_by_any_of_their_identifiers(tmp_path) -> None:
    assert read_forgotten(tmp_path) is None
    gone = digests_of(customers(("7", "ann@shop.example", "+442079460001")), SALT).select("digest").collect()
    gone.clear().write_parquet(tmp_path / FORGOTTEN)
    assert read_forgotten(tmp_path) is None
    gone.write_parquet(tmp_path / FORGOTTEN)
    forgotten = read_forgotten(tmp_path)
    assert forgotten is not None
    current = customers(
        ("7", None, None), ("8", "ann@shop.example", None), ("9", "x@shop.example", "+442079460001"), ("10", "7", "7")
    )
    assert sorted(forgotten_customers(current, forgotten, SALT).collect()["customer_id"]) == ["7", "8", "9"]


def test_a_list_of_the_forgotten_that_cannot_be_read_stops_everything(tmp_path) -> None:
    (tmp_path / FORGOTTEN).write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"forgotten.parquet cannot be read.*who must not be written to"):
        read_forgotten(tmp_path)
