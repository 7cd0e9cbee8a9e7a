import csv
import datetime as dt
import hashlib
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from segcli.exports.coupons import COUPONS, coupons_of, write_coupons

AS_OF = dt.datetime(2026, 6, 30, 7)
NOON = dt.datetime(2026, 6, 30, 12)
DAY = dt.timedelta(days=1)
SENDS = {
    "campaign": pl.String, "step": pl.String, "customer_id": pl.String, "reward": pl.String, "offer_value": pl.Float64,
    "code": pl.String, "code_pool": pl.String, "code_expires_at": pl.Datetime("us"), "offer_since": pl.Datetime("us"),
    "code_uses": pl.Int64,
}  # fmt: skip


def send(
    customer: str, code: str | None, reward: str = "percent", value: float | None = 20.0, pool: str | None = None,
    expires: dt.datetime | None = NOON + DAY, since: dt.datetime = NOON, uses: int | None = 1,
) -> tuple[object, ...]:  # fmt: skip
    return ("winback", "last", customer, reward, value, code, pool, expires, since, uses)


def coupons(*sends: tuple[object, ...]) -> pl.DataFrame:
    return coupons_of(pl.DataFrame(sends, SENDS, orient="row"), AS_OF, "EUR")


def written(folder: Path, frame: pl.DataFrame) -> dict[str, str]:
    files = write_coupons(folder, ".", frame, "Europe/Istanbul", shopify=True)
    for file in files:
        content = (folder / file.path).read_bytes()
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert file.bytes == len(content)
    return {Path(file.path).name: (folder / file.path).read_text("utf-8") for file in files}


def test_every_code_is_there_once_with_whom_it_is_for_and_until_when(tmp_path: Path) -> None:
    frame = coupons(
        send("b", "BACK-2"),
        send("a", "BACK-1", "amount", 5.5, since=AS_OF - DAY, expires=None),
        send("c", None),
        send("e", "SPRING", "free_shipping", None, expires=NOON + 2 * DAY, uses=None),
        send("d", "SPRING", "free_shipping", None, uses=None),
        send("f", "P1", "gift", None, pool="codes.csv"),
    )
    assert dict(frame.schema) == dict(COUPONS)
    assert written(tmp_path, frame)["coupons.csv"] == (
        "code,reward,value,currency,starts_at,expires_at,campaign,step,usage_limit,customer_id\n"
        "BACK-1,amount,5.5,EUR,2026-06-29T07:00:00,,winback,last,1,a\n"
        "BACK-2,percent,20,,2026-06-30T07:00:00,2026-07-01T12:00:00,winback,last,1,b\n"
        "P1,gift,,,2026-06-30T07:00:00,2026-07-01T12:00:00,winback,last,1,f\n"
        "SPRING,free_shipping,,,2026-06-30T07:00:00,2026-07-02T12:00:00,winback,last,,\n"
    )


def test_shopify_is_told_of_the_discounts_that_it_knows_and_has_not(tmp_path: Path) -> None:
    frame = coupons(
        send("a", "BACK-1"),
        send("b", "BACK-2", "amount", 5.5, expires=None),
        send("c", "SPRING", "free_shipping", None, uses=None),
        send("d", "GIFT", "gift", None),
        send("e", "POOL", pool="codes.csv"),
        send("f", "NONE", value=None),
        send("g", "MUCH", value=150.0),
        send("h", "ZERO", "amount", 0.0),
    )
    assert written(tmp_path, frame)["shopify-discounts.csv"] == (
        "Title,Command,Code,Method,Type,Value Type,Value,Limit Total Times,Limit One Use Per Customer,"
        "Starts At,Ends At\n"
        "BACK-1,MERGE,BACK-1,Code,Amount off Order,Percentage,20.00,1,FALSE,"
        "2026-06-30 04:00:00 +0000,2026-07-01 09:00:00 +0000\n"
        "BACK-2,MERGE,BACK-2,Code,Amount off Order,Fixed Amount,5.50,1,FALSE,2026-06-30 04:00:00 +0000,\n"
        "SPRING,MERGE,SPRING,Code,Free Shipping,,,,TRUE,2026-06-30 04:00:00 +0000,2026-07-01 09:00:00 +0000\n"
    )


def test_a_code_that_all_share_does_not_end_while_somebody_may_use_it_for_ever() -> None:
    frame = coupons(send("a", "SPRING", uses=None), send("b", "SPRING", uses=None, expires=None))
    assert frame.select("code", "expires_at", "customer_id").rows() == [("SPRING", None, None)]


def test_no_codes_no_files(tmp_path: Path) -> None:
    assert write_coupons(tmp_path, ".", coupons(send("a", None)), "UTC", shopify=True) == []
    assert list(tmp_path.iterdir()) == []
    only_plain = coupons(send("a", "G1", "gift", None))
    assert [Path(file.path).name for file in write_coupons(tmp_path, ".", only_plain, "UTC", shopify=True)] == [
        "coupons.csv"
    ]


def test_cells_that_a_spreadsheet_would_run_are_neutralised(tmp_path: Path) -> None:
    for name, text in written(tmp_path, coupons(send('=1+"x,y"', "=cmd()"))).items():
        (row,) = csv.DictReader(text.splitlines())
        assert (row.get("code") or row["Code"]) == "'=cmd()"
        if name == "coupons.csv":
            assert row["customer_id"] == '\'=1+"x,y"'


def test_the_order_of_messages_does_not_matter() -> None:
    sends = [send("b", "B"), send("a", "A"), send("d", "S", uses=None), send("c", "S", uses=None, expires=None)]
    assert_frame_equal(coupons(*sends), coupons(*sends[::-1]))
