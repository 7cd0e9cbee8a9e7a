"""What messages may name of a recipient, whatever of it is missing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

import polars as pl
import pytest

from segcli.campaigns.products import PRODUCT
from segcli.messages.context import OF_MESSAGE, ShopFacts, context_of
from segcli.messages.links import link_parameters
from segcli.messages.model import Source
from segcli.messages.rendering import render
from segcli.messages.templates import check_source
from segcli.problems import Place, Problems
from segcli.project.message_models import Links, MessageSettings, Sender

SETTINGS = MessageSettings(
    sender=Sender("hello@kettle.example", Place("segcli.yaml"), address="1 Example Street"),
    links=Links(shop="https://kettle.example", survey="https://kettle.example/s"),
)
SHOP = ShopFacts("Kettle", "USD", "en_US", SETTINGS, b"k" * 64, dt.datetime(2026, 6, 30, 9))
CUP: dict[str, Any] = {
    **dict.fromkeys(field.name for field in PRODUCT.fields), "product_id": "cup", "name": "Cup",
    "price": Decimal("9.50"), "url": "https://kettle.example/cup",
}  # fmt: skip


def context(shop: ShopFacts = SHOP, **people: list[Any]) -> pl.DataFrame:
    ids = people.setdefault("customer_id", ["a", "b"])
    rows = pl.DataFrame(
        {"customer_id": ids, "reward": ["percent"] * len(ids), "code": [None] * len(ids), "campaign": "winback",
         "products": [[CUP, {**CUP, "url": None}], *([None] * (len(ids) - 1))]},
        schema_overrides={"products": pl.List(PRODUCT), "code": pl.String},
    )  # fmt: skip
    links = shop.settings.links
    parameters = link_parameters(links.shop, links.utm, "t", campaign="winback", step="one", medium="email")
    return context_of(rows, pl.DataFrame(people), shop, parameters)


def test_every_name_of_a_message_is_there_with_its_type() -> None:
    found = context(first_name=["Ada", None])
    assert {name: found.schema[name] for name in OF_MESSAGE} == dict(OF_MESSAGE)
    assert found["first_name"].to_list() == ["Ada", None]
    assert found["offer_reward"].to_list() == ["percent", "percent"]


@pytest.mark.parametrize("path", ["columnar", "jinja"])
def test_the_moments_of_expressions_are_names_of_messages_too(path: Literal["columnar", "jinja"]) -> None:
    text = (
        "{{ as_of|date }} {{ as_of|time }} {{ as_of }} {{ today|date('d MMMM') }} {{ today }} {{ this_week }} "
        "{{ this_month|date('MMMM') }}{% if last_order_day < today and last_order_at < as_of %} late{% endif %}"
    )
    before: dict[str, Any] = {
        "last_order_day": [dt.date(2026, 6, 29), None],
        "last_order_at": [dt.datetime(2026, 6, 30, 8), None],
    }
    frame = context(**before)
    problems = Problems()
    template = check_source(Source(text, False, ()), frame.schema, problems)
    assert template is not None, [*problems]
    shown = "Jun 30, 2026 9:00\u202fAM 2026-06-30 09:00:00 30 June 2026-06-30 2026-06-29 June"
    assert render(template, frame, path=path).values.to_list() == [f"{shown} late", shown]


def test_recipients_stay_in_the_order_of_the_rows_and_tokens_are_their_own() -> None:
    found = context(customer_id=["z", "b", "a"], first_name=["Zoe", "Ben", "Ada"])
    assert found["customer_id"].to_list() == ["z", "b", "a"]
    assert found["token"].n_unique() == 3
    assert found["token"].str.contains("^[0-9a-f]{32}$").all()
    other = context(replace(SHOP, key=b"x" * 64), customer_id=["z", "b", "a"])
    assert set(other["token"]).isdisjoint(found["token"])


def test_links_to_the_shop_are_tagged_those_of_products_too() -> None:
    found = context()
    token = found["token"][0]
    tags = f"utm_source=segcli&utm_medium=email&utm_campaign=winback&utm_content=one&t={token}"
    assert found["shop_url"][0] == f"https://kettle.example?{tags}"
    assert [product["url"] for product in found["products"][0]] == [f"https://kettle.example/cup?{tags}", None]
    assert found["products"][1] is None


def test_the_pages_of_the_shop_get_parameters_and_token_but_the_one_to_say_stop_at_the_token_alone() -> None:
    links = Links(
        shop="https://kettle.example",
        unsubscribe="https://kettle.example/stop",
        help="https://kettle.example/help",
        survey="https://kettle.example/s?three=1#first",
        referral="https://www.kettle.example/r/{token}/new",
        subscribe="https://kettle.example/in?utm_source=mail",
    )
    found = context(replace(SHOP, settings=replace(SETTINGS, links=links)))
    token = found["token"][0]
    utm = "utm_source=segcli&utm_medium=email&utm_campaign=winback&utm_content=one"
    assert found["help_url"][0] == f"https://kettle.example/help?{utm}&t={token}"
    assert found["survey_url"][0] == f"https://kettle.example/s?three=1&{utm}&t={token}#first"
    assert found["referral_url"][0] == f"https://www.kettle.example/r/{token}/new?{utm}"
    assert found["subscribe_url"][0] == f"https://kettle.example/in?utm_source=mail&t={token}"
    assert found["unsubscribe_url"][0] == f"https://kettle.example/stop?t={token}"


def test_pages_of_others_get_the_token_alone() -> None:
    links = Links(shop="https://kettle.example", survey="https://forms.example/s", referral="https://forms.example/r")
    found = context(replace(SHOP, settings=replace(SETTINGS, links=links)))
    assert found["survey_url"][0] == f"https://forms.example/s?t={found['token'][0]}"
    assert found["referral_url"][0] == f"https://forms.example/r?t={found['token'][0]}"


def test_without_a_page_to_say_stop_at_there_is_an_address() -> None:
    found = context()
    assert found["unsubscribe_url"][0] == f"mailto:hello@kettle.example?subject=unsubscribe%20{found['token'][0]}"


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [("tr", "TR", "tr_TR"), ("tr-TR", None, "tr"), (None, "US", "en_US"), (None, None, "en_US"), ("xx", "QQ", "en_US"),
     ("de", "AT", "de_AT"), ("zh", "TW", "zh_Hant_TW")],
)  # fmt: skip
def test_the_locale_is_the_language_with_the_country(language: str | None, country: str | None, expected: str) -> None:
    found = context(customer_id=["a"], language=[language], country=[country])
    assert found["locale"].to_list() == [expected]
