"""What rendering costs per message and core, by way and coding: a page of about 8 kB with three product blocks.

python -m tests.benchmarks.render [ROWS]
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from typing import Literal

import polars as pl

from segcli.messages.coding import EIGHT_BIT, PLAIN, QUOTED_PRINTABLE
from segcli.messages.model import Source
from segcli.messages.rendering import Rendered, render
from segcli.messages.templates import Template, check_source
from segcli.problems import Problems

_STYLE = "font-family:Arial,sans-serif;font-size:16px;line-height:1.5;color:#333333;padding:12px 24px;"
_CELL = (
    f'<tr><td align="left" style="{_STYLE}{_STYLE}word-break:break-word;"><div style="{_STYLE}">{{}}</div></td></tr>\n'
)


def template(schema: dict[str, pl.DataType]) -> Template:
    """The page, for a frame of the schema."""
    cells = [
        '<a href="{{ p.url }}"><img alt="{{ p.name }}" src="{{ p.image_url }}" width="552" style="display:block"/></a>',
        '<a href="{{ p.url }}">{{ p.name }}</a>',
        "{{ p.price|money }}{% if p.low_stock %} Son {{ p.stock }} adet{% endif %}",
        "{{ p.rating|number }} / 5 {% if p.review %}{{ p.review }}{% endif %}",
    ]
    blocks = "".join(_CELL.replace("{}", cell) for cell in cells)
    body = [
        "Merhaba {{ first_name|default('değerli müşterimiz') }}, sizi özledik.",
        "{% for p in products[:3] %}<table width='100%'>" + blocks + "</table>\n{% endfor %}",
        "Kodunuz: <b>{{ coupon_code }}</b>",
        '<a href="{{ landing_url }}">Mağazaya dön</a>',
        '{{ sender_address }} <a href="{{ unsubscribe_url }}">Abonelikten çık</a>',
    ]
    head = "<style>" + "@media only screen { .column-100 { width:100% !important; } }\n" * 8 + "</style>"
    text = f"<!doctype html><html><head>{head}</head><body>" + "".join(_CELL.replace("{}", part) for part in body)
    problems = Problems()
    checked = check_source(Source(text + "</body></html>\n", True, ()), schema, problems)
    assert checked is not None, list(problems)
    return checked


def recipients(count: int) -> pl.DataFrame:
    """So many recipients of three of 2,000 products each."""
    draw = random.Random(3)
    tokens = [f"{draw.getrandbits(96):024x}" for _ in range(count)]
    page = "https://shop.example/{}?utm_source=segcli&utm_medium=email&utm_campaign=win-back"
    numbers = range(2000)
    catalogue = pl.DataFrame(
        {
            "name": [f"Ürün {n} – hakiki deri çanta & cüzdan" for n in numbers],
            "url": [page.format(f"urun/canta-{n}") for n in numbers],
            "image_url": [f"https://cdn.shop.example/img/{n}/600.jpg" for n in numbers],
            "price": [round(draw.uniform(50, 4000), 2) for _ in numbers],
            "rating": [round(draw.uniform(3, 5), 1) for _ in numbers],
            "review": [f"Çok beğendim, tavsiye ederim {n}" if n % 3 else None for n in numbers],
            "stock": [n % 30 for n in numbers],
            "low_stock": [n % 30 < 5 for n in numbers],
        }
    )
    shown = pl.Series([draw.randrange(2000) for _ in range(3 * count)])
    products = catalogue.select(pl.all().gather(shown)).to_struct("products").reshape((count, 3)).arr.to_list()
    names = ["Ayşe", "Mehmet", "Çağla", "Ali", None, "Şule", "İbrahim"]
    return pl.DataFrame(
        {
            "first_name": [draw.choice(names) for _ in range(count)],
            "coupon_code": [f"GERIGEL-{token[:8].upper()}" for token in tokens],
            "landing_url": [page.format(f"l/{token}") for token in tokens],
            "unsubscribe_url": [f"https://shop.example/unsubscribe/{token}?c=win-back" for token in tokens],
            "sender_address": ["Örnek Mağaza A.Ş., Bağdat Cad. 1, İstanbul"] * count,
            "locale": ["tr_TR"] * count,
            "currency": ["TRY"] * count,
            "products": products,
        }
    )


def _measured(what: str, rows: int, job: Callable[[], Rendered]) -> Rendered:
    wall, cpu = time.perf_counter(), time.process_time()
    rendered = job()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    size = rendered.values.str.len_bytes().mean()
    print(f"{what:28} {cpu / rows * 1e6:8.2f} µs CPU {wall / rows * 1e6:8.2f} µs wall {size:8.0f} bytes a message")
    return rendered


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    frame = recipients(rows)
    page = template(dict(frame.schema))
    ways: tuple[tuple[Literal["columnar", "jinja"], int], ...] = (("columnar", rows), ("jinja", max(rows // 10, 1)))
    for coding in (EIGHT_BIT, QUOTED_PRINTABLE, PLAIN):
        texts = []
        for way, some in ways:
            part = frame.head(some)
            render(page, part.head(5000), coding, way)  # locales and code are loaded once
            texts.append(_measured(f"{way}, {coding}", some, lambda: render(page, part, coding, way)).values)  # noqa: B023
        assert texts[0].head(len(texts[1])).equals(texts[1])


if __name__ == "__main__":
    main()
