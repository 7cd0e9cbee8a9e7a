"""A project of five customers in a folder, and a command run on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.__main__ import main

PROJECT = """shop: Small
timezone: Europe/Istanbul
currency: EUR
as_of: 2026-06-30T09:00
sources: {customers: customers.csv, orders: orders.csv}
recipes: [./recipes/mine]
consent: {default: us, countries: {TR: us, DE: us}}
"""

RECIPE = """description: test
fields:
  r: {score: recency_days, best: low, cuts: [30, 90], among: orders > 0}
  standing:
    cases:
      - {when: r = 3 and orders > 1, then: best}
      - {when: r = 3, then: fresh}
      - {when: r <= 2, then: gone}
segments:
  buyers: {where: orders > 0}
  quiet_buyers: {where: buyers and recency_days > 60}
  standings: {each: standing}
  countries: {each: country}
"""

CUSTOMERS = """customer_id,email,gender,country
1,ada@example.com,female,TR
2,ben@example.com,male,DE
3,cem@example.com,,TR
4,dee@example.com,female,
5,eve@example.com,female,DE
"""

ORDERS = """order_id,customer_id,ordered_at,amount
a,1,2026-06-20,50.00
b,1,2026-05-01,30.00
c,2,2026-03-01,20.00
d,3,2026-06-25,10.00
"""


def small_shop(folder: Path, recipe: str = RECIPE, project: str = PROJECT) -> Path:
    """Writes the project and returns its folder."""
    (folder / "recipes" / "mine").mkdir(parents=True)
    (folder / "recipes" / "mine" / "recipe.yaml").write_text(recipe, encoding="utf-8")
    (folder / "segcli.yaml").write_text(project, encoding="utf-8")
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    return folder


def ran(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err
