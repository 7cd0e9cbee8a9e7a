"""`segcli cart-loss` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.small_shop import ran

Capture = pytest.CaptureFixture[str]
PLAYBOOK = ["--visitors", "6000", "--price", "20", "--conversion", "2.4%", "--abandoned"]


def test_the_playbooks_shop_leaves_8640_a_month_and_the_arithmetic_is_shown(capsys: Capture) -> None:
    code, out, _ = ran(capsys, "cart-loss", *PLAYBOOK, "75%")
    assert code == 0
    assert out.splitlines() == [
        "6,000 visitors x 2.4 % who buy = 144 buyers",
        "144 buyers / 25 % of carts that are bought = 576 carts",
        "576 carts - 144 bought = 432 carts that are left",
        "432 carts x 20 = 8,640 left in carts",
    ]


def test_more_than_11000_needs_an_abandonment_of_79_3_percent(capsys: Capture) -> None:
    code, out, _ = ran(capsys, "cart-loss", *PLAYBOOK, "0.793", "--json")
    assert code == 0
    assert round(json.loads(out)["left"]) == 11_033


def test_the_readme_and_the_help_say_what_both_shares_come_to(capsys: Capture) -> None:
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    code, out, _ = ran(capsys, "cart-loss", "--help")
    assert code == 0
    for told in (readme, " ".join(out.replace("│", " ").split())):
        for figure in ("6,000 visitors", "2.4 %", "75 %", "8,640", '"more than 11,000"', "79.3 %", "11,033"):
            assert figure in told


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--days", "7"], "error --days: is for a project's own carts. Leave it out, or the four figures"),
     (["--as-of", "2026-06-30"], "error --as-of: is for a project's own carts. Leave it out"),
     (["-p", "shop", "--days", "30", "--as-of", "2026-06-30"],
      "error --project, --days and --as-of: are for a project's own carts. Leave them out")],
)  # fmt: skip
def test_what_asks_about_a_projects_carts_is_refused_beside_the_four_figures(
    capsys: Capture, options: list[str], said: str
) -> None:
    code, out, err = ran(capsys, "cart-loss", *PLAYBOOK, "75%", *options)
    assert (code, out) == (2, "")
    assert said in " ".join(err.split())
    assert err.count("error") == 1


def test_a_comma_may_part_thousands(capsys: Capture) -> None:
    code, out, _ = ran(capsys, "cart-loss", "--visitors", "6,000", "--price", "1,019.90", *PLAYBOOK[4:], "75%")
    assert code == 0
    assert out.splitlines()[0].startswith("6,000 visitors")
    assert "432 carts x 1,019.90 = " in out


CARTS = """cart_id,customer_id,last_activity_at,abandoned,amount
a,1,2026-06-29,true,40.00
b,1,2026-06-20,true,
c,2,2026-06-10,false,30.00
d,2,2026-06-09,true,20.00
e,3,2026-01-01,true,900.00
"""


def shop(folder: Path) -> Path:
    (folder / "carts.csv").write_text(CARTS, encoding="utf-8")
    (folder / "customers.csv").write_text("customer_id\n1\n2\n3\n", encoding="utf-8")
    text = "as_of: 2026-06-30\ncurrency: EUR\nsources: {carts: carts.csv, customers: customers.csv}\n"
    (folder / "segcli.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_shops_own_carts_of_a_month_are_counted(tmp_path: Path, capsys: Capture) -> None:
    code, out, err = ran(capsys, "cart-loss", "-p", shop(tmp_path), "--json")
    assert code == 0, err
    assert json.loads(out) == {
        "carts": 4.0, "abandoned": 3.0, "abandonment": 0.75, "price": 30.0, "left": 90.0, "days": 30,
        "currency": "EUR", "without_amount": 1,
    }  # fmt: skip
    code, out, _ = ran(capsys, "cart-loss", "-p", tmp_path)
    assert "3 carts x 30 EUR on average = 90 EUR left in carts" in out
    assert "1 of them have no amount" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--visitors", "6000"], "--price and --conversion and --abandoned are missing."),
        ([*PLAYBOOK, "100%"], "must be less than 100 %."),
        ([*PLAYBOOK, "75 percent"], "'75 percent' is no share of a whole."),
        ([*PLAYBOOK, "75"], "'75' is no share of a whole."),
        (PLAYBOOK[:-1], "--abandoned is missing."),
        (["--visitors", "many", *PLAYBOOK[2:], "75%"], "'many' is no whole number."),
        (["--visitors", "6.000", *PLAYBOOK[2:], "75%"], "'6.000' is no whole number."),
        ([*PLAYBOOK[:2], "--price", "19,90", *PLAYBOOK[4:], "75%"], "'19,90' is no number."),
        ([*PLAYBOOK[:2], "--price", "NaN", *PLAYBOOK[4:], "75%"], "'NaN' is no number."),
        ([*PLAYBOOK, "75%", "-p", "."], "error --project: is for a project's own carts."),
    ],
)
def test_a_figure_that_is_none_is_told(capsys: Capture, options: list[str], said: str) -> None:
    code, _, err = ran(capsys, "cart-loss", *options)
    assert code == 2
    assert said in " ".join(err.split())
