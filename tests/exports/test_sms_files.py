import csv
import datetime as dt
import hashlib
import io
import stat
from pathlib import Path

import polars as pl
import pytest

from segcli.exports.call_lists import write_call_list
from segcli.exports.sms_files import write_texts

NINE = dt.datetime(2026, 7, 1, 9)
TEXTS = {
    "customer_id": pl.String, "phone": pl.String, "text": pl.String, "send_at_local": pl.Datetime("us"),
    "send_at_utc": pl.Datetime("us"), "country": pl.String,
}  # fmt: skip


def texts(*rows: tuple[str, str | None, str | None, str | None]) -> pl.DataFrame:
    times = (NINE, NINE - dt.timedelta(hours=3))
    return pl.DataFrame([(*row[:3], *times, row[3]) for row in rows], TEXTS, orient="row")


FRAME = texts(
    ("a", "+905321110000", 'Merhaba Ayşe,\n"yeni" geldi\nSMS almamak icin RET yaz', "TR"),
    ("b", "+14155550100", "Hi Ann. STOP to 1234", "US"),
    ("c", "0555", "Hi", None),
    ("d", "+14155550101", None, "US"),
    ("=e", "+14155550102", "=HYPERLINK(1)", None),
)


def test_texts_are_written_as_gateways_take_them(tmp_path: Path) -> None:
    written = write_texts(tmp_path, "campaigns/winback/first", [FRAME])
    (file,) = written.files
    content = (tmp_path / file.path).read_bytes()
    assert file.path == "campaigns/winback/first/sms.csv"
    assert content.decode() == (
        "customer_id,phone,text,encoding,segments,send_at_local,send_at_utc,country\n"
        'a,+905321110000,"Merhaba Ayşe,\n""yeni"" geldi\nSMS almamak icin RET yaz",UCS-2,1,2026-07-01T09:00:00,'
        "2026-07-01T06:00:00Z,TR\n"
        "b,+14155550100,Hi Ann. STOP to 1234,GSM-7,1,2026-07-01T09:00:00,2026-07-01T06:00:00Z,US\n"
        "'=e,+14155550102,'=HYPERLINK(1),GSM-7,1,2026-07-01T09:00:00,2026-07-01T06:00:00Z,\n"
    )
    assert (file.sha256, file.bytes, file.rows) == (hashlib.sha256(content).hexdigest(), len(content), 3)
    assert (written.texts, written.segments) == (3, 3)
    assert written.left_out.rows() == [("c", "phone is no number in E.164")]
    assert stat.S_IMODE((tmp_path / file.path).stat().st_mode) == 0o600


def test_slices_do_not_change_a_byte_and_a_file_is_never_overwritten(tmp_path: Path) -> None:
    whole = write_texts(tmp_path, "whole", [FRAME])
    parts = write_texts(tmp_path, "parts", FRAME.iter_slices(2))
    assert whole.files[0].sha256 == parts.files[0].sha256
    assert whole.left_out.equals(parts.left_out)
    with pytest.raises(FileExistsError):
        write_texts(tmp_path, "whole", [FRAME])


def test_nobody_to_write_to_is_a_file_with_its_header(tmp_path: Path) -> None:
    written = write_texts(tmp_path, ".", [])
    assert (written.texts, written.files[0].rows) == (0, 0)
    assert (tmp_path / "sms.csv").read_text().count("\n") == 1


def called(folder: Path, frame: pl.DataFrame) -> list[dict[str, str]]:
    file = write_call_list(folder, "calls", frame)
    path = folder / file.path
    content = path.read_bytes()
    assert (file.sha256, file.bytes, file.rows) == (hashlib.sha256(content).hexdigest(), len(content), frame.height)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return list(csv.DictReader(io.StringIO(content.decode("utf-16"), newline=""), delimiter="\t"))


def test_a_call_list_has_whom_to_call_about_what_the_hottest_first(tmp_path: Path) -> None:
    products = [[{"name": "Boot"}, {"name": None}, {"name": "=Sock"}], [], None]
    frame = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "first_name": ["Ayşe", None, "Cem"],
            "phone": ["+905321110000", "+905321110001", None],
            "lead_score": [51.0, 80.5, 99.0],
            "products": pl.Series(products, dtype=pl.List(pl.Struct({"name": pl.String}))),
            "send_at_local": [NINE] * 3,
            "text": ["Ask about boots.\nOffer 10 %.", "=1", None],
            "extra": [1, 2, 3],
        }
    )
    rows = called(tmp_path, frame)
    assert list(rows[0]) == [
        "Customer id", "First name", "Phone", "Call at (their time)", "Score", "Looked at", "What to say", "Called at",
        "Result", "Notes",
    ]  # fmt: skip
    assert [row["Customer id"] for row in rows] == ["b", "a", "c"]  # no phone: last
    assert rows[0]["What to say"] == "'=1"
    assert rows[1] == {
        "Customer id": "a", "First name": "Ayşe", "Phone": "+905321110000", "Call at (their time)": "2026-07-01 09:00",
        "Score": "51", "Looked at": "Boot; =Sock", "What to say": "Ask about boots.\nOffer 10 %.", "Called at": "",
        "Result": "", "Notes": "",
    }  # fmt: skip


def test_a_call_list_without_scores_is_by_customer(tmp_path: Path) -> None:
    assert [row["Customer id"] for row in called(tmp_path, pl.DataFrame({"customer_id": ["b", "a"]}))] == ["a", "b"]
