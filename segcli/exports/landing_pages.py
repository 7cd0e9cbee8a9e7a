"""Rendered landing pages to static files: a folder to publish as it is, and beside it who has which page."""

from __future__ import annotations

import base64
import hashlib
import html
import mimetypes
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segcli.exports.cells import neutralised, quoted
from segcli.exports.list_files import WrittenFile
from segcli.exports.private_files import OWNER_FOLDER, PrivateFile, write_private
from segcli.messages.landing import PATH

FOLDER = "landing"
INDEX_FILE = "landing.csv"  # beside the folder: who has which page is not to be published
INDEX = ("customer_id", "file", "bytes", "sha256")
_SHEET = re.compile(r"<link\b[^>]*\bhref\s*=\s*[\"']?(?:\.\./)+([^\"'\s>]+\.css)[^>]*>", re.IGNORECASE)
_PICTURE = re.compile(r"(\bsrc\s*=\s*[\"']?)(?:\.\./)+([^\"'\s>]+)", re.IGNORECASE)


@dataclass(frozen=True)
class WrittenPages:
    """Which files there are now, and how many pages of how many bytes.

    Pages of single recipients are not among the files: the index has the digest of each.
    """

    files: list[WrittenFile]
    pages: int
    bytes: int


def write_landing_pages(
    run: Path, folder: str, slices: Iterable[pl.DataFrame], assets: Mapping[str, Path] | None = None
) -> WrittenPages:
    """Writes `<folder>/landing/<path>` for each row, and the assets (path in the published folder -> file).

    Each slice has path (see `page_paths`) and html (null where it could not be rendered: no page). With customer_id
    they are pages of single recipients, and `<folder>/landing.csv` says whose is which. Only the owner reads what is
    written. Raises FileExistsError where a page is already, ValueError for a path that no page has.
    """
    pages = _Pages(run, folder)
    index: PrivateFile | None = None
    try:
        for rows in slices:
            written = pages.write(rows.drop_nulls("html"))
            if "customer_id" not in rows.columns:
                pages.files += [WrittenFile(*row) for row in written.select("file", "sha256", "bytes").iter_rows()]
                continue
            if index is None:
                index = PrivateFile(run, f"{folder}/{INDEX_FILE}")
                index.write((",".join(INDEX) + "\n").encode())
            index.write(_index_lines(written), written.height)
    finally:
        if index is not None:
            index.close()
    if index is not None:
        pages.files.append(index.written)
    for path, file in sorted((assets or {}).items()):
        content = file.read_bytes()
        pages.put(path, content)
        pages.files.append(pages.written_file(path, content))
    return WrittenPages(pages.files, pages.count, pages.bytes)


def self_contained(page: str, assets: Mapping[str, Path]) -> str:
    """A rendered page with its style sheets and pictures (path in the published folder -> file) inside of it."""

    def sheet(found: re.Match[str]) -> str:
        file = assets.get(html.unescape(found[1]))
        return f"<style>{file.read_text('utf-8', 'replace')}</style>" if file else found[0]

    def picture(found: re.Match[str]) -> str:
        file = assets.get(html.unescape(found[2]))
        kind = mimetypes.guess_type(file)[0] if file else None
        if file is None or kind is None or not kind.startswith("image/"):
            return found[0]
        return f"{found[1]}data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"

    return _PICTURE.sub(picture, _SHEET.sub(sheet, page))


class _Pages:
    """The published folder, whose subfolders are made as they are needed."""

    def __init__(self, run: Path, folder: str) -> None:
        self.files: list[WrittenFile] = []
        self.count = self.bytes = 0
        self._inside, self._folder = f"{folder}/{FOLDER}", run / folder / FOLDER
        self._folder.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
        self._made: set[str] = set()

    def write(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Writes the pages; the rows with `file` (in the run), `bytes` and `sha256`."""
        wrong = rows.filter(~pl.col("path").str.contains(PATH).fill_null(value=False))
        if not wrong.is_empty():
            raise ValueError(f"no page has the path {wrong['path'][0]!r}")
        digests, sizes = [], []
        for path, page in zip(rows["path"].to_list(), rows["html"].cast(pl.Binary).to_list(), strict=True):
            self.put(path, page)
            digests.append(hashlib.sha256(page).hexdigest())
            sizes.append(len(page))
        self.count += rows.height
        self.bytes += sum(sizes)
        file = pl.concat_str(pl.lit(f"{self._inside}/"), "path").alias("file")
        return rows.drop("html").with_columns(
            file, pl.Series("bytes", sizes, pl.Int64), pl.Series("sha256", digests, pl.String)
        )

    def put(self, path: str, content: bytes) -> None:
        """A new file at this path of the folder."""
        parent = path.rpartition("/")[0]
        if parent not in self._made:
            for depth in range(parent.count("/") + 1):
                self._folder.joinpath(*parent.split("/")[: depth + 1]).mkdir(mode=OWNER_FOLDER, exist_ok=True)
            self._made.add(parent)
        write_private(f"{self._folder}/{path}", content)

    def written_file(self, path: str, content: bytes) -> WrittenFile:
        return WrittenFile(f"{self._inside}/{path}", hashlib.sha256(content).hexdigest(), len(content))


def _index_lines(rows: pl.DataFrame) -> bytes:
    # Files are named from the index's own folder on, so that it stays right wherever the run is moved.
    file = pl.concat_str(pl.lit(f"{FOLDER}/"), "path")
    cells = [neutralised(pl.col("customer_id")), file, pl.col("bytes").cast(pl.String), pl.col("sha256")]
    line = pl.concat_str([quoted(cell, ",") for cell in cells], separator=",")
    lines = rows.select(pl.concat_str(line, pl.lit("\n"))).to_series()
    text: bytes = lines.str.join("").cast(pl.Binary).item()
    return text
