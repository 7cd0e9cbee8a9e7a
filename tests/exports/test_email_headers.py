from __future__ import annotations

import base64
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.exports.email_addresses import ascii_addresses
from segcli.exports.email_headers import EmailSettings, cleaned, mailboxes, unstructured
from segcli.messages.coding import PLAIN
from tests.exports.emails import NAMES, SENT_AT, SETTINGS, addressees, read, rendered, write

HEADERS = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id",
    "Feedback-ID", "MIME-Version", "Content-Type",
]  # fmt: skip
ENCODED = re.compile(r"=\?utf-8\?B\?([A-Za-z0-9+/=]+)\?=")


def head_of(content: bytes) -> list[str]:
    return content.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


def shown(text: str) -> str:
    return str(pl.select(cleaned(pl.lit(text))).item())


def assert_legal(lines: list[str]) -> None:
    for line in lines:
        assert line.strip(), "a folded line of white space alone"
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line)
        assert len(line) <= 998
        words = ENCODED.findall(line)
        if words:
            assert len(line) <= 76
        for word in words:
            assert len(f"=?utf-8?B?{word}?=") <= 75
            base64.b64decode(word, validate=True).decode()  # no half characters


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_and_subjects_read_as_they_were_given(tmp_path: Path, name: str) -> None:
    write(tmp_path, rendered([name]))
    content = (tmp_path / "step/eml/0000/C0.eml").read_bytes()
    assert_legal(head_of(content))
    message = read(content)
    assert addressees(content) == [(shown(name), "c0@example.com")]
    assert message["Subject"] == shown(f"{name}, bugün")
    assert [header for header, _ in message.items()] == HEADERS


@given(st.text(), st.text())
@settings(max_examples=30)
def test_any_text_is_a_legal_header_and_comes_back(name: str, subject: str) -> None:
    box = mailboxes(pl.Series([shown(name)]), pl.Series(["ada@example.com"])).item()
    line = unstructured(pl.Series([shown(subject)])).item()
    content = f"To: {box}\r\nSubject: {line}\r\nDate: Mon, 09 Mar 2026 07:05:00 +0000\r\n\r\n".encode("ascii")
    if shown(subject):
        assert_legal(head_of(content))
    message = read(content)
    assert len(message.items()) == 3
    assert message["Subject"] == shown(subject)
    assert addressees(content) == [(shown(name), "ada@example.com")]
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@example.com"]


@pytest.mark.parametrize(
    "evil",
    [
        "Ada\r\nBcc: all@victim.example",
        "Ada\nBcc: all@victim.example",
        "Ada\rBcc: all@victim.example",
        "Ada\r\n\r\n<script>",
        "Ada\x00\x0b\x0cBcc: x@y.example",
        "Ada\u2028Bcc: x@y.example\u0085Cc: z@y.example",
        'Ada" <all@victim.example>, "',
        "Ada <all@victim.example>",
    ],
)
def test_nothing_in_the_data_makes_a_header_or_a_recipient(tmp_path: Path, evil: str) -> None:
    write(tmp_path, rendered([evil], subject=[evil], from_name=[evil]))
    message = read((tmp_path / "step/eml/0000/C0.eml").read_bytes())
    assert [header for header, _ in message.items()] == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["c0@example.com"]
    assert [address.addr_spec for address in message["From"].addresses] == ["news@shop.example"]


def test_marks_that_turn_the_direction_of_text_are_left_out() -> None:
    assert shown("Ada \u202egpj.exe\u2066!") == "Ada gpj.exe !"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("email", "ada@example.com\r\nBcc: all@victim.example"),
        ("email", "ada@example.com>, <all@victim.example"),
        ("email", "ada@example.com, all@victim.example"),
        ("email", "=?x?q?ada?=@example.com"),
        ("reply_to", "x@y.example\r\nBcc: all@victim.example"),
        ("unsubscribe_url", "https://shop.example/\r\nBcc: all@victim.example"),
        ("unsubscribe_url", "https://shop.example/>, <https://victim.example/"),
        ("unsubscribe_url", "javascript:alert(1)"),
    ],
)
def test_an_address_or_a_link_that_is_none_leaves_its_row_out(tmp_path: Path, column: str, value: str) -> None:
    written = write(tmp_path, rendered(["Ada", "Bo"], **{column: [value, "bo@example.com"]}))
    assert written.left_out["customer_id"].to_list()[0] == "C0"


def test_addresses_get_domains_in_ascii_and_reasons_where_they_cannot(tmp_path: Path) -> None:
    emails = ["ada@bücher.example", "çağrı@example.com", "no address", " bo@example.com ", None, "a..b@example.com"]
    written = write(tmp_path, rendered(["Ada"] * 6, email=pl.Series(emails, dtype=pl.String)))
    assert written.left_out.rows() == [
        ("C1", "the address has letters outside ASCII before the @, which many mail servers refuse"),
        ("C2", "the address cannot stand in a header"),
        ("C4", "email is missing"),
        ("C5", "the address cannot stand in a header"),
    ]
    message = read((tmp_path / "step/eml/0000/C0.eml").read_bytes())
    assert message["To"].addresses[0].addr_spec == "ada@xn--bcher-kva.example"
    assert ascii_addresses(pl.Series(["ada@-.example", None, "ö@"], dtype=pl.String)).to_list() == [None] * 3


