"""`segcli forget` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from segcli.history import forgetting
from tests.cli.campaign_shop import RUNS, campaign_shop, copied
from tests.cli.small_shop import CUSTOMERS, ORDERS, ran

WITH_PHONES = """customer_id,email,gender,country,phone
1,ada@example.com,female,TR,+905550000001
2,ben@example.com,male,DE,+905550000001
3,cem@example.com,,TR,+905550000003
4,dee@example.com,female,,
5,eve@example.com,female,DE,
"""


@pytest.fixture(scope="module")
def shop_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return campaign_shop(tmp_path_factory.mktemp("forget") / "shop")


@pytest.fixture
def shop(shop_before: Path, tmp_path: Path) -> Path:
    return copied(shop_before, tmp_path / "shop")


def left(shop: Path, email: str, customer: str) -> set[str]:
    """Where the address stands in any byte or packed cell, or the id in a first cell or a column of ids."""
    places = set()
    for path in (path for kind in ("out", "history") for path in (shop / kind).rglob("*") if path.is_file()):
        text = path.read_bytes()
        if path.suffix == ".parquet":
            table = pl.read_parquet(path, glob=False)
            ids = table["customer_id"].to_list() if "customer_id" in table.columns else []
            text += repr(table.rows()).encode()
            if customer in ids:
                places.add(str(path.relative_to(shop)))
        if email.encode() in text.lower() or (path.suffix == ".csv" and f"\n{customer},".encode() in text):
            places.add(str(path.relative_to(shop)))
    return places


@pytest.mark.parametrize("name", ["1", "ada@example.com", "ADA@Example.com"])
def test_a_person_is_erased_by_any_of_their_names_also_with_an_id_of_one_digit(name, capsys, shop) -> None:
    assert len(left(shop, "ada@example.com", "1")) > 8
    code, out, err = ran(capsys, "forget", name, "-p", shop)
    assert code == 0, err
    assert left(shop, "ada@example.com", "1") == set()
    assert "history: 2 messages and other steps erased" in out
    assert f"{RUNS[0]}-campaigns: 2 rows erased" in out
    assert "1 code of pools that they were given stay used" in err
    assert "Every byte of the history and of past runs was searched" in err
    assert "They are still in the shop's files." in err
    assert (shop / "customers.csv").read_text() == CUSTOMERS
    assert len((shop / f"out/{RUNS[-1]}/segments/buyers.csv").read_text().splitlines()) == 3


def test_who_was_forgotten_stays_suppressed_and_is_written_down_nowhere_again(capsys, shop) -> None:
    assert ran(capsys, "forget", "3", "-q", "-p", shop)[0] == 0
    new = CUSTOMERS.replace("3,cem@example.com", "99,CEM@example.com")
    (shop / "customers.csv").write_text(new)
    (shop / "orders.csv").write_text(ORDERS.replace("d,3,", "d,99,"))
    assert ran(capsys, "campaign", "--commit", "-q", "-p", shop, "--as-of", "2026-07-01T09:00")[0] == 0
    assert left(shop, "cem@example.com", "99") == set()
    assert ran(capsys, "segment", shop, "-q", "--as-of", "2026-07-01T09:00")[0] == 0
    assert "cem@example.com" not in (shop / "out/2026-07-01T0900/segments/buyers.csv").read_text().lower()


@pytest.mark.parametrize("command", ["segment", "campaign"])
def test_what_a_crash_interrupted_the_next_run_of_any_kind_finishes(command, capsys, shop, monkeypatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(forgetting, "_erase", crash)
        assert ran(capsys, "forget", "3", "-q", "-p", shop)[0] == 130
    assert left(shop, "cem@example.com", "3")
    options = [shop] if command == "segment" else ["-p", shop, "--commit"]
    assert ran(capsys, command, *options, "-q", "--as-of", "2026-07-01T09:00")[0] == 0
    assert left(shop, "cem@example.com", "3") == set()


def test_somebody_who_is_in_the_files_no_more_is_known_by_the_hashes(capsys, shop) -> None:
    (shop / "customers.csv").write_text(CUSTOMERS.replace("1,ada@example.com,female,TR\n", ""))
    (shop / "orders.csv").write_text("\n".join(line for line in ORDERS.splitlines() if ",1," not in line) + "\n")
    code, out, err = ran(capsys, "forget", "ada@example.com", "--json", "-p", shop)
    assert code == 0, err
    answer = json.loads(out)
    assert answer["history"]["sends"] == 2
    assert answer["in_files"] is False
    assert left(shop, "ada@example.com", "1") == set()
    code, out, err = ran(capsys, "forget", "ada@example.com", "-p", shop)
    assert code == 0, err
    assert out == "Nothing of them was in the history or in a past run.\n"


def test_a_shop_whose_files_cannot_be_read_can_forget_all_the_same(capsys, shop) -> None:
    (shop / "orders.csv").unlink()
    (shop / "customers.csv").unlink()
    code, _, err = ran(capsys, "forget", "1", "-p", shop)
    assert code == 0, err
    assert "warning the shop's files were not read" in err
    assert left(shop, "ada@example.com", "1") == set()


def test_nobody_is_named_with_the_nearest_and_exit_code_2(capsys, shop) -> None:
    code, out, err = ran(capsys, "forget", "aida@example.com", "-p", shop)
    assert (code, out) == (2, "")
    assert "nobody is known by 'aida@example.com': not in the files, the history or a past run." in err
    assert not (shop / "history/forgotten.parquet").exists()


def test_a_phone_that_several_share_names_nobody(capsys, shop) -> None:
    (shop / "customers.csv").write_text(WITH_PHONES)
    code, _, err = ran(capsys, "forget", "+90 555 000 00 01", "-p", shop)
    assert code == 2
    assert "2 customers have '+90 555 000 00 01': 1, 2. Nothing was erased. Name one of them by id." in err
    code, _, err = ran(capsys, "forget", "+90 555 000 00 03", "-p", shop)
    assert code == 0, err
    assert left(shop, "cem@example.com", "3") == set()


def test_what_somebody_else_put_into_a_run_is_named_with_exit_code_1(capsys, shop) -> None:
    (shop / f"out/{RUNS[0]}-campaigns/mailed.txt").write_text("Ada@example.com,\n")
    code, out, err = ran(capsys, "forget", "1", "-p", shop)
    assert (code, out) == (1, "")
    assert "mailed.txt still speaks of that person." in err
