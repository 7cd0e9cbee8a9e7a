from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from segcli.exports.email_headers import EmailSettings
from segcli.messages.coding import EIGHT_BIT, QUOTED_PRINTABLE, Coding
from tests.exports.emails import HTML, NAMES, TEXT, bodies, read, rendered, write


class Inbox:
    """Keeps what the server is handed."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.kept.append(envelope)
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handler = Inbox()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, port
    server.stop()


@pytest.mark.parametrize("coding", [QUOTED_PRINTABLE, EIGHT_BIT])
def test_a_mail_server_is_handed_the_bytes_of_the_file(
    tmp_path: Path, inbox: tuple[Inbox, int], coding: Coding
) -> None:
    handler, port = inbox
    names = list(NAMES.values())
    write(tmp_path, rendered(names, coding), EmailSettings("Örnek", "news@shop.example", coding=coding))
    files = [(tmp_path / f"step/eml/0000/C{n}.eml").read_bytes() for n in range(len(names))]
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo()
        assert client.has_extn("8bitmime")
        for content in files:
            (to,) = read(content)["To"].addresses
            options = ["BODY=8BITMIME"] if coding == EIGHT_BIT else []
            client.sendmail("bounces@shop.example", [to.addr_spec], content, options)
    assert [envelope.content for envelope in handler.kept] == files
    assert [envelope.rcpt_tos for envelope in handler.kept] == [[f"c{n}@example.com"] for n in range(len(names))]
    for name, envelope in zip(names, handler.kept, strict=True):
        assert isinstance(envelope.content, bytes)
        shown = bodies(read(envelope.content))
        assert shown == {"text/plain": TEXT.format(name=name), "text/html": HTML.format(name=name)}
