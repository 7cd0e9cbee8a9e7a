"""What a message may name: one row per recipient with their fields, the products and the offer they get, and links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import polars_hash as plh
from babel import Locale, UnknownLocaleError

from segcli.campaigns.products import PRODUCT
from segcli.fields.expressions.names import days_of
from segcli.messages.landing import landing_urls, page_paths
from segcli.messages.links import LinkParameters, tagged, with_token, with_utm
from segcli.messages.model import OF_CUSTOMER
from segcli.project.message_models import MessageSettings


def plain_type(dtype: pl.DataType) -> pl.DataType:
    """The type that a value has in messages: amounts are numbers like all others, kinds are text."""
    if dtype.is_decimal():
        return pl.Float64()
    return pl.String() if isinstance(dtype, pl.Enum | pl.Categorical) else dtype


def row_type(columns: Mapping[str, pl.DataType]) -> pl.Struct:
    """What a message may name of a row of a table with these columns."""
    return pl.Struct({name: plain_type(dtype) for name, dtype in columns.items()})


_PRODUCT_TYPES = pl.Schema({each.name: each.dtype for each in PRODUCT.fields})
PRODUCTS = pl.List(pl.Struct({name: plain_type(dtype) for name, dtype in _PRODUCT_TYPES.items()}))
TOKEN_DIGITS = 32  # hexadecimal: 128 bits
# What every message may name besides the customer's fields: name -> type.
OF_MESSAGE: Mapping[str, pl.DataType] = {
    "products": PRODUCTS,
    "offer_reward": pl.String(), "offer_value": pl.Float64(), "coupon_code": pl.String(),
    "coupon_expires_at": pl.Datetime("us"),
    "campaign": pl.String(), "step": pl.String(), "message": pl.String(), "variant": pl.String(),
    "send_at": pl.Datetime("us"),
    "shop": pl.String(), "currency": pl.String(), "locale": pl.String(), "sender_address": pl.String(),
    "preheader": pl.String(),
    "as_of": pl.Datetime("us"), "today": pl.Date(), "this_week": pl.Date(), "this_month": pl.Date(),
    "shop_url": pl.String(), "landing_url": pl.String(), "unsubscribe_url": pl.String(), "help_url": pl.String(),
    "referral_url": pl.String(), "survey_url": pl.String(), "subscribe_url": pl.String(), "token": pl.String(),
}  # fmt: skip
# Columns of decided steps -> names in messages, where they differ.
_OF_STEP = {"reward": "offer_reward", "code": "coupon_code", "code_expires_at": "coupon_expires_at"}


@dataclass(frozen=True)
class ShopFacts:
    """What is the same for every recipient; `key` is the secret that tokens are made with."""

    shop: str
    currency: str | None
    locale: str
    settings: MessageSettings
    key: bytes
    as_of: dt.datetime  # naive, in the project's timezone


def context_of(rows: pl.DataFrame, people: pl.DataFrame, shop: ShopFacts, parameters: LinkParameters) -> pl.DataFrame:
    """One row per row of `rows` (decided steps of one campaign and step) in their order: customer_id, the columns of
    `people`, and OF_MESSAGE.

    `people` has customer_id and the fields that messages name, each customer once; a name of the message goes
    before a field of that name.
    """
    given = rows.rename({old: new for old, new in _OF_STEP.items() if old in rows.columns})
    known = [name for name in OF_MESSAGE if name in given.columns]
    theirs = people.drop(*OF_MESSAGE, strict=False)
    theirs = theirs.cast({name: plain_type(dtype) for name, dtype in theirs.schema.items()})
    frame = given.select("customer_id", *known).join(theirs, on="customer_id", how="left", maintain_order="left")
    absent = {**OF_MESSAGE, **dict.fromkeys(OF_CUSTOMER, pl.String())}
    frame = frame.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in absent.items() if name not in frame.columns
    )
    frame = frame.with_columns(
        tokens(shop.key), locales(frame, shop.locale),
        pl.lit(shop.shop).alias("shop"), pl.lit(shop.currency, pl.String).alias("currency"),
        pl.lit(shop.as_of, pl.Datetime("us")).alias("as_of"),
        *(pl.lit(day, pl.Date).alias(name) for name, day in days_of(shop.as_of).items()),
    )  # fmt: skip
    frame = frame.with_columns(_links(shop.settings, parameters))
    return _with_tagged_products(frame, parameters)


def with_landing_urls(context: pl.DataFrame, shop: ShopFacts, series: pl.Series) -> pl.DataFrame:
    """The context with the address of each recipient's landing page, where the project publishes pages."""
    base = shop.settings.links.landing
    if base is None:
        return context
    key = shop.key if shop.settings.landing_per_recipient else None
    return context.with_columns(landing_urls(context.with_columns(series.alias("series")), base, key))


