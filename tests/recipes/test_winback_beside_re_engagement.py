"""Two recipes that write to who has gone quiet, in one shop: nobody is in the series of both at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.__main__ import main

BOTH = """
recipes: [winback, re-engagement]
settings: {timezone: Europe/Istanbul, limits: {ahead: 24h}}
given:
  each:
    customers: {country: TR, language: en, email_consent: true, consent_at: 2024-01-01}
    orders: {amount: 40, ordered_at: 2026-01-10 10:00}
    products: {category: coffee, price: 20, stock: 9, created_at: 2026-06-01}
  products: [{product_id: P1, name: Ethiopia}, {product_id: P2, name: Kenya}]
  customers:
    - {customer_id: ada}    # gives no sign after the twelfth of January
    - {customer_id: ben}    # still comes by, and buys nothing
  orders: [{order_id: 1, customer_id: ada}, {order_id: 2, customer_id: ben}]
  events:
    - {customer_id: ada, at: 2026-01-12 10:00, event: visit}
    - {customer_id: ben, at: 2026-05-20 10:00, event: visit}
tests:
  - name: Six months after the order, between two mails of winback, only who is not in its series is written to
    at:
      2026-06-12 09:00:
        due: {winback: {what-is-new: [ada]}, re_engagement: {still-for-you: []}}
      2026-07-11 09:00:
        segments: {gone_quiet: [ada, ben]}
        fields: {ada: {winback_mails_60d: 1}, ben: {winback_mails_60d: 0}}
        due: {winback: {what-is-new: []}, re_engagement: {still-for-you: [ben]}}
      # A mail to her from here would keep back the one from there on the day after.
      2026-08-10 09:00:
        due: {winback: {come-back: []}, re_engagement: {a-little-reason: [ben]}}
      2026-08-11 09:00:
        due: {winback: {come-back: [ada]}, re_engagement: {a-little-reason: []}}
"""


@pytest.mark.slow
def test_who_is_in_the_series_of_winback_is_not_in_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "recipe.yaml").write_text("segments: {everybody: {where: orders >= 0}}\n", encoding="utf-8")
    (tmp_path / "both" / "test.yaml").write_text(BOTH, encoding="utf-8")
    code = main(["test", str(tmp_path / "both")])
    assert code == 0, capsys.readouterr().out
