"""`segcli check` of campaigns: every problem at once with its place, what is odd on the data, what changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.small_shop import PROJECT, RECIPE, ran, small_shop

Capture = pytest.CaptureFixture[str]
FIRST = RECIPE.count("\n") + 3  # the line of the first key of a campaign below RECIPE
THANKS = """campaigns:
  thanks:
    audience: orders > 0
    start: last_order_at
    steps:
      - {message: hello, after: 4d}
      - {message: again, after: 6d}
"""


def checked(folder: Path, capsys: Capture, *options: str) -> tuple[int, list[str]]:
    code, out, err = ran(capsys, "check", folder, *options)
    assert err == ""
    return code, out.splitlines()


def test_sound_campaigns_are_counted_and_nothing_is_written(tmp_path: Path, capsys: Capture) -> None:
    recipe = RECIPE + THANKS.replace("after: 4d", "after: 4d, offer: {reward: gift, code: {prefix: HI}}")
    folder = small_shop(tmp_path, recipe)
    before = sorted(folder.rglob("*"))
    code, [line] = checked(folder, capsys)
    assert code == 0
    assert line.endswith("1 campaign, 5 customers: 0 errors, 0 warnings")
    assert sorted(folder.rglob("*")) == before


def test_problems_of_project_recipes_and_campaigns_come_at_once_with_their_places(
    tmp_path: Path, capsys: Capture
) -> None:
    recipe = """description: x
segments:
  a: {where: ordrs > 0}
campaigns:
  thanks:
    audience: buyrs
    start: cartz.started_at
    until: orders + 1
    fresh: {ordes: 2h}
    steps:
      - {message: a, when: not clickd}
      - {message: b, after: 1d, offer: {reward: gift, value: spnd, code: {pool: codes.txt}}}
      - {message: c, after: 2d, products: {bestsellers: 2, of: favourite_categry}}
