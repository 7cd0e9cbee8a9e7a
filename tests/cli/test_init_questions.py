"""`segcli init` asks on a terminal, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from segcli.project import load_project
from tests.cli.small_shop import ORDERS, ran
from tests.cli.terminal import CTRL_C, CTRL_D, typed

pytestmark = pytest.mark.slow

INIT = (sys.executable, "-m", "segcli", "init")
CUSTOMERS = """customer_id,email,country,language
1,ada@example.com,TR,tr
2,ben@example.com,DE,de
3,cem@example.com,TR,tr
"""
ENTER = ""
UNTIL_EMAILS = [
    ("Name of the shop", ENTER), ("Country", ENTER), ("Currency", ENTER), ("Time zone", ENTER), ("Language", ENTER),
    ("files come from", ENTER), ("Email service", ENTER),
]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "my shop"
    folder.mkdir()
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (folder / "orders.csv").write_text(ORDERS.replace("amount", "amount,currency").replace("0\n", "0,EUR\n"), "utf-8")
    return folder


def test_enter_takes_what_the_files_say(shop: Path) -> None:
    code, screen = typed(INIT, [*UNTIL_EMAILS, ("Email address that", ENTER)], shop)
    assert code == 0, screen
    assert "[TR, where most customers live]" in screen
    assert "[EUR, as the orders]" in screen
    project = load_project([shop])
    assert (project.shop, project.country, project.currency, project.locale) == ("my shop", "TR", "EUR", "tr_TR")
    assert (project.timezone.key, project.esp, project.messages.sender) == ("Europe/Istanbul", None, None)


def test_a_wrong_answer_is_asked_again_with_the_reason_and_the_nearest_names(shop: Path) -> None:
    answers = [
        ("Name of the shop", "Ada & Söhne: Tee"), ("Country", "Germny"), ("Country", "germany"), ("Currency", "EUX"),
        ("Currency", "us dollar"), ("Time zone", "istanbul"), ("Time zone", ENTER), ("Language", "trukish"),
        ("Language", "Turkish"), ("files come from", "shoppify"), ("files come from", "Shopify"),
        ("Email service", "klavio"), ("Email service", "sendlane"), ("Email service", "klaviyo"),
        ("Email address that", "ada"), ("Email address that", "ada@shop.example"),
        ("Postal address", "Ada, 1 Example Street"), ("Link to the shop", "shop.example"),
        ("Link to the shop", "https://shop.example"), ("recipient says stop", "http://shop.example/stop"),
        ("recipient says stop", "https://shop.example/stop"),
    ]  # fmt: skip
    code, screen = typed(INIT, answers, shop)
    assert code == 0, screen
    for said in (
        "No country named 'Germny'. Did you mean Germany", "No currency named 'EUX'.",
        "No time zone named 'istanbul'. Did you mean 'Europe/Istanbul'?", "Did you mean Turkish",
        "Did you mean shopify?",
        "No email service named 'klavio'. Did you mean 'klaviyo'?", "Sendlane needs 'Sign-up IP' in every row",
        "Must be an email address, not 'ada'.", "Must be a link that begins with https://, not 'shop.example'.",
    ):  # fmt: skip
        assert said in screen
    project = load_project([shop])
    assert (project.shop, project.country, project.currency, project.esp) == (
        "Ada & Söhne: Tee",
        "DE",
        "USD",
        "klaviyo",
    )
    assert (project.timezone.key, project.locale) == ("Europe/Berlin", "tr")
    sender, links = project.messages.sender, project.messages.links
    assert sender is not None
    assert (sender.email, sender.name, sender.address) == ("ada@shop.example", project.shop, "Ada, 1 Example Street")
    assert (links.shop, links.unsubscribe) == ("https://shop.example", "https://shop.example/stop")


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_who_ends_it_while_it_asks_finds_nothing_written(shop: Path, key: str) -> None:
    before = sorted(shop.iterdir())
    code, screen = typed(INIT, [("Name of the shop", "Tea"), ("Country", key)], shop)
    assert code == 130
    assert "Nothing was written." in screen
    assert sorted(shop.iterdir()) == before


def test_what_an_option_says_is_not_asked_and_a_dash_leaves_it_open(shop: Path) -> None:
    options = ["--shop", "Tea", "--country", "tr", "--timezone", "UTC", "--language", "en", "--platform", "other"]
    code, screen = typed([*INIT, *options], [("Currency", "-"), ("Email service", "-"), ("Email address", "-")], shop)
    assert code == 0, screen
    assert "Name of the shop" not in screen
    project = load_project([shop])
    assert (project.currency, project.timezone.key, project.country) == (None, "UTC", "TR")


@pytest.mark.parametrize("option", ["--yes", "--json"])
def test_nothing_is_asked_with(option: str, shop: Path) -> None:
    code, screen = typed([*INIT, option], [], shop)
    assert code == 0, screen
    assert "Enter takes" not in screen
    assert load_project([shop]).country == "TR"


def test_nothing_is_asked_without_a_terminal_and_what_was_taken_is_told(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = ran(capsys, "init", shop)
    said = " ".join(out.split())
    assert code == 0
    assert "country TR (where most customers live); currency EUR (as the orders)" in said
    assert load_project([shop]).timezone.key == "Europe/Istanbul"


def test_every_option_that_is_wrong_is_told_at_once_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {
        "--country": "Germny", "--currency": "EUX", "--timezone": "Europe/Istambul", "--language": "trukish",
        "--platform": "shoppify", "--esp": "klavio", "--sender": "ada", "--shop-link": "shop",
        "--unsubscribe-link": "x",
    }  # fmt: skip
    code, _, err = ran(capsys, "init", tmp_path / "new", *(part for pair in wrong.items() for part in pair))
    assert code == 2
    assert [option for option in wrong if f"error {option}: " not in err] == []
    assert list(tmp_path.iterdir()) == []
