from __future__ import annotations

import csv
import hashlib
import itertools
import json
import mailbox
import os
import re
import shutil
import stat
import subprocess
from functools import partial
from pathlib import Path

import fast_mail_parser
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.exports.email_files import Kind, file_names
from segcli.exports.email_headers import EmailSettings
from segcli.exports.email_index import indexed
from segcli.exports.email_parts import with_ids
from segcli.exports.email_shares import write_emails_in_shares
from segcli.messages.coding import EIGHT_BIT, QUOTED_PRINTABLE, Coding
from segcli.messages.texts import RenderedSlice
from tests.exports.emails import HTML, NAMES, SETTINGS, TEXT, bodies, coded, read, rendered, write

CODINGS: tuple[Coding, ...] = (QUOTED_PRINTABLE, EIGHT_BIT)
IN_NODE = """
const { simpleParser } = require('mailparser');
const fs = require('fs');
Promise.all(process.argv.slice(1).map(async path => {
  const mail = await simpleParser(fs.readFileSync(path));
  return { subject: mail.subject, to: mail.to.value, text: mail.text, html: mail.html, id: mail.messageId };
})).then(mails => console.log(JSON.stringify(mails)));
"""


def settings_for(coding: Coding) -> EmailSettings:
    return EmailSettings("Örnek Mağaza", "news@shop.example", coding=coding)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def index_at(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("coding", CODINGS)
def test_an_email_shows_the_text_and_the_html_that_were_rendered(tmp_path: Path, coding: Coding) -> None:
    names = list(NAMES.values())
    write(tmp_path, rendered(names, coding), settings_for(coding))
    for number, name in enumerate(names):
        message = read((tmp_path / f"step/eml/0000/C{number}.eml").read_bytes())
        assert message.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert bodies(message) == {"text/plain": TEXT.format(name=name), "text/html": HTML.format(name=name)}


@pytest.mark.parametrize("coding", CODINGS)
def test_a_parser_in_rust_reads_the_same(tmp_path: Path, coding: Coding) -> None:
    names = list(NAMES.values())
    write(tmp_path, rendered(names, coding), settings_for(coding))
    for number, name in enumerate(names):
        mail = fast_mail_parser.parse_email((tmp_path / f"step/eml/0000/C{number}.eml").read_bytes())
        assert mail.subject == f"{' '.join(name.split())}, bugün"
        assert [text.replace("\r\n", "\n") for text in mail.text_plain] == [TEXT.format(name=name)]
        assert [html.replace("\r\n", "\n") for html in mail.text_html] == [HTML.format(name=name)]


def test_a_parser_in_javascript_reads_the_same(tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no Node.js here; its mailparser is the second foreign parser")
    modules = subprocess.run([npm, "root", "--global"], capture_output=True, text=True, check=True).stdout.strip()
    if not (Path(modules) / "mailparser").exists():
        pytest.skip("no mailparser here: npm install --global mailparser")
    names = list(NAMES.values())
    for coding in CODINGS:
        write(tmp_path / coding, rendered(names, coding), settings_for(coding))
    paths = [str(tmp_path / coding / f"step/eml/0000/C{n}.eml") for coding in CODINGS for n in range(len(names))]
    run = subprocess.run(
        [node, "-e", IN_NODE, "--", *paths], capture_output=True, check=True, env={**os.environ, "NODE_PATH": modules}
    )
    for number, mail in enumerate(json.loads(run.stdout)):
        name = names[number % len(names)]
        shown = " ".join(name.split())
        assert mail["subject"] == f"{shown}, bugün"
        assert mail["to"] == [{"address": f"c{number % len(names)}@example.com", "name": shown}]
        assert mail["text"].strip() == TEXT.format(name=name).strip()
        assert mail["html"].strip() == HTML.format(name=name).strip()


@pytest.mark.parametrize("coding", CODINGS)
def test_a_mailbox_gives_back_every_email(tmp_path: Path, coding: Coding) -> None:
    names = list(NAMES.values())
    rows = rendered(names, coding)
    written = write(tmp_path, rows, settings_for(coding), "mbox")
    write(tmp_path, rows, settings_for(coding), "eml")
    box = mailbox.mbox(tmp_path / "step/messages.mbox")
    kept = [box.get_bytes(key) for key in box.iterkeys()]
    box.close()
    assert len(kept) == len(names)
    for number, content in enumerate(kept):
        unquoted = re.sub(rb"(?m)^>(>*From )", rb"\1", content).replace(b"\n", b"\r\n")
        assert unquoted == (tmp_path / f"step/eml/0000/C{number}.eml").read_bytes()
    index = index_at(tmp_path / "step/messages.csv")
    assert {row["file"] for row in index} == {"messages.mbox"}
    assert [file.path for file in written.files] == ["step/messages.mbox", "step/messages.csv"]
    for file in written.files:
        content = (tmp_path / file.path).read_bytes()
        assert (file.sha256, file.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
        assert file.rows == len(names)


def test_the_index_says_who_got_which_file(tmp_path: Path) -> None:
    rows = rendered(
        ["Ada", "Bo", "Cem"],
        customer_id=["007", "a/../b", "CON"],
        subject=["=1+1", 'He said "hi", then left', "Ünlü\r\nürün"],
    )
    written = write(tmp_path, rows)
    lines = index_at(tmp_path / "step/eml/index.csv")
    assert [line["customer_id"] for line in lines] == ["007", "a/../b", "CON"]
    assert [line["subject"] for line in lines] == ["'=1+1", 'He said "hi", then left', "Ünlü ürün"]
    assert [line["email"] for line in lines] == ["c0@example.com", "c1@example.com", "c2@example.com"]
    for line in lines:
        assert re.fullmatch(r"0000/[A-Za-z0-9_-]+\.eml", line["file"])
        content = (tmp_path / "step/eml" / line["file"]).read_bytes()
        assert int(line["bytes"]) == len(content)
        assert f"<{line['message_id']}>" == read(content)["Message-ID"]
        assert line["xxh3_128"] == _digest(content)
    assert (written.emails, [file.path for file in written.files]) == (3, ["step/eml/index.csv"])
    assert written.bytes == sum(int(line["bytes"]) for line in lines)


def test_a_digest_is_the_one_that_others_make() -> None:
    assert _digest(b"") == "99aa06d3014798d86001c324468d497f"


def test_names_of_files_are_safe_and_clash_nowhere() -> None:
    given = pl.Series(["C1", "c1", "nul", "../x", "Öz", "", "x" * 200, "y" * 80])
    names = file_names(given).to_list()
    assert len({name.lower() for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,89}", name) for name in names)
    assert names[-1] == "y" * 80
    assert file_names(pl.Series(["C1", "C2"])).to_list() == ["C1", "C2"]


def test_a_folder_has_at_most_a_thousand_files_however_the_rows_are_sliced(tmp_path: Path) -> None:
    rows = rendered(
        ["Ada"] * 2300, email=["ada@example.com", "no address"] * 1150, text=["x"] * 2300, html=["y"] * 2300
    )
    for run, size in (("one", 5000), ("many", 700)):
        written = write(tmp_path / run, rows, size=size)
        assert (written.emails, written.left_out.height) == (1150, 1150)
    assert contents(tmp_path / "one") == contents(tmp_path / "many")
    sizes = {
        folder.name: len(list(folder.iterdir())) for folder in (tmp_path / "one/step/eml").iterdir() if folder.is_dir()
    }
    assert sizes == {"0000": 500, "0001": 500, "0002": 150}
    for run, size in (("box", 5000), ("boxes", 700)):
        write(tmp_path / run, rows, kind="mbox", size=size)
    assert contents(tmp_path / "box") == contents(tmp_path / "boxes")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["eml", "mbox"])
def test_several_processes_write_the_same_files(tmp_path: Path, kind: Kind) -> None:
    rows = rendered(
        ["Ada"] * 3100, email=["ada@example.com", "no address"] * 1550, text=["From x\r\n"] * 3100, html=["y"] * 3100
    )
    one = write(tmp_path / "one", rows, kind=kind)
    shares = [partial(slices_of, part) for part in rows.iter_slices(1000)]
    many = write_emails_in_shares(tmp_path / "many", "step", shares, SETTINGS, kind, 2, 1000)
    assert contents(tmp_path / "one") == contents(tmp_path / "many")
    modes = [
        {path.relative_to(run): path.stat().st_mode for path in run.rglob("*")}
        for run in (tmp_path / "one/step", tmp_path / "many/step")
    ]
    assert modes[0] == modes[1]
    assert (one.files, one.emails, one.bytes) == (many.files, many.emails, many.bytes)
    assert one.left_out.equals(many.left_out)
    assert one.emails == one.left_out.height == 1550


def slices_of(rows: pl.DataFrame) -> list[RenderedSlice]:
    return [RenderedSlice.of(rows, ("text", "html"))]


def test_only_the_owner_can_read_what_is_written(tmp_path: Path) -> None:
    write(tmp_path, rendered(["Ada"]))
    write(tmp_path, rendered(["Ada"]), kind="mbox")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "step").rglob("*")}
    private = {"eml": 0o700, "0000": 0o700, "index.csv": 0o600, "C0.eml": 0o600}
    assert modes == {**private, "messages.mbox": 0o600, "messages.csv": 0o600}


def test_rows_without_what_an_email_needs_are_left_out_with_the_reason(tmp_path: Path) -> None:
    needed = ["customer_id", "key", "send_at_utc", "subject", "text", "unsubscribe_url"]
    rows = rendered(["Ada"] * (len(needed) + 2), subject=["Hello"] * (len(needed) + 1) + [" \n"])
    rows = rows.with_row_index().with_columns(
        pl.when(pl.col("index") != number).then(name).alias(name) for number, name in enumerate(needed)
    )
    written = write(tmp_path, rows)
    reasons = [*(f"{name} is missing" for name in needed), "the subject is empty"]
    assert written.left_out["reason"].to_list() == reasons
    assert written.emails == 1


def test_an_email_of_text_alone_is_one_part(tmp_path: Path) -> None:
    rows = rendered(["Ayşe", "Bo"])
    write(tmp_path / "none", rows.drop("html"))
    write(tmp_path / "some", rows.with_columns(pl.when(pl.col("name") == "Bo").then("html").alias("html")))
    content = (tmp_path / "none/step/eml/0000/C0.eml").read_bytes()
    message = read(content)
    assert message.get_content_type() == "text/plain"
    assert bodies(message)["text/plain"].rstrip() == TEXT.format(name="Ayşe").rstrip()
    assert (tmp_path / "some/step/eml/0000/C0.eml").read_bytes() == content
    assert len(bodies(read((tmp_path / "some/step/eml/0000/C1.eml").read_bytes()))) == 2


def _digest(content: bytes) -> str:
    """What the index says of an email."""
    cells = pl.DataFrame({"before_file": [""], "file": [""], "after_file": [""]})
    line: str = indexed(cells, pl.Series([content.decode()]), digests=True)["line"].item()
    return line.strip().split(",")[1]


def test_ids_and_boundaries_follow_from_the_key(tmp_path: Path) -> None:
    rows = with_ids(rendered(["Ada", "Bo", "Cem"], key=["one", "two", "one"]), SETTINGS)
    assert rows["message_id"][0] == rows["message_id"][2] != rows["message_id"][1]
    assert rows["boundary"].n_unique() == 2
    assert rows["boundary"].str.contains(r"^=_[0-9a-f]{32}$").all()


def test_a_boundary_never_occurs_in_what_it_bounds(tmp_path: Path) -> None:
    rows = with_ids(rendered(["Ada", "Bo"], EIGHT_BIT), SETTINGS)
    evil = "--" + rows["boundary"][0]
    again = rows.with_columns(text=pl.lit(f"before\r\n{evil}--\r\nafter\r\n"))
    write(tmp_path, again.drop("message_id", "boundary"), settings_for(EIGHT_BIT))
    message, other = (read((tmp_path / f"step/eml/0000/C{number}.eml").read_bytes()) for number in (0, 1))
    assert message.get_boundary() != rows["boundary"][0]
    assert other.get_boundary() == rows["boundary"][1]
    assert bodies(message)["text/plain"] == f"before\n{evil}--\nafter\n"


@given(st.lists(st.sampled_from(["From ", ">", ">From x", "\n", ".", "ş", "a b", "--=_", "From: x"]), max_size=30))
@settings(max_examples=30)
def test_any_lines_come_back_from_a_mailbox(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    run, text = tmp_path_factory.mktemp("run"), "".join(pieces)
    rows = rendered(["Ada", "Bo"], text=[coded(text, EIGHT_BIT)] * 2, html=[coded(text, EIGHT_BIT)] * 2)
    write(run, rows, settings_for(EIGHT_BIT), "mbox")
    box = mailbox.mbox(run / "step/messages.mbox")
    kept = [re.sub(rb"(?m)^>(>*From )", rb"\1", box.get_bytes(key)) for key in box.iterkeys()]
    box.close()
    assert [bodies(read(content.replace(b"\n", b"\r\n"))) for content in kept] == [
        {"text/plain": text, "text/html": text}
    ] * 2


@pytest.mark.parametrize(("kind", "path"), [("eml", "step/eml/0000/C0.eml"), ("mbox", "step/messages.mbox")])
def test_the_bytes_of_an_email_stay_what_they_are(tmp_path: Path, kind: str, path: str) -> None:
    rows = rendered(["Ayşe"])
    write(tmp_path, rows, SETTINGS, "mbox" if kind == "mbox" else "eml")
    golden = Path(__file__).parent / "golden" / f"email.{kind}"
    assert (tmp_path / path).read_bytes() == golden.read_bytes()


def test_files_that_are_there_are_not_written_over(tmp_path: Path) -> None:
    for kind in ("eml", "mbox"):
        write(tmp_path, rendered(["Ada"]), kind="mbox" if kind == "mbox" else "eml")
        with pytest.raises(FileExistsError):
            write(tmp_path, rendered(["Ada"]), kind="mbox" if kind == "mbox" else "eml")


def test_no_rows_make_an_index_alone(tmp_path: Path) -> None:
    written = write(tmp_path, rendered([]))
    assert (written.emails, written.files[0].rows) == (0, 0)
    assert contents(tmp_path) == {"step/eml/index.csv": b"customer_id,email,file,subject,message_id,bytes,xxh3_128\n"}


def test_order_of_rows_is_order_of_the_index(tmp_path: Path) -> None:
    write(tmp_path, rendered(["Ada"] * 30).reverse())
    lines = index_at(tmp_path / "step/eml/index.csv")
    assert [line["customer_id"] for line in lines] == [f"C{n}" for n in reversed(range(30))]
    assert all(later["message_id"] != earlier["message_id"] for earlier, later in itertools.pairwise(lines))