"""
    settings = "limits: {caps: [{max: 1, per: 1d, when: recency_day > 3}]}\nesp: klavio\n"
    code, lines = checked(small_shop(tmp_path, recipe, PROJECT + settings), capsys)
    assert code == 2
    found = [line.split("mine/")[-1].split("shop/")[-1].removeprefix("error ") for line in lines]
    for beginning in (
        "recipe.yaml:3:14: segments.a.where: 'ordrs'",
        "recipe.yaml:6:15: campaigns.thanks.audience: 'buyrs'",
        "recipe.yaml:7:12: campaigns.thanks.start: no table named 'cartz'.",
        "recipe.yaml:8:12: campaigns.thanks.until: a number is not a condition",
        "recipe.yaml:11:32: campaigns.thanks.steps[1].when: 'clickd'",
        "recipe.yaml:11:9: campaigns.thanks.steps[1].fresh: no table 'ordes'",
        "recipe.yaml:12:62: campaigns.thanks.steps[2].offer[1].value: 'spnd'",
        "recipe.yaml:12:74: campaigns.thanks.b: there is no file codes.txt of codes.",
        "recipe.yaml:13:43: campaigns.thanks.steps[3].products.of: no field named 'favourite_categry'.",
    ):
        assert [line for line in found if line.startswith(beginning)], (beginning, found)
    assert [line for line in lines if "segcli.yaml:8:41: limits.caps[1].when: 'recency_day'" in line], lines
    assert [line for line in lines if "segcli.yaml:9:6: esp: no email service named 'klavio'." in line]
    assert lines[-1].endswith("11 errors, 1 warning")


def test_a_cap_is_checked_in_a_project_without_campaigns(tmp_path: Path, capsys: Capture) -> None:
    settings = "limits: {caps: [{max: 1, per: 1d, when: recency_day > 3}]}\n"
    code, lines = checked(small_shop(tmp_path, RECIPE, PROJECT + settings), capsys)
    assert code == 2
    assert "limits.caps[1].when: 'recency_day' is not a field." in lines[0]


@pytest.mark.parametrize(
    ("key", "line", "column", "words"),
    [
        ("audience: country = 'XX'", 0, 15, "campaigns.thanks.audience: no customer is in this audience."),
        ("start: last_engaged_at", 1, 12, ""),
        ("list: news", 0, 15, ""),
        ("audience: last_order_at < as_of", 0, 15, "the audience reads 'last_order_at', which is the clock"),
        ("audience: visits_30d > 0", -1, 3, "campaigns.thanks: nothing of this campaign can be sent for want of"),
        ("start: events.at", -1, 3, "campaigns.thanks: nothing of this campaign can be sent for want of"),
        ("fresh: {events: 2h}", 4, 9, "steps[1].fresh: the campaign waits: there is no row of events, and it asks"),
        ("channel: sms", 4, 9, "steps[1]: no file has a customer's phone, so nothing can go out by sms."),
        ("when: opened", 2, 11, "steps[1].when: this cannot be known for want of events, and so is never met."),
        ("when: visits_30d > 0", 2, 11, "steps[1].when: this cannot be known for want of events, and so is never met."),
        ("offer: {reward: gift, when: visits_30d > 0}", 2, 33, "offer[1].when: this cannot be known for want of"),
        ("products: {bestsellers: 3}", 2, 15, "products.bestsellers: nothing can be shown for want of products.name"),
        ("products: {bought: 3, of: favourite_category}", 2, 15, "products.of: of favourite_category nothing is known"),
    ],
)  # fmt: skip
def test_what_a_campaign_does_on_the_data_and_its_author_did_not_mean_is_a_warning(
    key: str, line: int, column: int, words: str, tmp_path: Path, capsys: Capture
) -> None:
    name = key.split(":")[0]
    lines = THANKS.splitlines(keepends=True)
    place = next((number for number, text in enumerate(lines) if text.startswith(f"    {name}:")), None)
    if place is None:
        lines.insert(4, f"    {key}\n")
    else:
        lines[place] = f"    {key}\n"
    code, found = checked(small_shop(tmp_path, RECIPE + "".join(lines)), capsys)
    assert code == 0
    warnings = [text for text in found if text.startswith("warning ")]
    if not words:
        assert warnings == []
        return
    position = f"recipe.yaml:{FIRST + line}:{column}: "
    assert any(words in text and position in text for text in warnings), found


def test_products_whose_link_or_picture_leads_nowhere_from_a_mail_are_counted_once(
    tmp_path: Path, capsys: Capture
) -> None:
    steps = THANKS.replace("after: 4d", "after: 4d, products: {bestsellers: 1}")
    steps = steps.replace("after: 6d", "after: 6d, products: {bestsellers: 1}")
    project = PROJECT.replace("orders: orders.csv", "orders: orders.csv, products: products.csv")
    rows = [
        "product_id,name,price,url,image_url", "cup,Cup,5,https://kettle.example/cup,//cdn.example/cup.png",
        "pot,Pot,9,javascript:void(0),", "jug,Jug,7,/jug,https://cdn.example/jug.png", "mug,Mug,6,,mug.png",
        "tin,,6,/tin,",
    ]  # fmt: skip
    folder = small_shop(tmp_path, RECIPE + steps, project)
    (folder / "products.csv").write_text("\n".join(rows) + "\n")
    code, lines = checked(folder, capsys)
    assert code == 0
    assert [line for line in lines if "nowhere" in line] == [
        "warning products: 3 of 4 products have a link or a picture that leads nowhere from a mail, which shows them "
        "without it: '/jug' of jug. Give whole addresses in url and image_url, such as https://shop.example/cup."
    ]
    (folder / "products.csv").write_text("\n".join(rows[:2]) + "\n")
    assert not any("nowhere" in line for line in checked(folder, capsys)[1])


def test_an_audience_of_everybody_is_warned_of_where_entering_it_begins_a_series(
    tmp_path: Path, capsys: Capture
) -> None:
    everybody = "campaigns:\n  all_of_them: {audience: orders >= 0, message: hello}\n"
    _, lines = checked(small_shop(tmp_path / "entering", RECIPE + everybody), capsys)
    assert "campaigns.all_of_them.audience: every customer is in this audience" in lines[0]
    for number, key in enumerate(("start: last_order_at", "existing: true")):
        meant = everybody.replace("message: hello", f"message: hello, {key}")
        _, lines = checked(small_shop(tmp_path / str(number), RECIPE + meant), capsys)
        assert len(lines) == 1


def test_data_that_is_too_old_and_windows_that_are_over_are_notes(tmp_path: Path, capsys: Capture) -> None:
    keys = "    fresh: {orders: 2h}\n    active: {until: 2026-01-01}\n    steps:"
    code, lines = checked(small_shop(tmp_path, RECIPE + THANKS.replace("    steps:", keys)), capsys)
    assert code == 0
    notes = [line for line in lines if line.startswith("note ")]
    assert any("the campaign waits: the newest row of orders is of 2026-06-25 00:00" in line for line in notes)
    assert any("it was sent until 2026-01-02 00:00 only, which is over." in line for line in notes)


def test_a_cap_that_cannot_be_known_is_warned_of(tmp_path: Path, capsys: Capture) -> None:
    settings = "limits: {caps: [{max: 1, per: 1d, when: visits_30d > 3}]}\n"
    _, lines = checked(small_shop(tmp_path, RECIPE + THANKS, PROJECT + settings), capsys)
    assert "segcli.yaml:8:41: limits.caps[1].when: this cap is nobody's" in lines[0]


def test_a_key_that_others_can_read_is_a_problem(tmp_path: Path, capsys: Capture) -> None:
    recipe = RECIPE + THANKS.replace("after: 4d", "after: 4d, offer: {reward: gift, code: {prefix: HI}}")
    folder = small_shop(tmp_path, recipe)
    (folder / ".segcli.key").write_text("1" * 64)
    (folder / ".segcli.key").chmod(0o644)
    code, lines = checked(folder, capsys)
    assert code == 1
    assert "chmod 600" in lines[0]


def test_against_tells_which_messages_a_change_would_send(tmp_path: Path, capsys: Capture) -> None:
    old = small_shop(tmp_path / "old", RECIPE + THANKS)
    sooner = THANKS.replace("after: 4d", "after: 9d").replace("after: 6d", "after: 10d")
    new = small_shop(tmp_path / "new", RECIPE + sooner + "      - {message: bye, after: 20d}\n")
    code, lines = checked(new, capsys, "--against", str(old))
    assert code == 0
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in lines if line.startswith("thanks ")}
    assert rows == {
        ("thanks", "hello"): ["1", "1", "+1", "-1"],
        ("thanks", "bye"): ["new", "0", "·", "·"],
    }
    code, out, _ = ran(capsys, "check", new, "--against", old, "--json")
    [first, *_] = json.loads(out)["against"]["sends"]
    assert first == {"campaign": "thanks", "step": "hello", "before": 1, "after": 1, "added": 1, "dropped": 1}
    assert not (new / "out").exists() and not (new / "history").exists()


def test_against_the_same_campaigns_says_that_the_same_messages_are_due(tmp_path: Path, capsys: Capture) -> None:
    old, new = small_shop(tmp_path / "old", RECIPE + THANKS), small_shop(tmp_path / "new", RECIPE + THANKS)
    _, lines = checked(new, capsys, "--against", str(old))
    assert "The same messages are due now." in lines
