import csv
import hashlib
import stat
from pathlib import Path

import polars as pl
import pytest

from segcli.exports.landing_pages import write_landing_pages
from segcli.messages.landing import page_paths

KEY = b"0123456789abcdef0123456789abcdef"
FOLDER = "campaigns/winback/first"


def pages(*customers: str) -> pl.DataFrame:
    frame = pl.DataFrame({"customer_id": customers}, {"customer_id": pl.String}).with_columns(
        campaign=pl.lit("winback"), series=pl.lit("s1"), step=pl.lit("first")
    )
    return frame.select("customer_id", page_paths(frame, KEY), html=pl.concat_str(pl.lit("<p>Ü</p>"), "customer_id"))


def modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in folder.rglob("*")}


def test_each_recipient_has_a_page_and_the_index_is_not_published(tmp_path: Path) -> None:
    frame = pages("a", "=b", "c").with_columns(html=pl.when(pl.col("customer_id") != "c").then("html"))
    written = write_landing_pages(tmp_path, FOLDER, [frame])
    (index,) = written.files
    content = (tmp_path / index.path).read_bytes()
    assert (index.path, index.rows) == (f"{FOLDER}/landing.csv", 2)
    assert (index.sha256, index.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert [row["customer_id"] for row in rows] == ["a", "'=b"]
    published = tmp_path / FOLDER / "landing"
    for row, html in zip(rows, ["<p>Ü</p>a", "<p>Ü</p>=b"], strict=True):
        page = (tmp_path / FOLDER / row["file"]).read_bytes()
        assert page.decode() == html
        assert (row["bytes"], row["sha256"]) == (str(len(page)), hashlib.sha256(page).hexdigest())
    assert sum(path.is_file() for path in published.rglob("*")) == written.pages == 2
    assert modes(published) == {(True, 0o700), (False, 0o600)}
    assert stat.S_IMODE((tmp_path / index.path).stat().st_mode) == 0o600


def test_folders_stay_small_and_slices_change_nothing(tmp_path: Path) -> None:
    frame = pages(*(str(number) for number in range(300)))
    first = write_landing_pages(tmp_path, "one", [frame])
    other = write_landing_pages(tmp_path, "two", frame.iter_slices(70))
    assert [file.sha256 for file in first.files] == [file.sha256 for file in other.files]
    assert first.bytes == other.bytes
    sizes = [sum(1 for _ in path.iterdir()) for path in (tmp_path / "one").rglob("*") if path.is_dir()]
    assert max(sizes) <= 256


def test_shared_pages_and_their_files_are_files_of_the_run(tmp_path: Path) -> None:
    picture = tmp_path / "logo.png"
    picture.write_bytes(b"picture")
    shared = pl.DataFrame({"path": ["winback/first.tr_TR.html", "winback/first.html"], "html": ["<p>1", None]})
    written = write_landing_pages(tmp_path, FOLDER, [shared], {"assets/logo.0123.png": picture})
    assert [(file.path, file.bytes) for file in written.files] == [
        (f"{FOLDER}/landing/winback/first.tr_TR.html", 4),
        (f"{FOLDER}/landing/assets/logo.0123.png", 7),
    ]
    for file in written.files:
        assert file.sha256 == hashlib.sha256((tmp_path / file.path).read_bytes()).hexdigest()
    assert not (tmp_path / FOLDER / "landing.csv").exists()
    assert modes(tmp_path / FOLDER / "landing") == {(True, 0o700), (False, 0o600)}


@pytest.mark.parametrize("path", ["../x.html", "/etc/x.html", "a/../b.html", "a/b/c/d.html", "a/b.php", None])
def test_a_path_that_no_page_has_is_never_written(tmp_path: Path, path: str | None) -> None:
    frame = pl.DataFrame({"path": [path], "html": ["x"]}, {"path": pl.String, "html": pl.String})
    with pytest.raises(ValueError, match="no page has the path"):
        write_landing_pages(tmp_path, ".", [frame])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_page_is_never_overwritten(tmp_path: Path) -> None:
    write_landing_pages(tmp_path, ".", [pages("a")])
    with pytest.raises(FileExistsError):
        write_landing_pages(tmp_path, ".", [pages("a")])
