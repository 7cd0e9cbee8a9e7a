"""The ways of writing the same emails that the benchmark compares. Each runs in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import Any, Literal

import jinja2
import polars as pl

from segcli.campaign_recipients import MANY_IN_JINJA
from segcli.exports.email_files import Kind, write_emails
from segcli.exports.email_headers import EmailSettings
from segcli.exports.email_shares import SHARE, write_emails_in_shares
from segcli.messages.coding import PLAIN, Coding
from segcli.messages.frame_rows import FrameRows
from segcli.messages.model import Source
from segcli.messages.rendering import render
from segcli.messages.templates import Template, check_source
from segcli.messages.texts import RenderedSlice
from segcli.problems import Problems
from segcli.processes import usable_cores
from tests.benchmarks.email_recipients import SHOP, SLICE

TEMPLATES = Path(__file__).parent / "email_templates"
SUBJECT, TEXT, HTML = "subject.txt", "winback.txt", "winback.html"
SENDER = "haber@shop.example"
FOLDER_SIZE = 1000
Way = Literal["columnar", "jinja"]
PIECE = 8_500  # bytes
FOLDERS_AT_ONCE = 100  # of emails that the floor holds in memory


def run_job(job: str, recipients: Path, target: Path, count: int) -> None:
    """Runs `segcli <path> <coding> <kind>`, `floor <folder> <kind>`, `EmailMessage` or `mailmerge`.

    Prints as JSON the emails, their bytes, the seconds of wall and processor time that they took, a digest, the number
    of processes beside this one, and the most memory that one of them held in MB.
    """
    name, *rest = job.split()
    jobs: dict[str, Callable[..., dict[str, Any]]] = {
        "segcli": _segcli,
        "floor": _floor,
        "EmailMessage": _email_message,
        "mailmerge": _mailmerge,
    }
    target.mkdir(parents=True)
    print(json.dumps(jobs[name](recipients, target, count, *rest)))


class _Clock:
    """Wall and processor seconds, without those before it was made and those between `pause` and `go`."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self.go()

    def go(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _cpu()

    def pause(self) -> None:
        self.wall += time.perf_counter() - self._wall
        self.cpu += _cpu() - self._cpu


def _cpu() -> float:
    """Of this process, and of those that it started and that have ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _result(clock: _Clock, emails: int, size: int, digest: str = "", beside: int = 0) -> dict[str, Any]:
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    told = {"emails": emails, "bytes": size, "wall": clock.wall, "cpu": clock.cpu, "digest": digest}
    return {**told, "beside": beside, "peak_beside": largest}


def _frames(recipients: Path, count: int) -> Iterator[pl.DataFrame]:
    left = count
    for path in sorted(recipients.glob("*.parquet")):
        if left <= 0:
            return
        frame = pl.read_parquet(path).head(left)
        left -= frame.height
        yield frame


def _segcli(recipients: Path, target: Path, count: int, path: Way, coding: str, kind: Kind) -> dict[str, Any]:
    schema = next(_frames(recipients, 1)).schema
    templates = {name: _template(name, schema) for name in (SUBJECT, TEXT, HTML)}
    settings = EmailSettings(SHOP["shop"], SENDER, list_id="haber", feedback=("winback",), coding=Coding(coding))
    # As a campaign does.
    processes = usable_cores() if path == "jinja" and count >= MANY_IN_JINJA else 1
    clock = _Clock()
    if processes == 1:
        slices = (_rendered(frame, templates, settings, path) for frame in _frames(recipients, count))
        written = write_emails(target, ".", slices, settings, kind)
    else:
        shares = (
            partial(_share, recipients, count, first, templates, settings, path) for first in range(0, count, SHARE)
        )
        written = write_emails_in_shares(target, ".", shares, settings, kind, processes)
    clock.pause()
    if written.left_out.height:
        raise RuntimeError(f"recipients without an email: {written.left_out}")
    return _result(clock, written.emails, written.bytes, written.files[0].sha256, processes - 1)


def _share(
    recipients: Path, count: int, first: int, templates: Mapping[str, Template], settings: EmailSettings, path: Way
) -> Iterator[RenderedSlice]:
    file, place = divmod(first, SLICE)
    frame = pl.read_parquet(recipients / f"{file:04}.parquet").slice(place, min(SHARE, count - first))
    yield _rendered(frame, templates, settings, path)


def _rendered(
    frame: pl.DataFrame, templates: Mapping[str, Template], settings: EmailSettings, path: Way
) -> RenderedSlice:
    codings = {SUBJECT: PLAIN, TEXT: settings.coding, HTML: settings.coding}
    # "columnar" and "jinja" are the two paths, told apart by name so that neither falls back on the other.
    rows = FrameRows(frame)
    parts = {name: render(templates[name], frame, codings[name], path, rows) for name in templates}
    if failed := [part.failures for part in parts.values() if part.failures.height]:
        raise RuntimeError(f"recipients whose email failed: {failed}")
    name = pl.concat_str("first_name", "last_name", separator=" ", ignore_nulls=True)
    plain = frame.select(
        "customer_id", "email", name.alias("name"), "unsubscribe_url", "send_at_utc", "key",
        subject=parts[SUBJECT].values,
    )  # fmt: skip
    return RenderedSlice(plain, {"text": parts[TEXT].texts, "html": parts[HTML].texts})


def _template(name: str, schema: Mapping[str, pl.DataType]) -> Template:
    text, problems = (TEMPLATES / name).read_text(), Problems()
    source = Source(text, escape=name.endswith(".html"), places=(None,) * (text.count("\n") + 1))
    template = check_source(source, schema, problems, "benchmark")
    if template is None:
        raise RuntimeError(f"{name}: {problems.errors}")
    return template


def _floor(recipients: Path, target: Path, count: int, written: str, kind: Kind) -> dict[str, Any]:
    """The same bytes to the same names, as Python writes files.

    What is written is read, and then deleted, between the times that count. So the floor is given the same memory that
    segcli was: as much as was freed some time ago, and neither what the system never gave out before, which costs more,
    nor what a file just had, which costs less.
    """
    clock, emails, size = _Clock(), 0, 0
    clock.pause()
    if kind == "mbox":
        with (target / "messages.mbox").open("xb") as mailbox:
            for pieces in _entries(Path(written) / "messages.mbox"):
                clock.go()
                for piece in pieces:
                    mailbox.write(piece)
                clock.pause()
                size += sum(map(len, pieces))
        return _result(clock, count, size)
    folders = sorted(path for path in (Path(written) / "eml").iterdir() if path.is_dir())
    for first in range(0, len(folders), FOLDERS_AT_ONCE):
        some = folders[first : first + FOLDERS_AT_ONCE]
        contents = [[(path.name, path.read_bytes()) for path in sorted(folder.iterdir())] for folder in some]
        for folder in some:
            shutil.rmtree(folder)
        clock.go()
        for folder, files in zip(some, contents, strict=True):
            os.mkdir(f"{target}/{folder.name}")  # noqa: PTH102
            for name, content in files:
                with open(f"{target}/{folder.name}/{name}", "xb") as file:  # noqa: PTH123
                    file.write(content)
        clock.pause()
        emails += sum(map(len, contents))
        size += sum(len(content) for files in contents for _, content in files)
    return _result(clock, emails, size)


def _entries(path: Path) -> Iterator[list[bytes]]:
    """A mailbox in pieces as large as an email each."""
    with path.open("rb") as file:
        while content := file.read(FOLDER_SIZE * PIECE):
            yield [content[start : start + PIECE] for start in range(0, len(content), PIECE)]


def _rows(recipients: Path, count: int) -> list[dict[str, Any]]:
    return [row for frame in _frames(recipients, count) for row in frame.to_dicts()]


def _named(row: Mapping[str, Any]) -> str:
    return " ".join(part for part in (row["first_name"], row["last_name"]) if part)


def _email_message(recipients: Path, target: Path, count: int) -> dict[str, Any]:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(),
        undefined=jinja2.StrictUndefined,
    )
    subject, text, html = (environment.get_template(name) for name in (SUBJECT, TEXT, HTML))
    rows, size = _rows(recipients, count), 0
    clock = _Clock()
    for number, row in enumerate(rows):
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(SHOP["shop"], addr_spec=SENDER)
        message["To"] = Address(_named(row), addr_spec=row["email"])
        message["Subject"] = subject.render(row)
        message["Date"] = row["send_at_utc"].strftime("%a, %d %b %Y %H:%M:%S +0000")
        message["Message-ID"] = f"<{number}@shop.example>"
        message["List-Unsubscribe"] = f"<{row['unsubscribe_url']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text.render(row), cte="quoted-printable")
        message.add_alternative(html.render(row), subtype="html", cte="quoted-printable")
        size += _write(target, number, row["customer_id"], message.as_bytes())
    clock.pause()
    return _result(clock, len(rows), size)


def _mailmerge(recipients: Path, target: Path, count: int) -> dict[str, Any]:
    """One template with headers and both parts, as mailmerge has it; it knows no escaping."""
    from mailmerge.template_message import TemplateMessage

    parts = {name: (TEMPLATES / name).read_text() for name in (SUBJECT, TEXT, HTML)}
    head = (
        f"TO: {{{{ email }}}}\nFROM: {SHOP['shop']} <{SENDER}>\nSUBJECT: {parts[SUBJECT]}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/alternative; boundary="boundary"\n\nThis is a MIME message.\n'
    )
    kinds = [("plain", parts[TEXT]), ("html", parts[HTML])]
    body = "".join(f'--boundary\nContent-Type: text/{kind}; charset="UTF-8"\n\n{text}\n' for kind, text in kinds)
    path = target / "mailmerge_template.txt"
    path.write_text(f"{head}\n{body}--boundary--\n")
    rows, size = _rows(recipients, count), 0
    template = TemplateMessage(path)
    clock = _Clock()
    for number, row in enumerate(rows):
        _, _, message = template.render(row)
        size += _write(target, number, row["customer_id"], message.as_bytes())
    clock.pause()
    return _result(clock, len(rows), size)


def _write(target: Path, number: int, customer: str, content: bytes) -> int:
    folder = f"{target}/{number // FOLDER_SIZE:04}"
    if number % FOLDER_SIZE == 0:
        os.mkdir(folder)  # noqa: PTH102
    with open(f"{folder}/{customer}.eml", "xb") as file:  # noqa: PTH123
        return file.write(content)
