"""`segcli preview` as it is typed."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.message_shop import HELLO, RECIPE, message_shop
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
    code, _, err = ran(capsys, "preview", "thanks", "-p", message_shop(tmp_path, ""))
    assert code == 0, err


def test_without_any_message_it_says_what_to_write(tmp_path: Path, capsys: Capture) -> None:
    shop = message_shop(tmp_path, "", RECIPE, hello_md="", hello_tr_md="", again_md="")
    code, _, err = ran(capsys, "preview", "thanks", "-p", shop)
    assert code == 2
    assert "there is no message to show of thanks" in " ".join(err.split())
