"""Jinja's way renders the body of a loop once for the same element, and says the same as where it renders each."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from segcli.messages.coding import PLAIN, QUOTED_PRINTABLE, Coding
from segcli.messages.frame_rows import FrameRows
from segcli.messages.jinja_loops import LoopBody, loop_body, remembered_body
from segcli.messages.jinja_output import Budget
from segcli.messages.jinja_path import JinjaRenderer
from segcli.messages.missing import RenderingError

PRODUCTS = [
    {"name": "Tea & cup", "price": 3.5, "stock": None},
    {"name": "Pot", "price": 0.0, "stock": 2},
    None,
]
ROWS = [
    {"first_name": "Ayşe", "orders": 1, "spend": 0.0, "vip": True, "tags": ["a", "b"], "products": PRODUCTS},
    {"first_name": "Ben", "orders": 1, "spend": -0.0, "vip": False, "tags": ["b", None], "products": PRODUCTS[1:]},
    {"first_name": None, "orders": 2, "spend": 1.0, "vip": None, "tags": [], "products": PRODUCTS[:2]},
    {"first_name": "Cem", "orders": None, "spend": None, "vip": True, "tags": None, "products": None},
]


def _both_ways(text: str, frame: pl.DataFrame, coding: Coding = PLAIN) -> tuple[list[str | None], list[str | None]]:
    """Messages made row after row with what was remembered, and each by the careful way alone."""
    quick, careful = JinjaRenderer(text, True, coding), JinjaRenderer(text, True, coding)
    rows = FrameRows(frame)

    def carefully(row: dict[str, Any]) -> str | None:
        try:
            return careful.render(row)
        except RenderingError:
            return None

    names = frame.columns
    return [text for text, _ in quick.render_rows(rows, names)], [carefully(row) for row in rows.of(names)]


@pytest.mark.parametrize("coding", [PLAIN, QUOTED_PRINTABLE])
@pytest.mark.parametrize(
    "text",
    [
        "{% for p in products %}{{ p.name|default('-') }} {{ p.price|default(0) }};{% endfor %}",
        "{% for p in products %}{{ loop.index }}/{{ loop.length }} {{ p.name|default('-') }}{% endfor %}",
        "{% for p in products %}{{ p.name|default('-') }} for {{ first_name|default('you') }}{% endfor %}",
        "{% for p in products %}{{ spend }} {{ vip|default('?') }} {{ orders|default('?') }}{% endfor %}",
        "{% for p in products %}{% for t in tags %}{{ t|default('-') }}{{ loop.index }}{% endfor %}|{% endfor %}",
        "{% for p in products %}{% set n = p.name|default('-') %}{{ n }}{% endfor %}",
        "{% for t in tags %}{{ t|default('-')|upper }}{{ loop.last }}{% endfor %}",
        "{% for n in range(orders|default(0)) %}{{ n }}{{ first_name|default('-') }}{% endfor %}",
        "{% set first_name = 'all' %}{% for p in products %}{{ first_name }}{% else %}none{% endfor %}",
        "{% for p in products if p.stock %}{{ p.stock }}{% endfor %}",
        "{% for p in products %}{{ p.stock }}{% endfor %}",
    ],
)
def test_bodies_say_the_same_remembered_or_not(text: str, coding: Coding) -> None:
    remembered, rendered = _both_ways(text, pl.DataFrame(ROWS * 2), coding)
    assert remembered == rendered
    assert any(text is not None for text in remembered)


def _loop_of(text: str) -> LoopBody | None:
    environment = JinjaRenderer("", True, PLAIN).environment
    loop = environment.parse(text).body[0]
    return loop_body(loop, environment)  # type: ignore[arg-type]


def test_what_a_body_reads() -> None:
    assert _loop_of("{% for p in products %}{{ p.name }}{% endfor %}") == LoopBody("p", (), ())
    shown = "{{ loop.index }}{{ p.price|money }}{{ city }}{% for t in tags %}{{ t }}{{ loop.last }}{% endfor %}"
    body = _loop_of(f"{{% for p in products %}}{shown}{{% endfor %}}")
    assert body == LoopBody("p", ("index", "last"), ("city", "currency", "locale", "tags"))


@pytest.mark.parametrize(
    "shown", ["{% set n = 1 %}", "{{ loop.cycle(1, 2) }}", "{{ loop.previtem.name }}", "{{ loop }}"]
)
def test_a_body_that_does_more_than_show_is_not_remembered(shown: str) -> None:
    assert _loop_of(f"{{% for p in products %}}{shown}{{% endfor %}}") is None
    assert _loop_of("{% for name, price in products %}{{ name }}{% endfor %}") is None


def test_a_body_is_rendered_once_for_an_element_and_its_surroundings() -> None:
    rendered: list[dict[str, Any]] = []

    def render(values: dict[str, Any]) -> str:
        rendered.append(values)
        return f"{values['p']['name']} {values['city']}"

    budget = Budget()
    budget.refill()
    before = budget.text
    show = remembered_body(LoopBody("p", (), ("city",)), render, budget)
    pot, other = {"name": "Pot"}, {"name": "Pot"}
    assert [show(pot, None, city) for city in ("Rome", "Rome", "Bonn")] == ["Pot Rome", "Pot Rome", "Pot Bonn"]
    assert len(rendered) == 2
    assert before - budget.text == len("Pot Rome")  # a text that is remembered is text of the message all the same
    assert show(other, None, "Rome") == "Pot Rome"
    assert len(rendered) == 3  # what only looks alike is another element
    for unlike in (0.0, -0.0, 0, False):
        show(pot, None, unlike)
    assert len(rendered) == 7
    assert [show(pot, None, ["a"]), show(pot, None, ["b"])] == ["Pot ['a']", "Pot ['b']"]


def test_the_quick_way_needs_no_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = JinjaRenderer("{% for t in tags %}{{ t|upper }}{% endfor %}", True, PLAIN)
    monkeypatch.setattr(renderer, "_carefully", lambda values: pytest.fail("the careful way was taken"))
    frame = pl.DataFrame({"tags": [["i", "ı"]]})
    assert [*renderer.render_rows(FrameRows(frame), ["tags"])] == [("II", None)]


def test_equal_products_are_one_object() -> None:
    products = [[{"name": "Pot", "price": 1.0}, {"name": "Tea", "price": None}, None], [{"name": "Pot", "price": 1.0}]]
    [first, second] = [row["products"] for row in FrameRows(pl.DataFrame({"products": products})).of(["products"])]
    assert first[0] is second[0]
    assert first[0] == {"name": "Pot", "price": 1.0}
    assert first[1]["name"] == "Tea"
    assert first[2] is None


def test_products_that_only_polars_takes_for_equal_are_not_one() -> None:
    products = pl.Series("products", [[{"price": 0.0}], [{"price": -0.0}]])
    [first, second] = [str(row["products"][0]["price"]) for row in FrameRows(products.to_frame()).of(["products"])]
    assert (first, second) == ("0.0", "-0.0")
