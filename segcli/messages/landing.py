"""Landing pages that match a message: what they may name, where each recipient's page is, and what is shown on it.

A page shows the products and the offer of its message, and never says whose they are: whoever has the link can read it.
There is one for all recipients of a step and locale, or one each under a name that nobody can guess.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl
import polars_hash as plh

from segcli.campaigns.codes import WHOSE
from segcli.fields.expressions.names import MOMENTS

# What a page may name. Whatever else a message knows of its recipient stays out of it.
OF_STEP = frozenset(
    {"campaign", "step", "message", "shop", "currency", "locale", "language", "sender_address", "shop_url", "help_url"}
    | MOMENTS
)
OFFER = ("offer_reward", "offer_value", "coupon_code", "coupon_expires_at")
PAGE_NAMES = OF_STEP | {*OFFER, "products", "variant", "send_at", "landing_url"}
OF_ONE_RECIPIENT = PAGE_NAMES | {"referral_url"}
FEWEST_SHARING = 2  # recipients with one value: below, it could be somebody's own
NAME_DIGITS = 32  # hexadecimal, of a recipient's page: 128 bits
_FOLDERS = (1, 2)  # digits of the two folders above a page: 2 million pages are about 490 in each of 4,096
PATH = r"^(?:[0-9a-f]/[0-9a-f]{2}/[0-9a-f]{29}|[A-Za-z0-9_-]+/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_]+)?)\.html$"


def page_names(*, per_recipient: bool) -> frozenset[str]:
    """What a page may name."""
    return OF_ONE_RECIPIENT if per_recipient else PAGE_NAMES


def page_paths(frame: pl.DataFrame, key: bytes | None = None) -> pl.Series:
    """Where each recipient's page is inside the published folder, as `path`; the same in every run.

    With a `key` each has their own: the first 128 bits of HMAC-SHA256 of campaign, step, series and customer_id, which
    the frame has. Without it all of one campaign, step and locale share one; only those three are needed then.
    """
    if key is None:
        locale = pl.col("locale").str.replace_all(r"[^A-Za-z0-9_]", "_")
        behind = pl.when(locale.is_null()).then(pl.lit("")).otherwise(pl.concat_str(pl.lit("."), locale))
        shared = pl.concat_str("campaign", pl.lit("/"), "step", behind, pl.lit(".html"))
        return frame.select(shared.alias("path")).to_series()
    # The lengths make sure that no two messages have the same text; the first word, that no code is part of a name.
    parts = [part for name in (*WHOSE, "step") for part in (pl.col(name).str.len_bytes(), pl.lit(":"), pl.col(name))]
    digest: pl.Expr = plh.concat_str([pl.lit("landing:"), *parts]).chash.hmac_sha256(key=key.decode())
    named = frame.select(name=digest.str.head(NAME_DIGITS))
    name, (first, second) = pl.col("name"), _FOLDERS
    path = pl.concat_str(
        name.str.head(first), name.str.slice(first, second), name.str.slice(first + second), separator="/"
    )
    return named.select(pl.concat_str(path, pl.lit(".html")).alias("path")).to_series()


def landing_urls(frame: pl.DataFrame, base_url: str, key: bytes | None = None) -> pl.Series:
    """Each recipient's `landing_url`: their page in the folder that is published as `base_url`. See `page_paths`."""
    paths = page_paths(frame, key)
    base = pl.lit(base_url.rstrip("/") + "/")
    return paths.to_frame().select(pl.concat_str(base, "path").alias("landing_url")).to_series()


def recipients_pages(context: pl.DataFrame, paths: pl.Series) -> pl.DataFrame:
    """A page for each recipient, in order: customer_id, path, and what the page may name of `context`."""
    return context.select("customer_id", paths.alias("path"), *_allowed(context, OF_ONE_RECIPIENT))


def shared_pages(
    context: pl.DataFrame, paths: pl.Series, products: int | None = None, token: str | None = None
) -> pl.DataFrame:
    """A page for all who share a path, by path: `path`, and what a page may name of `context` with one value for them.

    What is of the offer, and `variant` and `send_at`, is null unless at least two recipients have it and all have the
    same. Products are those that most of them have (as many as the longest of their lists, or `products`), ties by
    place in the lists and id. The parameter `token` is taken out of links: it is one recipient's own.
    """
    names = [name for name in _allowed(context, PAGE_NAMES) if name != "products"]
    rows = context.with_columns(paths.alias("path"))
    links = [name for name in names if name.endswith("_url")]
    if token is not None:
        rows = rows.with_columns(without_parameter(pl.col(name), token) for name in links)
    values = [pl.when(_is_shared(name)).then(pl.col(name).first()).alias(name) for name in names]
    pages = rows.group_by("path").agg(values).sort("path")
    if "products" not in context.columns:
        return pages
    shown = _shared_products(rows.select("path", "products"), products, token)
    return pages.join(shown, on="path", how="left", maintain_order="left").with_columns(
        pl.col("products").fill_null(pl.lit([], context.schema["products"]))
    )


def _is_shared(name: str) -> pl.Expr:
    one = pl.col(name).n_unique() == 1
    return one if name in {*OF_STEP, "landing_url"} else one & (pl.len() >= FEWEST_SHARING)


def without_parameter(url: pl.Expr, name: str) -> pl.Expr:
    """Links without one parameter of their query."""
    pair = rf"{_escaped(name)}=[^&#]*"
    return url.str.replace_all(rf"&{pair}", "").str.replace(rf"\?{pair}&", "?").str.replace(rf"\?{pair}", "")


def _shared_products(rows: pl.DataFrame, most: int | None, token: str | None) -> pl.DataFrame:
    """path and products: of those who share a path the products that most of them have."""
    filled = rows.filter(pl.col("products").list.len() > 0)
    sizes = filled.group_by("path").agg(most=pl.col("products").list.len().max())
    each = filled.with_columns(place=pl.int_ranges(pl.col("products").list.len())).explode("products", "place")
    if token is not None:
        product = pl.col("products")
        url = without_parameter(product.struct.field("url"), token)
        each = each.with_columns(product.struct.with_fields(url.alias("url")))
    each = each.with_columns(id=pl.col("products").struct.field("product_id"))
    counted = each.group_by("path", "id").agg(
        count=pl.len(), place=pl.col("place").mean(), products=pl.col("products").sort_by("place").first()
    )
    ordered = counted.sort("path", "count", "place", "id", descending=[False, True, False, False])
    limit = pl.col("most").first() if most is None else pl.lit(most)
    chosen = ordered.join(sizes, on="path", how="left", maintain_order="left")
    return chosen.group_by("path", maintain_order=True).agg(pl.col("products").head(limit))


def _allowed(context: pl.DataFrame, names: Collection[str]) -> list[str]:
    return [name for name in context.columns if name in names]


def _escaped(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_" else f"\\{letter}" for letter in name)
