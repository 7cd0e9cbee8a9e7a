"""Customers whose records are joined and parted again between runs: none of them is sent a message twice."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.cli.small_shop import PROJECT, RECIPE, ran, small_shop

CAMPAIGNS = """
campaigns:
  welcome:
    audience: "true"
    start: subscribed_at
    steps: [{message: hello, after: 1h}, {message: tour, after: 4d}]
  thanks:
    audience: orders > 0
    start: {from: orders, at: ordered_at}
    class: transactional
    steps: [{message: thank-you, after: 1h}]
"""
HEADER = "customer_id,email,country,subscribed_at\n1,ada@example.com,TR,2026-06-01 10:00\n"
APART = HEADER + "2,ben@example.com,TR,2026-06-01 11:00\n"
JOINED = HEADER + "2,ada@example.com,TR,2026-06-01 11:00\n"
ORDERS = "order_id,customer_id,ordered_at,amount\na,1,2026-06-01 12:00,5\nb,2,2026-06-01 12:00,5\n"


def test_whom_an_export_joined_for_a_while_is_sent_nothing_again(tmp_path: Path, capsys) -> None:
    small_shop(tmp_path, RECIPE + CAMPAIGNS, PROJECT)
    (tmp_path / "orders.csv").write_text(ORDERS)
    days = {1: APART, 2: JOINED, 3: APART, 4: APART, 6: APART}
    for day, people in days.items():
        (tmp_path / "customers.csv").write_text(people)
        as_of = f"2026-06-{day:02}T14:00"
        assert ran(capsys, "campaign", "--commit", "-q", "--project", tmp_path, "--as-of", as_of)[0] == 0
    journal = pl.concat(pl.read_parquet(path) for path in sorted(tmp_path.glob("history/2*/sends.parquet")))
    sent = journal.filter(status="sent").group_by("campaign", "step", "customer_id").len()
    assert sorted(sent.iter_rows()) == [
        ("thanks", "thank-you", "1", 1),
        ("thanks", "thank-you", "2", 1),
        ("welcome", "hello", "1", 1),
        ("welcome", "hello", "2", 1),
        ("welcome", "tour", "1", 1),
        ("welcome", "tour", "2", 1),
    ]
