"""Emails of the shipped layout in a real browser, pictures blocked as many mail programs do: everything can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.messages.message_writing import compiled, layout, shown, write
from tests.messages.test_compiling import PRODUCT

pytestmark = pytest.mark.slow

MESSAGE = """# We kept your favourites

Hello, this is [what is new](https://shop.example/new).

![A cup on a table](https://shop.example/cup.png)

[![A pot of tea](https://shop.example/pot.png)](https://shop.example/pot)

{{ product_blocks() }}

{{ product_blocks(columns=2) }}

{{ coupon() }}

{{ button("Return to the shop", shop_url) }}
"""
# The least contrast of words with what is behind them (WCAG 2.2, 1.4.3), of all that a reader sees; alternative texts
# are words too where pictures are blocked.
CONTRASTS = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const words = [...document.querySelectorAll("body *")].filter((each) =>
    each.getClientRects().length && (each.tagName === "IMG" ? each.alt
      : [...each.childNodes].some((node) => node.nodeType === 3 && /[^\\s\\u2007\\u034f]/.test(node.data))));
  return words.map((each) => {
    const [one, two] = [light(getComputedStyle(each).color), light(behind(each))];
    return [each.tagName === "IMG" ? `[${each.alt}]` : each.textContent.trim().slice(0, 40),
      (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("brand", [{}, {"colour": "#8a3b12"}, {"colour": "#101010"}, {"colour": "#0000cc"}])
def test_every_word_can_be_read_in_both_schemes_with_pictures_blocked(
    brand: dict[str, str], scheme: str, browser: Any, tmp_path: Path
) -> None:
    write(tmp_path, news__md=MESSAGE)
    shop = layout(None, logo="https://shop.example/logo.png", **brand)
    low = PRODUCT | {"low_stock": True, "stock": 2, "review": "Warm and light"}
    message = shown(
        compiled(tmp_path, layout=shop).html, products=[low] * 2, coupon_code="BACK-1", offer_reward="percent",
        offer_value=20, coupon_expires_at="2026-07-07",
    )  # fmt: skip
    for width in (320, 375, 1280):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = context.new_page()
        page.route("https://**", lambda route: route.abort())
        page.set_content(message)
        found = dict(page.evaluate(CONTRASTS))
        assert {"[Kuzey]", "[A cup on a table]", "[A pot of tea]", "Unsubscribe", "BACK-1"} <= found.keys()
        assert {words: contrast for words, contrast in found.items() if contrast < 4.5} == {}
        assert page.evaluate("document.documentElement.scrollWidth") == width
        context.close()
