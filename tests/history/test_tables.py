import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segcli.history.tables import JOURNAL, MEMBERS, SENDS_FILE, STATE, STATE_FILE, empty, write_history_table

JOURNAL_ROWS = """
import sys
import polars as pl
from pathlib import Path
from segcli.history.tables import JOURNAL, write_history_table
n = pl.int_range(150_000)
given = pl.select(n=n).select(
    campaign=pl.format("c{}", pl.col("n") % 25), customer_id=pl.format("u{}", pl.col("n").hash(3) % 9000),
    series=pl.lit("s"), number=pl.col("n") % 4, status=pl.lit("sent"), offer_value=(pl.col("n") * 1.1).sin(),
    products=pl.concat_list(pl.format("p{}", pl.col("n") % 9), pl.lit("x")), send_at=pl.lit(None),
)
rows = given.select(
    pl.col(name).cast(dtype) if name in given.columns else pl.lit(None, dtype).alias(name)
    for name, dtype in JOURNAL.items()
)
write_history_table(Path(sys.argv[1]), "sends.parquet", rows.sample(fraction=1, shuffle=True, seed=int(sys.argv[2])))
"""


@pytest.mark.slow
def test_the_same_rows_in_any_order_and_with_any_threads_are_the_same_bytes(tmp_path) -> None:
    written = set()
    for seed, threads in ((1, "1"), (2, "2"), (3, "3")):
        folder = tmp_path / str(seed)
        folder.mkdir()
        command = [sys.executable, "-c", JOURNAL_ROWS, str(folder), str(seed)]
        subprocess.run(command, check=True, env={**os.environ, "POLARS_MAX_THREADS": threads})
        written.add((folder / SENDS_FILE).read_bytes())
    assert len(written) == 1
    rows = pl.read_parquet(tmp_path / "1" / SENDS_FILE)
    assert rows.schema == dict(JOURNAL)
    assert rows.height == 150_000
    assert rows.select("campaign", "customer_id").equals(rows.select("campaign", "customer_id").sort(pl.all()))


def test_a_filter_on_a_campaign_reads_only_the_row_groups_that_have_it(tmp_path) -> None:
    count = 200_000
    row = pl.int_range(count)
    rows = pl.select(run=pl.format("r{}", row), campaign=pl.format("c{}", row // (count // 4))).with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in JOURNAL.items() if name not in ("run", "campaign")
    )
    path = write_history_table(tmp_path, SENDS_FILE, rows)
    with path.open("rb+") as file:  # the first column of the first row group: what is not read is not missed
        file.seek(4)
        file.write(b"\xff" * 400)
    runs = {name: pl.scan_parquet(path).filter(pl.col("campaign") == name).select("run") for name in ("c0", "c3")}
    assert runs["c3"].collect().height == count // 4
    with pytest.raises(pl.exceptions.PolarsError):
        runs["c0"].collect()


def test_a_table_without_rows_has_its_columns(tmp_path) -> None:
    for name, schema in ((SENDS_FILE, JOURNAL), (STATE_FILE, STATE)):
        assert_frame_equal(pl.read_parquet(write_history_table(tmp_path, name, empty(schema))), empty(schema).collect())


def test_a_column_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        write_history_table(tmp_path, STATE_FILE, pl.DataFrame({"campaign": ["c"]}))


def test_columns_that_history_does_not_know_are_not_written(tmp_path: Path) -> None:
    rows = pl.DataFrame(schema={**MEMBERS, "email": pl.String})
    path = write_history_table(tmp_path, "members.parquet", rows)
    assert_frame_equal(pl.read_parquet(path), pl.DataFrame(schema=dict(MEMBERS)))
