"""A shop that writes finished messages: a few hundred customers, one campaign of two steps, and a sender."""

from __future__ import annotations

from pathlib import Path

CUSTOMERS = 220
PROJECT = """shop: Kettle
timezone: Europe/Istanbul
currency: EUR
locale: en_IE
as_of: 2026-06-30T09:00
sources: {customers: customers.csv, orders: orders.csv}
recipes: [./recipes/mine]
consent: {default: us, countries: {TR: us, DE: us}}
"""
SENDER = """sender: {email: hello@kettle.example, name: Kettle, address: "1 Example Street"}
links: {shop: "https://kettle.example", unsubscribe: "https://kettle.example/stop", landing: "https://kettle.example/l"}
"""
RECIPE = """description: thanks
campaigns:
  thanks:
    audience: orders > 0
    start: first_order_at
    grace: 400d
    again_after: never
    steps:
      - {message: hello, after: 1d, offer: {reward: percent, value: 10, code: {prefix: HI}, valid: 48h}}
      - {message: again, after: 2d}
"""
HELLO = """---
subject: "Thank you, {{ first_name | default('friend') }}"
preheader: "{{ offer_value | number }} % off"
---
# Thank you

Hello {{ first_name | default('there') }}, you have ordered {{ orders }} times.

{{ coupon() }}

{{ button("Come again", shop_url) }}
"""
HELLO_TR = """---
subject: "Teşekkürler {{ first_name | default('') }}"
preheader: "%{{ offer_value | number }} indirim"
---
Merhaba {{ first_name | default('') }}, {{ orders }} siparişin için teşekkürler.

{{ coupon() }}
"""
AGAIN = """---
subject: "Once more"
preheader: "Only this once"
---
Hello {{ first_name | default('there') }}.
"""


def message_shop(folder: Path, settings: str = SENDER, recipe: str = RECIPE, **messages: str) -> Path:
    """Writes the project and returns its folder. `messages`: files with _ for dots, beside the usual ones."""
    mine = folder / "recipes" / "mine"
    mine.mkdir(parents=True)
    (mine / "recipe.yaml").write_text(recipe, encoding="utf-8")
    usual = {"hello_md": HELLO, "hello_tr_md": HELLO_TR, "again_md": AGAIN}
    for name, text in (usual | messages).items():
        if text:
            (mine / name.replace("_", ".")).write_text(text, encoding="utf-8")
    (folder / "segcli.yaml").write_text(PROJECT + settings, encoding="utf-8")
    people = ["customer_id,email,phone,first_name,language,country,birthday"]
    orders = ["order_id,customer_id,ordered_at,amount"]
    for number in range(CUSTOMERS):
        turkish = number % 10 == 1
        name = "" if number == 3 else "Çağla" if turkish else f"Ada{number}"
        language, country, phone = ("tr", "TR", f"+90555{number:07}") if turkish else ("en", "DE", "")
        birthday = "" if number in (5, 7) else "1990-05-17"
        people.append(f"c{number},c{number}@example.com,{phone},{name},{language},{country},{birthday}")
        orders.append(f"o{number},c{number},2026-06-2{number % 9},10.00")
    (folder / "customers.csv").write_text("\n".join(people) + "\n", encoding="utf-8")
    (folder / "orders.csv").write_text("\n".join(orders) + "\n", encoding="utf-8")
    return folder
