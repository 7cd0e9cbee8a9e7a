"""The look through a CSV must never call sound what Polars would read otherwise than csv.reader."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segcli.sources import structure
from segcli.sources.source_file import SourceFile
from segcli.sources.structure import look_through


def source(path: Path, content: str, width: int) -> SourceFile:
    header = ",".join("abc"[:width])
    path.write_text(f"{header}\n{content}", newline="")
    return SourceFile(str(path), path.name, "csv", tuple("abc"[:width]))


@pytest.mark.parametrize(
    ("body", "sound"),
    [
        ("", True),
        ("1,2\n3,4", True),
        ('1,"a\nb"\n"c\n\nd",""\n', True),
        ('1,"a""b"\n', True),
        ("\n1,2\n\n", True),
        ("1\n", False),
        ("1,2,3\n", False),
        ("  \n", False),
        ('1,"a\n', False),
        ('1,"a"b\n', False),
        ('1,5" pipe\n', False),
        ('1, "a, b"\n', False),
        ('1,"a\nb",3\n', False),
        ('1,"a\n2,b"c\n', False),
        ("1,\x00\n", False),
    ],
)
def test_sound_and_unsound_bodies_are_told_apart(tmp_path: Path, body: str, sound: bool) -> None:
    assert look_through(source(tmp_path / "x.csv", body, 2)).sound is sound


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(alphabet='a,"\n', max_size=30), width=st.sampled_from([1, 2, 3]), counted=st.booleans())
def test_what_is_called_sound_is_read_alike_by_polars_and_csv_reader(
    tmp_path: Path, body: str, width: int, counted: bool
) -> None:
    file = source(tmp_path / "x.csv", body, width)
    with pytest.MonkeyPatch.context() as patch:
        if counted:  # the way of very wide files
            patch.setattr(structure, "WIDEST_PATTERN", 0)
        found = look_through(file)
    if not found.sound:
        return
    records = [record for record in csv.reader(io.StringIO(body), strict=True) if any(record)]
    assert all(len(record) == width for record in records)
    cells = pl.read_csv(
        io.BytesIO(body.encode()), has_header=False, schema=dict.fromkeys("abc"[:width], pl.String),
        missing_columns="insert", raise_if_empty=False,
    ).fill_null("")  # fmt: skip
    assert [list(row) for row in cells.rows() if any(row)] == records
    assert list(found.empty) == [at for at, row in enumerate(cells.rows()) if not any(row)]
