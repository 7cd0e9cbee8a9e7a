"""What a segcli.yaml says of sender, brand, links and the form of messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.exports.email_addresses import ascii_address
from segcli.problems import RecipeError
from segcli.project import load_project
from segcli.project.message_models import Brand, Links, MessageSettings


def settings(folder: Path, text: str) -> MessageSettings:
    (folder / "segcli.yaml").write_text(f"shop: Kettle\ntimezone: UTC\n{text}", encoding="utf-8")
    return load_project([folder]).messages


def test_without_any_key_no_message_is_rendered(tmp_path: Path) -> None:
    found = settings(tmp_path, "")
    assert (found.format, found.encoding, found.sender) == ("none", "quoted-printable", None)
    assert (found.brand, found.links) == (Brand(), Links())


def test_with_a_sender_they_are_finished_emails(tmp_path: Path) -> None:
    found = settings(tmp_path, "sender: {email: hello@Kettle.example, address: 1 Example Street}\n")
    assert found.format == "eml"
    assert found.sender is not None
    assert (found.sender.domain, found.sender.address) == ("kettle.example", "1 Example Street")


def test_brand_links_and_form_are_what_is_written(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        "sender: {email: hello@kettle.example}\nbrand: {colour: '#123456'}\n"
        "links: {shop: 'https://kettle.example', utm: {source: segcli, medium: email}}\n"
        "messages: {format: mbox, encoding: 8bit}\n",
    )
    assert (found.format, found.encoding, found.brand.colour) == ("mbox", "8bit", "#123456")
    assert found.links.utm == {"source": "segcli", "medium": "email"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("messages: {format: eml}", "'format: eml' needs a sender."),
        ("sender: {name: Kettle}", "the key 'email' is missing."),
        ("sender: {email: nobody}", "must be an email address"),
        ("sender: {email: merhabağ@kettle.example}", "must be an email address"),
        ("sender: {email: a@kettle.example, reply_to: 'a,b@kettle.example'}", "must be an email address"),
        ("sender: {email: a@-kettle.example}", "must be an email address"),
        ("links: {utm: {source: x}}", "'utm' needs 'shop' beside it."),
        ("brand: {color: '#123456'}", "no key 'color'."),
        ("links: {shop: kettle.example}", "must be a link that begins with https://"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RecipeError) as error:
        settings(tmp_path, text + "\n")
    assert said in str(error.value)
    assert "segcli.yaml:3:" in str(error.value)


@pytest.mark.parametrize("address", ["a.b+c@kettle.example", "hello@çaydanlık.example", "a@mail-1.kettle.example"])
def test_an_address_that_a_header_can_hold_is_one(tmp_path: Path, address: str) -> None:
    sender = settings(tmp_path, f"sender: {{email: {address}}}\n").sender
    assert sender is not None
    assert ascii_address(sender.email) is not None
