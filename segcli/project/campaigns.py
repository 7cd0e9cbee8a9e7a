"""A campaign as it was read becomes a Campaign; keys that stand on it are resolved into its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from segcli.project.campaign_keys import MESSAGE_KEY_NAMES, after_of, name_of
from segcli.project.campaign_models import Active, Campaign, Code, Offer, Pick, Products, RowStart, Step
from segcli.project.offer_keys import PRODUCT_KINDS
from segcli.project.shapes import Named, Values


def build_campaign(named: Named, recipe: str) -> Campaign:
    """The campaign of a recipe, from values that are without a fault."""
    values: Values = named.value
    again_after = values.get("again_after")
    start = values.get("start")
    return Campaign(
        name=named.name,
        place=named.place,
        recipe=recipe,
        audience=values["audience"],
        steps=tuple(_step(step, number, values) for number, step in enumerate(values.get("steps") or (values,))),
        start=_row_start(start) if isinstance(start, Values) else start,
        until=values.get("until"),
        again_after=None if again_after == "never" else again_after,
        never_again=again_after == "never",
        existing=values.get("existing", False),
        meaning=values.get("meaning"),
    )


def _row_start(values: Values) -> RowStart:
    return RowStart(values["from"], values["at"], values.place, values.get("where"))


def _step(step: Values, number: int, campaign: Values) -> Step:
    """One step; of a key that stands on both, the step's decides."""
    found = {name: (step if name in step else campaign).get(name) for name in MESSAGE_KEY_NAMES}
    given = {name: value for name, value in found.items() if value is not None}
    return Step(
        name=name_of(step), number=number, place=step.place, message=step["message"], after=after_of(step),
        **{_FIELDS.get(name, name): _BUILDERS.get(name, _as_it_is)(value) for name, value in given.items()},
    )  # fmt: skip


def _as_it_is(value: Any) -> Any:
    return value


def _offers(given: Values | tuple[Values, ...]) -> tuple[Offer, ...]:
    return tuple(_offer(each) for each in (given if isinstance(given, tuple) else (given,)))


def _offer(values: Values) -> Offer:
    return Offer(
        values["reward"], values.place, value=values.get("value"), code=_code(values), valid=values.get("valid"),
        when=values.get("when"),
    )  # fmt: skip


def _code(offer: Values) -> Code | None:
    given = offer.get("code")
    if isinstance(given, Values):
        return Code(given.place, pool=given.get("pool"), prefix=given.get("prefix"))
    return None if given is None else Code(offer.places["code"], fixed=given)


def _products(values: Values) -> Products:
    fill = values.get("fill", ())
    # `places` has the keys in the order they were written, which is the order of the products.
    written = sorted((kind for kind in PRODUCT_KINDS if kind in values), key=list(values.places).index)
    picks = tuple(Pick(kind, values[kind], values.places[kind]) for kind in written)
    return Products(
        picks, values.place, of=values.get("of"), within=values.get("within"),
        fill=fill if isinstance(fill, tuple) else (fill,), at_least=values.get("at_least", 0),
    )  # fmt: skip


def _active(values: Values) -> Active:
    return Active(values.get("since"), values.get("until"))


def _by_name(entries: tuple[Named, ...]) -> dict[str, Any]:
    return {each.name: each.value for each in entries}


_FIELDS = {"offer": "offers", "class": "message_class"}
_BUILDERS: dict[str, Callable[[Any], Any]] = {
    "offer": _offers,
    "products": _products,
    "variants": _by_name,
    "active": _active,
    "fresh": _by_name,
}
