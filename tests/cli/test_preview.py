"""`segcli preview` as it is typed."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.message_shop import HELLO, RECIPE, SENDER, message_shop
from tests.cli.small_shop import ran

Capture = pytest.CaptureFixture[str]


def messages_of(page: Path) -> list[dict[str, Any]]:
    found = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found is not None
    messages: list[dict[str, Any]] = json.loads(found[1])["messages"]
    return messages


def test_every_step_is_shown_for_chosen_customers_whether_or_not_it_is_due(tmp_path: Path, capsys: Capture) -> None:
    shop = message_shop(tmp_path)
    code, out, err = ran(capsys, "preview", "thanks", "-p", shop)
    assert code == 0, err
    page = shop / "out/preview-thanks.html"
    assert str(page) in out
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    shown = messages_of(page)
    assert {each["step"] for each in shown} == {"thanks.hello", "thanks.again"}
    assert {each["language"] for each in shown} == {None, "tr"}
    assert any("no first name" in each["reason"] for each in shown)
    first = next(each for each in shown if each["step"] == "thanks.hello" and each["language"] == "tr")
    assert first["subject"] == "Teşekkürler Çağla"
    assert ["Subject", "Teşekkürler Çağla"] in first["headers"]
    assert first["size"] > 2_000
    assert ["orders", "1"] in first["fields"]
    assert not (shop / "history").exists()


def test_one_step_is_shown_alone_and_a_failure_with_its_reason(tmp_path: Path, capsys: Capture) -> None:
    shop = message_shop(tmp_path, hello_md=HELLO.replace("{{ orders }}", "{{ birthday }}"))
    page = tmp_path / "look.html"
    code, out, _ = ran(capsys, "preview", "thanks.hello", "-p", shop, "--out", page, "--json")
    assert code == 0
    assert json.loads(out)["page"] == str(page)
    shown = messages_of(page)
    assert {each["step"] for each in shown} == {"thanks.hello"}
    failing = [each for each in shown if each["failure"]]
    assert [(each["failure"], each["html"], each["text"]) for each in failing] == [("birthday is missing", None, "")]
    assert failing[0]["reason"].startswith("fails: birthday is missing")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("thank", "no campaign named 'thank'. Did you mean 'thanks'"),
        ("thanks.helo", "the campaign thanks has no step 'helo'. Did you mean 'hello'"),
    ],
)
def test_a_name_that_there_is_not_is_told(tmp_path: Path, capsys: Capture, name: str, said: str) -> None:
    code, _, err = ran(capsys, "preview", name, "-p", message_shop(tmp_path))
    assert code == 2
    assert said in " ".join(err.split())


def test_what_a_service_renders_can_be_looked_at_too(tmp_path: Path, capsys: Capture) -> None:
    shop = message_shop(tmp_path, "")
    code, _, err = ran(capsys, "preview", "thanks", "-p", shop)
    assert code == 0, err
    said = "the project does not say sender.address, links.shop, links.unsubscribe: the page shows an example"
    assert said in " ".join(err.split())
    for each in messages_of(shop / "out/preview-thanks.html"):
        assert (each["failure"], each["headers"], each["size"]) == (None, [], 0)
        assert "https://shop.example/unsubscribe?t=" in each["html"]
        assert "Kettle · 1 Example Street" in each["text"]


def of_step(page: Path, step: str) -> list[dict[str, Any]]:
    return [each for each in messages_of(page) if each["step"] == step]


def previewed(shop: Path, capsys: Capture, *names: str) -> Path:
    code, _, err = ran(capsys, "preview", *names, "-p", shop)
    assert code == 0, err
    return shop / f"out/preview-{names[0]}.html"


def test_the_landing_page_of_a_message_is_shown_with_its_own_style_and_pictures(
    tmp_path: Path, capsys: Capture
) -> None:
    own = (
        '<html><head><title>x</title><link rel="stylesheet" href="page.css"></head><body>'
        '<img src="cup.png" alt="">{{ offer_value | number }} % off</body></html>'
    )
    landing = HELLO.replace("preheader:", "landing: page.html\npreheader:")
    files = {"page_html": own, "page_css": "body { color: #123456 }", "cup_png": "picture"}
    shop = message_shop(tmp_path, hello_md=landing, **files)
    shown = of_step(previewed(shop, capsys, "thanks"), "thanks.hello")
    assert len(shown) > 2
    for each in shown:
        assert "<style>body { color: #123456 }</style>" in each["landing"]
        assert '<img src="data:image/png;base64,cGljdHVyZQ==" alt="">10 % off' in each["landing"]
    assert {each["landing"] for each in of_step(shop / "out/preview-thanks.html", "thanks.again")} == {None}


def test_a_page_of_each_recipient_is_shown_beside_their_own_message(tmp_path: Path, capsys: Capture) -> None:
    landing = HELLO.replace("preheader:", "landing: landing.html\npreheader:")
    settings = SENDER + "messages: {landing_per_recipient: true}\n"
    shown = of_step(previewed(message_shop(tmp_path, settings, hello_md=landing), capsys, "thanks"), "thanks.hello")
    codes = [re.search(r"HI-[A-Z0-9]+-[A-Z0-9]+", each["landing"]) for each in shown]
    assert all(code and code[0] in each["html"] for code, each in zip(codes, shown, strict=True))
    assert len({each["landing"] for each in shown}) == len(shown)


@pytest.mark.parametrize("own", [True, False])
def test_a_page_that_cannot_be_made_is_why_the_message_would_not_be_sent(
    own: bool, tmp_path: Path, capsys: Capture
) -> None:
    again = "---\nsubject: Once more\nlanding: page.html\n---\n[Look]({{ landing_url }})\n"
    page = "<html><head><title>x</title></head><body>Code {{ coupon_code }}</body></html>"
    settings = SENDER + f"messages: {{landing_per_recipient: {str(own).lower()}}}\n"
    shop = message_shop(tmp_path, settings, again_md=again, page_html=page)
    shown = of_step(previewed(shop, capsys, "thanks"), "thanks.again")
    assert {(each["failure"], each["landing"]) for each in shown} == {
        ("the landing page: coupon_code is missing", None)
    }  # fmt: skip


TEXTED = RECIPE.replace("{message: again, after: 2d}", "{message: again, after: 2d, channel: sms}")


def test_texts_are_shown_for_those_who_have_a_number(tmp_path: Path, capsys: Capture) -> None:
    shop = message_shop(tmp_path, SENDER, TEXTED, again_md="", again_txt="Kettle: hello again")
    shown = of_step(previewed(shop, capsys, "thanks"), "thanks.again")
    assert shown
    for each in shown:
        assert re.search(r"<\+90555\d{7}>", each["to"])
        assert (each["segments"], each["encoding"], each["failure"]) == (1, "GSM-7", None)


def test_a_text_is_measured_where_nobody_has_a_number(tmp_path: Path, capsys: Capture) -> None:
    shop = message_shop(tmp_path, SENDER, TEXTED, again_md="", again_txt="Kettle: hello Çağla")
    people = (shop / "customers.csv").read_text("utf-8")
    (shop / "customers.csv").write_text(re.sub(r"\+90555\d{7}", "", people), encoding="utf-8")
    shown = of_step(previewed(shop, capsys, "thanks"), "thanks.again")
    assert shown
    for each in shown:
        assert "hello Çağla" in each["text"]
        assert (each["segments"], each["encoding"], each["failure"]) == (2, "UCS-2", "phone is missing")


@pytest.mark.parametrize("words", ["", "Ask {{ first_name | default('them') }} how it was."])
def test_a_step_for_people_who_call_shows_the_columns_of_their_list(
    words: str, tmp_path: Path, capsys: Capture
) -> None:
    calls = RECIPE.replace("{message: again, after: 2d}", "{message: again, after: 2d, channel: list}")
    shop = message_shop(tmp_path, SENDER, calls, again_md="", again_txt=words)
    shown = of_step(previewed(shop, capsys, "thanks"), "thanks.again")
    assert shown
    for each in shown:
        cells = dict(each["cells"])
        assert (each["channel"], each["subject"], each["html"], cells["Customer id"]) == (
            "list", None, None, each["customer_id"],
        )  # fmt: skip
        name = cells["First name"] or "them"
        assert cells.get("What to say") == (f"Ask {name} how it was." if words else None)
        assert list(cells)[-3:] == ["Called at", "Result", "Notes"]
    alone = previewed(shop, capsys, "thanks.again")
    assert messages_of(alone) == shown


def test_nobody_is_shown_to_be_called_at_night(tmp_path: Path, capsys: Capture) -> None:
    calls = RECIPE.replace("{message: again, after: 2d}", "{message: again, after: 2d, channel: list}")
    shop = message_shop(tmp_path, SENDER, calls, again_md="")
    code, _, err = ran(capsys, "preview", "thanks.again", "-p", shop, "--as-of", "2026-06-30T23:30")
    assert code == 0, err
    shown = messages_of(shop / "out/preview-thanks.again.html")
    assert {dict(each["cells"])["Call at (their time)"] for each in shown} == {"2026-07-01 09:00"}


def test_without_any_message_it_says_what_to_write(tmp_path: Path, capsys: Capture) -> None:
    shop = message_shop(tmp_path, "", RECIPE, hello_md="", hello_tr_md="", again_md="")
    code, _, err = ran(capsys, "preview", "thanks", "-p", shop)
    assert code == 2
    assert "there is no message to show of thanks" in " ".join(err.split())
    assert "such as hello.md." in " ".join(err.split())


def test_a_text_that_has_no_file_is_said_to_be_a_txt(tmp_path: Path, capsys: Capture) -> None:
    code, _, err = ran(capsys, "preview", "thanks.again", "-p", message_shop(tmp_path, SENDER, TEXTED, again_md=""))
    assert code == 2
    assert "there is no message to show of thanks.again. Write a file" in " ".join(err.split())
    assert "such as again.txt." in " ".join(err.split())
