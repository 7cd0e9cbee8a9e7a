"""Every key that a test.yaml may have: read by the validation, and by the schema for editors."""

from __future__ import annotations

from typing import Any

from segcli.project.names import NAME_PATTERN
from segcli.project.project_keys import PROJECT
from segcli.project.shapes import EitherOf, Key, ListOf, MappingOf, Placed, Shape
from segcli.project.values import Text
from segcli.recipe_testing.kinds import (
    MOMENT_PATTERN,
    AsWritten,
    At,
    Line,
    Names,
    Nobody,
    PartlyRead,
    Texts,
    Value,
    is_moment,
    is_own_table,
    mapping_of,
)

OWN_TABLE = Shape(
    "a table of your own", "How a table of your own is joined to customers.",
    (Key("by", Text("a column of customers", NAME_PATTERN), "For a lookup: what joins it to customers."),
     Key("time", Text("a column's name", NAME_PATTERN), "The column that says when a row happened.")),
)  # fmt: skip
# What a test says in other ways.
_MOVED = {
    "as_of": "The moments stand under 'at'.",
    "recipes": "'recipes' stands at the file's top.",
    "output": "A test writes into a folder that is removed again.",
    "history": "A test begins without a history, and its moments make one.",
    "max_rejected": "Every row of a test has to be readable.",
}
SETTINGS = Shape(
    "settings", "What is so in the shop of the tests, as in a segcli.yaml.",
    (Key("sources", MappingOf(OWN_TABLE, "tables of your own", is_own_table),
         "Tables of your own: support: {time: opened_at}, weather: {by: city}."),
     *(key for key in PROJECT.keys if key.name not in {*_MOVED, "sources"})),
    moved=_MOVED,
)  # fmt: skip

_ROWS = "tables and rows, such as orders: [{order_id: 1, customer_id: ada, ordered_at: 2026-03-01, amount: 40}]"
_GIVEN = AsWritten(f"a mapping of {_ROWS}", "The rows of each table.")

COUPON = Shape(
    "a coupon", "What a customer is offered; only the keys that stand here are compared.",
    (Key("reward", Line(), "The reward: percent, amount, free_shipping ... ; null for no offer."),
     Key("value", Value(), "Its value, such as 20."),
     Key("code", Line(), "The code, where it is known before: a fixed one, or one of a pool."),
     Key("code_starts_with", Line(), "How a unique code begins: the offer's prefix."),
     Key("valid_until", At(), "When it expires, on the shop's clocks.")),
    any_of=("reward", "value", "code", "code_starts_with", "valid_until"),
)  # fmt: skip
MESSAGE = Shape(
    "a message", "What a customer reads; only the keys that stand here are compared.",
    (Key("subject", Line(), "The whole subject."),
     Key("preheader", Line(), "The whole preheader."),
     Key("version", Line(), "Which file it is: tr of hello.tr.md, b of hello.b.md, b.tr of both; plain of hello.md."),
     Key("text_contains", Texts(), "What the text part holds, whatever the line breaks."),
     Key("text_lacks", Texts(), "What the text part does not hold."),
     Key("html_contains", Texts(), "What the HTML part holds."),
     Key("html_lacks", Texts(), "What the HTML part does not hold.")),
    any_of=("subject", "preheader", "version", "text_contains", "text_lacks", "html_contains", "html_lacks"),
)  # fmt: skip


def _of_steps(kind: Any, says: str) -> MappingOf:
    """campaign -> step -> customer -> what is expected."""
    return mapping_of(mapping_of(mapping_of(kind, f"customers and {says}"), f"steps and {says}"), "campaigns")


_CUSTOMERS = Names("a list of customers")
PEOPLE = EitherOf(_CUSTOMERS, _CUSTOMERS, mapping_of(At(), "customers and times of sending"))
DUE = mapping_of(EitherOf(several=Nobody(), keyed=mapping_of(PEOPLE, "steps and customers")), "campaigns and steps")
MOMENT = PartlyRead(
    "a moment", "What is expected of the run as of that moment.",
    (Key("given", _GIVEN, "Rows that come with this moment; a customer, product, order or cart of an id that is "
         "there already changes."),
     Key("fields", mapping_of(mapping_of(Value(), "fields and values"), "customers and fields"),
         "Customers and the values of their fields; only the fields that stand here are compared."),
     Key("segments", mapping_of(Names("a list of members"), "segments and members"),
         "Segments and exactly their members."),
     Key("due", EitherOf(several=Nobody(), keyed=DUE),
         "Exactly who is sent what: campaign, step, customers; {} for nobody at all."),
     Key("excluded", mapping_of(mapping_of(Line(), "campaigns and reasons"), "customers and reasons"),
         "Customers, and why they are left out of a campaign."),
     Key("coupons", _of_steps(COUPON, "coupons"), "Campaign, step, customer, and what they are offered."),
     Key("products", _of_steps(Names("a list of products"), "products"),
         "Campaign, step, customer, and the products they are shown, in order."),
     Key("messages", _of_steps(MESSAGE, "messages"), "Campaign, step, customer, and what they read.")),
)  # fmt: skip
TEST = PartlyRead(
    "a test", "A story: rows, and what is expected at moments one after the other.",
    (Key("name", Text("a sentence"), "What it shows, as a sentence.", required=True),
     Key("given", _GIVEN, "More rows, added to the file's."),
     Key("at", MappingOf(MOMENT, "moments and expectations", is_moment, MOMENT_PATTERN),
         "Moments in the order of time; each is a committed run.", required=True)),
)  # fmt: skip
RECIPE_TESTS = Shape(
    "recipe tests", "What a recipe does, told by examples.",
    (Key("settings", SETTINGS, "What is so in the shop, as in a segcli.yaml."),
     Key("recipes", ListOf(Placed(Text("a folder or a shipped recipe", r"\S")), "a list of recipes"),
         "Other recipes that this one needs."),
     Key("given", _GIVEN, "Rows that every test starts with."),
     Key("tests", ListOf(TEST, "a list of tests"), "The tests.", required=True)),
)  # fmt: skip
