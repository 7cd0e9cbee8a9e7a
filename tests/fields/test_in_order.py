import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segcli.fields import in_order as module
from segcli.fields.in_order import in_order


@pytest.fixture
def customers() -> pl.DataFrame:
    numbers = pl.int_range(500, eager=True)
    return pl.DataFrame({"n": numbers}).select(
        customer_id=pl.format("c{}", pl.col("n").cast(pl.String).str.zfill(3)),
        orders="n",
        tags=pl.concat_list(pl.format("t{}", pl.col("n") % 3)),
    )


def written(folder, shards):
    paths = [folder / f"{number}.arrow" for number in range(len(shards))]
    for path, shard in zip(paths, shards, strict=True):
        shard.write_ipc(path, record_batch_size=16)
    return paths


@pytest.mark.parametrize("count", [1, 2, 7])
def test_shards_come_as_one_frame_in_the_order_of_the_ids_range_by_range(
    count, customers, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(module, "RANGE", 60)
    monkeypatch.setattr(module, "OF_EACH", 1)
    monkeypatch.setattr(module, "STEP", 4)
    shard = pl.col("customer_id").hash(0) % count
    paths = written(tmp_path, [customers.filter(shard == number) for number in range(count)])
    assert len(module._range_begins(paths)) >= 5
    frame = in_order(paths, customers.columns)
    assert_frame_equal(frame.collect(), customers)
    assert_frame_equal(frame.head(130).collect(), customers.head(130))


def test_columns_and_rows_can_be_chosen(customers, tmp_path) -> None:
    paths = written(tmp_path, [customers[::2], customers[1::2]])
    chosen = in_order(paths, customers.columns).filter(pl.col("orders") > 495).select("tags")
    assert_frame_equal(chosen.collect(), customers.filter(pl.col("orders") > 495).select("tags"))


def test_shards_without_customers_are_no_hindrance(customers, tmp_path) -> None:
    empty = customers.clear()
    paths = written(tmp_path, [empty, customers, empty])
    assert_frame_equal(in_order(paths, customers.columns).collect(), customers)
    assert_frame_equal(in_order(paths[:1], customers.columns).collect(), empty)
