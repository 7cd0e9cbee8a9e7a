"""A small recipe in a folder, with a test.yaml of the test's own."""

from __future__ import annotations

import textwrap
from pathlib import Path

from segcli.problems import Problems
from segcli.recipe_testing import Failure, RecipeTests, Why, load_recipe_tests, run_test

RECIPE = """description: buyers are thanked
fields:
  depth:
    cases:
      - {when: orders >= 2, then: deep}
      - {when: orders = 1, then: shallow}
segments:
  buyers: {where: orders > 0}
  depths: {each: depth}
campaigns:
  thanks:
    audience: orders > 0
    start: first_order_at
    steps:
      - message: thanks
        after: 0h
        offer: {reward: percent, value: 10, code: {prefix: HI}, valid: 7d}
        products: {bought: 2}
      - {message: again, after: 7d}
  hello:
    audience: orders = 0
    existing: true
    steps: [{message: hello, after: 0h}]
"""
MESSAGE = """---
subject: "{subject}"
preheader: "Good news"
---
{body}

{{{{ button("Shop", shop_url) }}}}
"""
GIVEN = """given:
  each: {customers: {country: US, email_consent: true}}
  customers:
    - {customer_id: ada, first_name: Ada}
    - {customer_id: ben, first_name: Ben, language: tr}
    - {customer_id: cem, email: null}
  products: [{product_id: P1, name: Kettle}, {product_id: P2, name: Cup}]
  orders:
    - {order_id: o1, customer_id: ada, ordered_at: 2026-06-01 08:00, amount: 40}
    - {order_id: o2, customer_id: cem, ordered_at: 2026-06-01 08:00, amount: 20}
  order_items:
    - {order_id: o1, product_id: P1, quantity: 1, price: 30}
    - {order_id: o1, product_id: P2, quantity: 1, price: 10}
"""


def recipe_in(folder: Path, recipe: str = RECIPE) -> Path:
    """Writes the recipe and its messages; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    for name, subject, body in (
        ("thanks", "Thank you, {{ first_name }}", "A code for you:\n\n{{ coupon() }}"),
        ("thanks.tr", "Teşekkürler", "Kodunuz:\n\n{{ coupon() }}"),
        ("again", "Come again", "Hello again"),
        ("hello", "Hello", "Hello there"),
    ):
        (folder / f"{name}.md").write_text(MESSAGE.format(subject=subject, body=body), encoding="utf-8")
    return folder


def moment(expected: str, at: str = "2026-06-01 09:00") -> str:
    """A file of one test with one moment: the usual rows, and these expectations."""
    return f"{GIVEN}tests:\n  - name: it\n    at:\n      {at}:\n{textwrap.indent(textwrap.dedent(expected), ' ' * 8)}"


def loaded(folder: Path, text: str) -> RecipeTests:
    """The tests of a text beside the recipe in the folder."""
    (folder / "test.yaml").write_text(text, encoding="utf-8")
    problems = Problems()
    tests = load_recipe_tests(folder / "test.yaml", problems)
    assert not problems.found, [str(problem) for problem in problems]
    assert tests is not None
    return tests


def faults(folder: Path, text: str) -> list[str]:
    """What is wrong with a text beside the recipe in the folder."""
    (folder / "test.yaml").write_text(text, encoding="utf-8")
    problems = Problems()
    assert load_recipe_tests(folder / "test.yaml", problems) is None
    return [str(problem).removeprefix(f"{folder}/") for problem in problems]


def failures(folder: Path, text: str, why: Why | None = None) -> list[Failure]:
    """The failures of every test of a text."""
    tests = loaded(folder, text)
    return [failure for test in tests.tests for failure in run_test(tests, test, why).failures]
