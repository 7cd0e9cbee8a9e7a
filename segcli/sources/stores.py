"""The store nearest to a customer: by coordinates, else in the same city, else in the same region."""

from __future__ import annotations

import polars as pl

from segcli.sources.tables import CANONICAL

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


def with_nearest_store(people: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
    """Adds `nearest_store`, `nearest_store_name` and `nearest_store_km` (great circle, to the metre).

    Of stores equally near, or in one city or region, the smallest store_id; without coordinates the
    distance is null. `people` has latitude, longitude, city, region, country; what
    `stores` lacks of its columns is null.
    """
    absent = {name: dtype for name, dtype in CANONICAL["stores"].items() if name not in stores.columns}
    stores = stores.sort("store_id").with_columns(pl.lit(None, dtype).alias(name) for name, dtype in absent.items())
    found = people.select("latitude", "longitude", "city", "region", "country")
    found = found.join(_by_coordinates(found, stores), on=["latitude", "longitude"], how="left", maintain_order="left")
    choices = [pl.col("nearest_store")]
    for place in ("city", "region"):
        for with_country in (True, False):
            keys = [place, *(["country"] if with_country else [])]
            found = _by_name(found, stores, keys, f"__{'_'.join(keys)}")
            choice = pl.col(f"__{'_'.join(keys)}")
            # A namesake abroad is another place.
            choices.append(choice if with_country else pl.when(pl.col("country").is_null()).then(choice))
    found = found.select(pl.coalesce(choices).alias("nearest_store"), "nearest_store_km")
    names = stores.select(nearest_store="store_id", nearest_store_name="name")
    return people.with_columns(found.join(names, on="nearest_store", how="left", maintain_order="left"))


def _by_name(people: pl.DataFrame, stores: pl.DataFrame, keys: list[str], result: str) -> pl.DataFrame:
    folded = [pl.col(key).str.to_lowercase().str.strip_chars().alias(f"{result}_{key}") for key in keys]
    names = [f"{result}_{key}" for key in keys]
    chosen = stores.with_columns(folded).drop_nulls(names).group_by(names).agg(pl.col("store_id").min().alias(result))
    return people.with_columns(folded).join(chosen, on=names, how="left", maintain_order="left")


def _by_coordinates(people: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
    places = people.select("latitude", "longitude").drop_nulls().unique()
    north = pl.col("latitude").radians()
    result = places.with_columns(
        nearest_store=pl.lit(None, pl.String), nearest_store_km=pl.lit(None, pl.Float64),
        __north=north, __radius=north.cos(),
    )  # fmt: skip
    located = stores.drop_nulls(["latitude", "longitude"])
    # One store at a time over all places at once: no table of every place with every store.
    for store_id, latitude, longitude in located.select("store_id", "latitude", "longitude").iter_rows():
        away = pl.col("__away")
        nearer = pl.col("nearest_store_km").is_null() | (away < pl.col("nearest_store_km"))
        result = result.with_columns(__away=_distance(latitude, longitude).round(3)).with_columns(
            nearest_store=pl.when(nearer).then(pl.lit(store_id)).otherwise("nearest_store"),
            nearest_store_km=pl.when(nearer).then(away).otherwise("nearest_store_km"),
        )
    return result.select("latitude", "longitude", "nearest_store", "nearest_store_km")


def _distance(latitude: float, longitude: float) -> pl.Expr:
    """Kilometres on the great circle (haversine) from each row's place to the one given in degrees."""
    there = pl.lit(latitude).radians()
    up = (pl.col("__north") - there) / 2
    across = (pl.col("longitude") - longitude).radians() / 2
    chord = up.sin() ** 2 + pl.col("__radius") * there.cos() * across.sin() ** 2
    return 2 * EARTH_RADIUS_KM * pl.min_horizontal(chord.sqrt(), pl.lit(1.0)).arcsin()
