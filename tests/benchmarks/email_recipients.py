"""Made-up recipients of a Turkish shop's email with three products each, the same ones every time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

SLICE = 20_000  # recipients in a file, as many as segcli renders at a time
FIRST_NAMES = (
    "Ayşe", "Çağrı", "Elif", "Gökçe", "İpek", "Kıvanç", "Mehmet", "Nilüfer", "Özgür", "Şükrü", "Tuğba", "Ümit",
    "Zeynep", "Deniz", "Ada", "Yiğit",
)  # fmt: skip
LAST_NAMES = ("Yılmaz", "Öztürk", "Çelik", "Şahin", "Güneş", "Aydın", "Kaya", "Işık", "Doğan")
CITIES = ("İstanbul", "Ankara", "İzmir", "Muğla", "Çanakkale", "Şanlıurfa")
CATALOGUE, SHOWN = 2_000, 3
SENT_AT = dt.datetime(2026, 3, 9, 7, 0)
SHOP = {
    "shop": "Örnek Mağaza",
    "currency": "TL",
    "shop_url": "https://shop.example/",
    "sender_address": "Örnek Mağaza A.Ş., Gül Sokak 1, 34000 İstanbul",
}


def write_recipients(folder: Path, count: int) -> None:
    """`<folder>/0000.parquet` and so on, with SLICE recipients each."""
    folder.mkdir(parents=True)
    catalogue = _catalogue()
    for number, first in enumerate(range(0, count, SLICE)):
        people = pl.int_range(first, min(first + SLICE, count), eager=True).alias("n").to_frame()
        _recipients(people, catalogue).write_parquet(folder / f"{number:04}.parquet", compression="lz4")


def _recipients(people: pl.DataFrame, catalogue: pl.Series) -> pl.DataFrame:
    n = pl.col("n")
    numbers = people.select(pl.concat_list((n * 7 + place * 611 + n // 50) % CATALOGUE for place in range(SHOWN)))
    shown = numbers.to_series().explode()
    products = (
        pl.DataFrame({"n": people["n"].gather(pl.int_range(len(shown), eager=True) // SHOWN)})
        .with_columns(catalogue.gather(shown).alias("products"))
        .group_by("n", maintain_order=True)
        .agg("products")
    )
    return people.join(products, on="n", maintain_order="left").select(
        pl.format("C{}", n + 100_000).alias("customer_id"),
        pl.format("musteri{}@example.com", n).alias("email"),
        pl.when(n % 50 != 7).then(_one_of(FIRST_NAMES, n * 5)).alias("first_name"),
        _one_of(LAST_NAMES, n * 11).alias("last_name"),
        _one_of(CITIES, n * 3).alias("city"),
        (n * 37 % 400).alias("points"),
        pl.when(n % 2 == 0).then(pl.format("BACK-{}", n * 7919 % 1_000_003)).alias("coupon_code"),
        pl.format("https://shop.example/l/{}?utm_source=segcli&utm_campaign=winback", n * 7919).alias("landing_url"),
        pl.format("https://shop.example/u/{}", n * 104_729).alias("unsubscribe_url"),
        "products",
        *(pl.lit(value).alias(name) for name, value in SHOP.items()),
        pl.lit(SENT_AT).alias("send_at_utc"),
        pl.format("2026-03-09T0700/winback/first/C{}", n + 100_000).alias("key"),
    )


def _one_of(words: tuple[str, ...], number: pl.Expr) -> pl.Expr:
    return (number % len(words)).replace_strict(dict(enumerate(words)), return_dtype=pl.String)


def _catalogue() -> pl.Series:
    n = pl.int_range(CATALOGUE, dtype=pl.Int64)
    return pl.select(
        product=pl.struct(
            pl.format("P{}", n + 1000).alias("product_id"),
            pl.format("Yürüyüş ayakkabısı {}", n).alias("name"),
            pl.format("https://shop.example/p/{}", n).alias("url"),
            pl.format("https://cdn.example/{}.jpg", n).alias("image_url"),
            (n * 37 % 900 + 99.9).round(2).alias("price"),
            pl.format("Ayakkabı {}", n % 24).alias("category"),
            pl.format("Doğa {}", n % 80).alias("brand"),
            (n % 5 * 0.5 + 2.5).alias("rating"),
            pl.lit("Bir gün erken geldi, tam olarak anlatıldığı gibi.").alias("review"),
            (n % 9 + 1).alias("stock"),
            (n % 9 < 3).alias("low_stock"),
        )
    ).to_series()