def test_a_local_part_has_64_octets_at_most(tmp_path: Path) -> None:
    emails = [
        f"{'a' * 64}@example.com",
        f"{'a' * 65}@example.com",
        f"{'a' * 65}@bücher.example",
        f"{'ö' * 40}@example.com",
    ]
    written = write(tmp_path, rendered(["Ada"] * 4, email=emails))
    long = "the address has more than 64 characters before the @, which mail servers refuse"
    wide = "the address has letters outside ASCII before the @, which many mail servers refuse"
    assert written.left_out.rows() == [("C1", long), ("C2", long), ("C3", wide)]


def test_what_all_emails_of_a_step_have_in_common(tmp_path: Path) -> None:
    write(tmp_path, rendered(["Ada Sample"], subject=["Back in stock"]))
    lines = head_of((tmp_path / "step/eml/0000/C0.eml").read_bytes())
    identifier = next(line for line in lines if line.startswith("Message-ID"))
    assert re.fullmatch(r"Message-ID: <[0-9a-f]{32}@shop\.example>", identifier)
    assert [line for line in lines if line != identifier and "boundary" not in line] == [
        "From: Sample Shop <news@shop.example>",
        "To: Ada Sample <c0@example.com>",
        "Reply-To: help@shop.example",
        "Subject: Back in stock",
        "Date: Mon, 09 Mar 2026 07:05:00 +0000",
        "List-Unsubscribe: <https://shop.example/u/0>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Id: <news.shop.example>",
        "Feedback-ID: winback:first:shop.example",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
    ]


def test_only_marketing_can_be_unsubscribed_from_and_with_one_click_only_over_https(tmp_path: Path) -> None:
    rows = rendered(["Ada"], unsubscribe_url=["http://shop.example/u"])
    write(tmp_path / "plain", rows)
    orders = EmailSettings("Orders", "orders@shop.example", marketing=False)
    write(tmp_path / "orders", rows.drop("unsubscribe_url"), orders)
    plain = read((tmp_path / "plain/step/eml/0000/C0.eml").read_bytes())
    assert (plain["List-Unsubscribe"], plain["List-Unsubscribe-Post"]) == ("<http://shop.example/u>", None)
    assert read((tmp_path / "orders/step/eml/0000/C0.eml").read_bytes())["List-Unsubscribe"] is None


def test_a_long_link_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    url = "https://shop.example/u/" + "x" * 200
    write(tmp_path, rendered(["Ada"], unsubscribe_url=[url]))
    message = read((tmp_path / "step/eml/0000/C0.eml").read_bytes())
    assert message["List-Unsubscribe"].strip() == f"<{url}>"


def test_a_row_may_have_a_sender_name_and_a_reply_address_of_its_own(tmp_path: Path) -> None:
    rows = rendered(["Ada", "Bo"], from_name=["Ayşe, Sample Shop", None], reply_to=["ayse@shop.example", None])
    write(tmp_path, rows)
    first, second = (read((tmp_path / f"step/eml/0000/C{n}.eml").read_bytes()) for n in range(2))
    assert (first["From"].addresses[0].display_name, first["Reply-To"]) == ("Ayşe, Sample Shop", "ayse@shop.example")
    assert (second["From"].addresses[0].display_name, second["Reply-To"]) == ("Sample Shop", "help@shop.example")


def test_a_name_is_not_needed(tmp_path: Path) -> None:
    write(tmp_path, rendered([None, " \t"], subject=["Hello", "Hello"]))
    contents = [(tmp_path / f"step/eml/0000/C{n}.eml").read_bytes() for n in range(2)]
    assert [head_of(content)[1] for content in contents] == ["To: c0@example.com", "To: c1@example.com"]


def test_a_sender_that_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sender_email is no address"):
        write(tmp_path, rendered(["Ada"]), EmailSettings("Shop", "news@shop.example\r\nBcc: x@y.example"))


def test_bodies_that_are_not_coded_are_refused() -> None:
    with pytest.raises(ValueError, match="quoted-printable or 8bit"):
        EmailSettings("Shop", "news@shop.example", coding=PLAIN)


def test_dates_are_utc_whatever_the_time_unit(tmp_path: Path) -> None:
    moments = pl.Series([SENT_AT]).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    write(tmp_path, rendered(["Ada"], send_at_utc=moments), SETTINGS)
    assert read((tmp_path / "step/eml/0000/C0.eml").read_bytes())["Date"] == "Mon, 09 Mar 2026 07:05:00 +0000"
