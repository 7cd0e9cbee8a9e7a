"""Frames of rendered emails, coded as a template's renderer hands them on, and emails read back."""

from __future__ import annotations

import binascii
import datetime as dt
import email
import email.policy
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any, cast

import polars as pl

from segcli.exports.email_files import Kind, WrittenEmails, write_emails
from segcli.exports.email_headers import EmailSettings
from segcli.messages.coding import EIGHT_BIT, QUOTED_PRINTABLE, Coding
from segcli.messages.texts import RenderedSlice

STRICT = email.policy.SMTP.clone(raise_on_defect=True)
SENT_AT = dt.datetime(2026, 3, 9, 7, 5)
SETTINGS = EmailSettings(
    "Sample Shop", "news@shop.example", reply_to="help@shop.example", list_id="news", feedback=("winback", "first")
)
NAMES = {
    "plain": "Ada Sample",
    "quotes": 'Ada "the \\ first" O\'Sample, Jr. (VIP) <x>',
    "turkish": "Ayşegül Çağrı İpekçioğlu",
    "vietnamese": "Nguyễn Thị Ánh Tuyết Hằng",
    "arabic": "عائشة بنت عبد الرحمن الشريف",
    "chinese": "欧阳诗雨和她非常非常长的名字欧阳诗雨和她非常非常长的名字",
    "emoji": "Ada 👩‍👩‍👧‍👦🎉 Sample 🏳️‍🌈🏳️‍🌈🏳️‍🌈🏳️‍🌈",
    "long": "Ada " + "Sample " * 42 + "End",
    "long and wide": "Şükrü Ünlü " * 27 + "son",
    "looks encoded": "=?utf-8?Q?=0D=0ABcc:_x=40y.example?=",
}
HTML = '<html><body><p style="color:#333">Günaydın {name}, ürünler &amp; fırsatlar</p>\n.\nFrom us\n</body></html>\n'
TEXT = "Günaydın {name}!\n\nFrom the shop:\n>From here\n.\nhttps://shop.example/?a=b\n"


def coded(text: str, coding: Coding) -> str:
    """A body as the renderer codes it."""
    lines = text.replace("\n", "\r\n")
    if coding == EIGHT_BIT:
        return lines
    quoted = binascii.b2a_qp(lines.encode(), istext=True).decode("ascii")
    # What a mail server or a mailbox file would take for something else at the beginning of a line.
    return quoted.replace("\nFrom ", "\nFrom=20").replace("\n.\r", "\n=2E\r")


def rendered(names: Sequence[str | None], coding: Coding = QUOTED_PRINTABLE, **columns: Any) -> pl.DataFrame:
    """One row per name; `columns` replace those that it would have."""
    count = len(names)
    given: dict[str, Any] = {
        "customer_id": [f"C{number}" for number in range(count)],
        "email": [f"c{number}@example.com" for number in range(count)],
        "name": pl.Series(names, dtype=pl.String),
        "subject": [f"{name}, bugün" for name in names],
        "text": [coded(TEXT.format(name=name), coding) for name in names],
        "html": [coded(HTML.format(name=name), coding) for name in names],
        "unsubscribe_url": [f"https://shop.example/u/{number}" for number in range(count)],
        "send_at_utc": [SENT_AT] * count,
        "key": [f"run/winback/first/C{number}" for number in range(count)],
    }
    return pl.DataFrame({**given, **columns})


def write(
    run: Path, rows: pl.DataFrame, settings: EmailSettings = SETTINGS, kind: Kind = "eml", size: int = 100_000
) -> WrittenEmails:
    slices = (RenderedSlice.of(part, ("text", "html")) for part in rows.iter_slices(size))
    return write_emails(run, "step", slices, settings, kind)


def read(content: bytes) -> EmailMessage:
    """One email, read by Python's parser, which raises for every defect."""
    return email.message_from_bytes(content, policy=STRICT)


def bodies(message: EmailMessage) -> dict[str, str]:
    """Content type -> decoded text of each part, with LF line ends."""
    return {
        part.get_content_type(): cast(bytes, part.get_payload(decode=True)).decode().replace("\r\n", "\n")
        for part in message.walk()
        if not part.is_multipart()
    }


def addressees(content: bytes, header: str = "To") -> list[tuple[str, str]]:
    """Name and address of everybody in a header of an email."""
    # The newer parser of Python 3.11 shows a space between two encoded words of a name; RFC 2047 6.2 has none.
    lines = str(email.message_from_bytes(content, policy=email.policy.compat32)[header])
    return [(str(make_header(decode_header(name))), address) for name, address in getaddresses([lines])]
