"""Every key of what a message offers and shows, and of its variants."""

from __future__ import annotations

from typing import get_args

from segcli.problems import Problems
from segcli.project.campaign_models import WEIGHTS, ProductKind
from segcli.project.quantities import Whole
from segcli.project.shapes import EitherOf, Key, ListOf, MappingOf, Named, Shape, Values
from segcli.project.values import NAME, Choice, Duration, SqlExpression, Text
from segcli.project.yaml_nodes import ListNode, MappingNode

PRODUCT_KINDS: tuple[ProductKind, ...] = get_args(ProductKind)
_MOST_PRODUCTS = 20  # of one kind; a message shows a handful

CODE = Shape(
    "a code", "How a customer's code comes about: from a file, or unique.",
    (Key("pool", Text("a path", r"^[^\u0000]+$"), "The file of codes, each given to one customer at most."),
     Key("prefix", Text("letters, digits, - and _", "^[A-Za-z0-9_-]*$", or_empty=True),
         "What every unique code starts with.")),
    one_of=("pool", "prefix"),
)  # fmt: skip
OFFER = Shape(
    "an offer", "What a message offers.",
    (Key("reward", NAME, "What it is: percent, amount, free_shipping, gift ...", required=True),
     Key("value", SqlExpression(), "How much of it: a number, or an expression over fields."),
     Key("code", EitherOf(single=Text("a code without spaces", r"^\S+$"), keyed=CODE),
         "One code for all, or how each customer's comes about."),
     Key("valid", Duration(), "How long it can be used after it was first sent, such as 7d."),
     Key("when", SqlExpression(), "Who gets it: a condition over fields.")),
)  # fmt: skip


def _check_reachable(node: ListNode, offers: list[Values], key: str, problems: Problems) -> None:
    for number, offer in enumerate(offers[:-1], start=1):
        if "when" not in offer:
            problems.error(
                f"nobody can get this offer: offer {number} has no 'when', and everybody gets that one.",
                node.items[number].place, f"{key}[{number + 1}]",
                hint="Give the one before a 'when', or move it to the end.",
            )  # fmt: skip
            return


OFFER_OR_OFFERS = EitherOf(several=ListOf(OFFER, "a list of offers", _check_reachable), keyed=OFFER)


def _check_products(values: Values, key: str, problems: Problems) -> None:
    most = sum(values[kind] for kind in PRODUCT_KINDS if kind in values)
    if values.get("at_least", 0) > most:
        problems.error(
            f"at_least {values['at_least']} of {most} products is never met.", values.places["at_least"],
            f"{key}.at_least", hint=f"Write at most {most}, or ask for more products.",
        )  # fmt: skip


_KIND_MEANINGS = {
    "cart": "How many products of the customer's open cart.",
    "viewed": "How many products that the customer has viewed.",
    "bought": "How many products that the customer has bought.",
    "bought_together": "How many products that others bought with those the customer bought.",
    "accessories": "How many accessories of products that the customer bought.",
    "upsell": "How many products of the same category that cost a little more than usual.",
    "bestsellers": "How many of the products that sell best.",
    "most_searched": "How many of the products that are searched for most.",
    "new_arrivals": "How many of the newest products.",
}
_KIND = Choice(PRODUCT_KINDS)
PRODUCTS = Shape(
    "products", "The products of a message: so many of each kind, in the order they are written.",
    (*(Key(kind, Whole(1, _MOST_PRODUCTS), meaning) for kind, meaning in _KIND_MEANINGS.items()),
     Key("of", NAME, "The field whose category or brand the products have."),
     Key("within", Duration(), "How far back views, purchases, searches and arrivals count."),
     Key("fill", EitherOf(single=_KIND, several=ListOf(_KIND, "a list of kinds")),
         "The kinds that fill up what is missing."),
     Key("at_least", Whole(0), "With fewer products the message is not sent.")),
    any_of=PRODUCT_KINDS,
    check=_check_products,
)  # fmt: skip


def _check_weights(node: MappingNode, weights: tuple[Named, ...], key: str, problems: Problems) -> None:
    total = sum(weight.value for weight in weights)
    if total != WEIGHTS:
        problems.error(
            f"the weights sum to {total}, not to {WEIGHTS}.", node.place, key,
            hint="Each is a share of the customers in percent: {a: 50, b: 50}.",
        )  # fmt: skip


VARIANTS = MappingOf(Whole(1, WEIGHTS), "names and weights", check=_check_weights)