def landing_paths(context: pl.DataFrame, shop: ShopFacts, series: pl.Series) -> pl.Series:
    """Where those pages are inside the published folder."""
    key = shop.key if shop.settings.landing_per_recipient else None
    return page_paths(context.with_columns(series.alias("series")), key)


def tokens(key: bytes) -> pl.Expr:
    """A name of the recipient that nobody can guess, and that says nothing of them: HMAC-SHA256 of customer_id."""
    secret: pl.Expr = plh.concat_str(pl.lit("recipient:"), pl.col("customer_id")).chash.hmac_sha256(key=key.decode())
    return secret.str.head(TOKEN_DIGITS).alias("token")


def locales(frame: pl.DataFrame, default: str) -> pl.Series:
    """Each recipient's locale, such as tr_TR: their language with their country where that is one that Babel knows."""
    pairs = frame.select(OF_CUSTOMER).unique()
    found = pairs.with_columns(
        locale=pl.Series(
            [_locale(language, country, default) for language, country in pairs.iter_rows()], dtype=pl.String
        )
    )
    return frame.select(*OF_CUSTOMER).join(
        found, on=OF_CUSTOMER, how="left", nulls_equal=True, maintain_order="left"
    )["locale"]  # fmt: skip


def _locale(language: str | None, country: str | None, default: str) -> str:
    own, _, home = default.partition("_")
    spoken = (language or own).replace("-", "_").split("_")[0].lower()
    for name in (f"{spoken}_{country}" if country else None, f"{spoken}_{home}" if home else None, spoken):
        try:
            if name is not None:
                return str(Locale.parse(name))
        except (UnknownLocaleError, ValueError):
            continue
    return default


def _links(settings: MessageSettings, parameters: LinkParameters) -> list[pl.Expr]:
    links, sender = settings.links, settings.sender
    found = [pl.lit(sender.address if sender else None, pl.String).alias("sender_address")]
    if links.shop:
        found.append(tagged(pl.lit(links.shop), parameters).alias("shop_url"))
        found.append(pl.coalesce("landing_url", tagged(pl.lit(links.shop), parameters)).alias("landing_url"))
    if links.help:
        found.append(tagged(pl.lit(links.help), parameters).alias("help_url"))
    if links.unsubscribe:
        # Mail programs call it by themselves: what analytics count as a visit is none.
        found.append(with_token(links.unsubscribe, links.token).alias("unsubscribe_url"))
    found += [
        with_token(with_utm(url, parameters), links.token).alias(f"{name}_url")
        for name in ("subscribe", "referral", "survey")
        if (url := getattr(links, name))
    ]
    if not links.unsubscribe and sender:
        # An address is always there to say stop to.
        found.append(
            pl.concat_str(pl.lit(f"mailto:{sender.reply_to or sender.email}?subject=unsubscribe%20"), "token")
            .alias("unsubscribe_url")
        )  # fmt: skip
    return found


def _with_tagged_products(frame: pl.DataFrame, parameters: LinkParameters) -> pl.DataFrame:
    """The frame with parameters behind the products' links."""
    frame = frame.with_columns(pl.col("products").cast(PRODUCTS))
    if parameters.host is None or frame["products"].null_count() == frame.height:
        return frame
    rows = frame.select("token", "products").with_row_index("row")
    each = rows.filter(pl.col("products").list.len() > 0).explode("products")
    product = pl.col("products")
    url = each.with_columns(url=product.struct.field("url")).select(tagged(pl.col("url"), parameters)).to_series()
    each = each.with_columns(product.struct.with_fields(url.alias("url")))
    lists = each.group_by("row", maintain_order=True).agg("products")
    joined = rows.select("row", empty="products").join(lists, on="row", how="left", maintain_order="left")
    return frame.with_columns(joined.select(pl.coalesce("products", "empty")).to_series().alias("products"))
