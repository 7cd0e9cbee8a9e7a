"""Tests run the real pipeline: history grows, tables of one's own are read, every channel and kind of code works."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.project import shipped_recipes
from tests.recipe_testing.recipes_of_tests import GIVEN, failures, loaded, recipe_in

EVERYTHING = """description: Everything at once
fields:
  open_tickets: {from: support, where: not resolved, value: count(*), default: 0}
  cold: {value: weather_temperature < 5}
segments:
  complaining: {where: open_tickets > 0}
campaigns:
  sorry:
    audience: complaining
    existing: true
    channel: sms
    steps: [{message: sorry, after: 0h, offer: {reward: amount, value: 5, code: {pool: codes.txt}}}]
  calls:
    audience: orders >= 2
    existing: true
    channel: list
    steps: [{message: call, after: 0h}]
  warm:
    audience: cold
    existing: true
    steps: [{message: warm, after: 0h, variants: {a: 50, b: 50}}]
"""
OURS = "<mj-section><mj-column><mj-text>Made by us</mj-text></mj-column></mj-section>"
TESTS = """settings:
  timezone: Europe/Istanbul
  country: TR
  sources: {support: {time: opened_at}, weather: {by: city}}
given:
  each: {customers: {country: TR, email_consent: true, sms_consent: true, consent_at: 2024-01-01, mood: fine}}
  pools: {codes.txt: [AAA, BBB]}
  customers:
    - {customer_id: ada, first_name: Ada, phone: "+90 501 555 01 01", city: Ankara}
    - {customer_id: ben, first_name: Ben, phone: "0501 555 01 02", city: Izmir}
    - {customer_id: cem, first_name: Cem, phone: "0501 555 01 03", city: Ankara}
  orders:
    - {order_id: 1, customer_id: ada, ordered_at: 2026-05-01, amount: 40}
    - {order_id: 2, customer_id: ada, ordered_at: 2026-05-03, amount: 10.5}
  support:
    - {email: ada@example.com, opened_at: 2026-06-01 08:00, resolved: false}
    - {customer_id: ben, opened_at: 2026-06-01 10:00, resolved: false}
    - {customer_id: cem, opened_at: 2026-06-02 10:30, resolved: false}
  weather:
    - {city: Ankara, temperature: -3.5}
    - {city: Izmir, temperature: 12}
tests:
  - name: Everything works at once
    at:
      2026-06-01 09:00:
        fields: {ada: {open_tickets: 1, weather_temperature: -3.5}, ben: {open_tickets: 0, cold: false}}
        due:
          sorry: {sorry: [ada]}
          calls: {call: [ada]}
          warm: {warm: [ada, cem]}
        coupons: {sorry: {sorry: {ada: {code: AAA, reward: amount, value: 5}}}}
        messages:
          sorry: {sorry: {ada: {version: plain, text_contains: "Ada, sorry. AAA"}}}
          warm: {warm: {ada: {version: b, subject: Hot}, cem: {version: plain, subject: Warm and fine}}}
      2026-06-02 11:00:
        given:
          weather: [{city: Izmir, temperature: 1}]
          orders: [{order_id: 2, status: cancelled}]
        fields: {ben: {weather_temperature: 1}, ada: {orders: 1}}
        segments: {complaining: [ada, ben, cem]}
        due:
          sorry: {sorry: [ben]}
          warm: {warm: [ben]}
        coupons: {sorry: {sorry: {ben: {code: BBB}}}}
        excluded: {cem: {sorry: no code left}}
"""


def test_own_tables_pools_texts_calls_and_variants(tmp_path: Path) -> None:
    folder = recipe_in(tmp_path / "everything", EVERYTHING)
    (folder / "sorry.txt").write_text("{{ first_name }}, sorry. {{ coupon_code }}")
    for name, subject in (("warm", "Warm and {{ mood }}"), ("warm.b", "Hot")):
        head = f'---\nsubject: "{subject}"\npreheader: "x"\n---\n'
        (folder / f"{name}.md").write_text(head + 'Hello {{ city }}\n\n{{ button("Go", shop_url) }}\n')
    assert failures(folder, TESTS) == []


def test_a_recipe_without_campaigns_has_a_history_too(tmp_path: Path) -> None:
    recipe = """description: segments alone
fields:
  buyer_since: {from: memberships, where: segment = 'buyers', value: min(entered_at)}
segments:
  buyers: {where: orders > 0}
"""
    text = f"""{GIVEN}tests:
  - name: it
    at:
      2026-06-01 09:00:
        segments: {{buyers: [ada, cem]}}
        fields: {{ada: {{buyer_since: null}}}}
        due: {{}}
      2026-06-02 09:00:
        fields: {{ada: {{buyer_since: 2026-06-01 09:00}}}}
"""
    assert failures(recipe_in(tmp_path / "buyers", recipe), text) == []


def test_other_recipes_are_taken_by_name_and_from_beside(tmp_path: Path) -> None:
    recipe_in(tmp_path / "base", "fields: {twice: {value: orders * 2}}\n")
    folder = recipe_in(tmp_path / "built", "segments: {good: {where: twice > 1 and loyalty_tier is not null}}\n")
    text = f"""recipes: [base, loyalty-tiers]
{GIVEN}tests:
  - name: it
    at: {{2026-06-01 09:00: {{fields: {{ada: {{twice: 2}}}}}}}}
"""
    assert {"base", "loyalty-tiers", "built"} <= {recipe.name for recipe in loaded(folder, text).project.recipes}
    assert failures(folder, text) == []


@pytest.mark.slow
def test_campaigns_of_other_recipes_count_where_they_are_named(tmp_path: Path) -> None:
    other = """campaigns:
  other:
    audience: orders > 0
    existing: true
    priority: 9
    steps: [{message: hello, after: 0h}]
"""
    recipe_in(tmp_path / "other", other)
    folder = recipe_in(tmp_path / "thanks")
    head, tests = f"recipes: [other]\n{GIVEN}tests:\n  - name: it\n    at: {{2026-06-01 09:00: ", "}\n"
    excluded = "excluded: {ada: {thanks: beaten by a campaign of higher priority}}"
    assert failures(folder, f"{head}{{due: {{hello: {{hello: [ben]}}}}, {excluded}}}{tests}") == []
    (unexpected,) = failures(folder, f"{head}{{due: {{hello: {{hello: [ben]}}, other: {{}}}}}}{tests}")
    assert (unexpected.what, unexpected.got) == ("due other.hello", "ada")
    assert [each.what for each in failures(folder, f"{head}{{due: {{}}}}{tests}")] == [
        "due hello.hello",
        "due other.hello",
    ]


def test_the_layout_of_the_project_around_a_recipe_is_its_messages(tmp_path: Path) -> None:
    folder = recipe_in(tmp_path / "recipes" / "thanks")
    (tmp_path / "segcli.yaml").write_text("shop: Kettle\n")
    layout = (shipped_recipes()["winback"].parent / "_layout" / "layout.mjml").read_text(encoding="utf-8")
    (tmp_path / "_layout").mkdir()
    (tmp_path / "_layout" / "layout.mjml").write_text(layout.replace("</mj-body>", f"{OURS}</mj-body>"))
    text = f"""settings: {{shop: Pot}}
{GIVEN}tests:
  - name: it
    at: {{2026-06-01 09:00: {{messages: {{hello: {{hello: {{ben: {{html_contains: Made by us}}}}}}}}}}}}
"""
    assert failures(folder, text) == []
