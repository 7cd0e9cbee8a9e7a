import datetime as dt
import random
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from segcli.sources.shards import partition, shards_for
from segcli.sources.tables import SourceFrame, Tables
from tests.sources.inline_sources import read, source


def test_a_small_shop_has_one_shard_and_a_large_one_a_shard_for_three_million_rows() -> None:
    assert [shards_for(rows) for rows in (0, 2_000_000, 2_000_001, 25_000_000)] == [1, 1, 1, 9]


def test_a_partition_keeps_every_row_and_puts_equal_keys_into_one_shard(tmp_path: Path) -> None:
    frame = pl.DataFrame({"customer_id": [str(n % 7) for n in range(50)], "n": range(50)})
    shards = [shard.collect() for shard in partition(frame.lazy(), "customer_id", 3, tmp_path)]
    assert_frame_equal(pl.concat(shards).sort("n"), frame)
    assert sum(shard["customer_id"].n_unique() for shard in shards) == 7


def test_a_shard_without_rows_has_the_columns_of_the_others(tmp_path: Path) -> None:
    frame = pl.DataFrame({"customer_id": ["a"], "n": [1]})
    shards = [shard.collect() for shard in partition(frame.lazy(), "customer_id", 4, tmp_path)]
    assert [shard.columns for shard in shards] == [["customer_id", "n"]] * 4
    assert sorted(shard.height for shard in shards) == [0, 0, 0, 1]


def shop(shuffle: random.Random | None) -> list[SourceFrame]:
    """A shop of 40 customers in three files, two of which overlap; rows shuffled when asked."""
    rng = random.Random(7)
    start = dt.datetime(2025, 1, 1)

    def times(count: int) -> list[str]:
        return [(start + dt.timedelta(hours=rng.randrange(13_000))).isoformat(" ") for _ in range(count)]

    def ids(count: int) -> list[str]:
        return [str(rng.randrange(40)) for _ in range(count)]

    tables = {
        ("customers", "customers.csv"): {
            "customer_id": [str(n) for n in range(30)] + ["3"], "email": [f"m{n % 25}@example.com" for n in range(31)],
            "city": [rng.choice(["Izmir", "Ankara", None]) for _ in range(31)], "referred_by": [*ids(31)],
            "created_at": times(31), "timezone": [rng.choice(["Europe/Paris", None]) for _ in range(31)],
        },
        ("orders", "a.csv"): {
            "order_id": [str(n) for n in range(120)], "customer_id": ids(120), "ordered_at": times(120),
            "amount": [f"{rng.randrange(9000) / 100:.2f}" for _ in range(120)],
            "status": [rng.choice(["paid", "cancelled"]) for _ in range(120)],
        },
        ("orders", "b.csv"): {
            "order_id": [str(n) for n in range(100, 160)], "customer_id": ids(60), "ordered_at": times(60),
            "amount": ["5.00"] * 60, "status": ["paid"] * 60,
        },
        ("events", "events.csv"): {
            "customer_id": ids(300), "at": times(300), "product_id": [str(rng.randrange(5)) for _ in range(300)],
            "event": [rng.choice(["view", "add_to_cart", "remove_from_cart", "checkout"]) for _ in range(300)],
        },
        ("products", "products.csv"): {"product_id": list("01234"), "price": ["1.10", "2.20", "3.30", "4.40", "5.50"]},
    }  # fmt: skip
    frames = []
    for (table, file), columns in tables.items():
        order = list(range(len(next(iter(columns.values())))))
        if shuffle is not None:
            shuffle.shuffle(order)
        frames.append(source(table, {name: [cells[i] for i in order] for name, cells in columns.items()}, file=file))
    return frames


def everything(tables: Tables) -> dict[str, pl.DataFrame]:
    found = {}
    for name, table in tables.tables.items():
        frame = table.whole.collect()
        found[name] = frame.sort([column for column, dtype in frame.schema.items() if not dtype.is_nested()])
    return found


def test_the_tables_are_the_same_with_and_without_shards_and_for_shuffled_rows(tmp_path: Path) -> None:
    expected = read(shop(None), tmp_path / "whole")
    assert {"customers", "orders", "events", "carts", "cart_items", "products"} <= set(expected.tables)
    for number, shard_count in enumerate((1, 3, 3)):
        tables = read(shop(random.Random(number)), tmp_path / str(number), shard_count=shard_count)
        assert tables.counts == expected.counts
        assert tables.shard_count == shard_count
        for name, frame in everything(tables).items():
            assert_frame_equal(frame, everything(expected)[name])


def test_a_customer_lies_in_the_shard_of_one_number_in_every_table(tmp_path: Path) -> None:
    tables = read(shop(None), tmp_path, shard_count=3)
    homes = [set(shard.select("customer_id").collect()["customer_id"]) for shard in tables["customers"].shards]
    assert not homes[0] & homes[1] and not homes[1] & homes[2] and not homes[0] & homes[2]
    for name, table in tables.tables.items():
        if table.by_person:
            for number, shard in enumerate(table.shards):
                assert set(shard.select("customer_id").collect()["customer_id"]) <= homes[number], name
