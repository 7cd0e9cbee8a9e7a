"""Values inside of links: encoded in both ways of rendering, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from segcli.messages.landing_html import compile_landing_page
from segcli.messages.link_values import with_encoded_values
from segcli.messages.model import Source
from segcli.messages.pieces import split_pieces
from segcli.messages.rendering import render
from segcli.messages.templates import check_source
from segcli.problems import Place, Problems
from tests.messages.message_writing import compile_in, compiled, layout, write

VALUE = "Çay & 5/b?=#"
ENCODED = "%C3%87ay%20%26%205/b%3F%3D%23"
SHOWN = "Çay &amp; 5/b?=#"
FRAME = pl.DataFrame({"city": [VALUE], "url": ["https://shop.example/?a=1&b=2"], "orders": [3], "gone": [None]},
                     {"city": pl.String, "url": pl.String, "orders": pl.Int64, "gone": pl.String})  # fmt: skip


def rendered(source: Source | None, path: Literal["columnar", "jinja"]) -> str:
    assert source is not None
    problems = Problems()
    schema = {**FRAME.schema, **dict.fromkeys(_OTHERS, pl.String())}
    template = check_source(source, schema, problems)
    assert template is not None, list(problems)
    frame = FRAME.with_columns(pl.lit(f"https://shop.example/{name}").alias(name) for name in _OTHERS)
    return str(render(template, frame, path=path).values[0])


_OTHERS = ("shop", "shop_url", "unsubscribe_url", "sender_address", "preheader", "help_url")


@pytest.mark.parametrize("path", ["columnar", "jinja"])
@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://shop.example/search?q={{ city }}&n={{ orders }}", f"https://shop.example/search?q={ENCODED}&n=3"),
        ("https://shop.example/{{ city | lower }}/x", f"https://shop.example/{ENCODED.replace('87ay', 'A7ay')}/x"),
        ("https://shop.example/#{{ city }}", f"https://shop.example/#{ENCODED}"),
        ("https://shop.example/?q={{ city | urlencode }}", f"https://shop.example/?q={ENCODED}"),
        ("https://shop.example/?q={{ city if orders else url }}", f"https://shop.example/?q={ENCODED}"),
        ("https://shop.example/{% if orders %}a{% else %}b{% endif %}?q={{ city }}", f"https://shop.example/a?q={ENCODED}"),
        ("{{ url }}&city={{ city }}", f"https://shop.example/?a=1&b=2&city={ENCODED}"),
        ("{{ 'https://shop.example/?q=' ~ city ~ '&n=' ~ orders }}", f"https://shop.example/?q={ENCODED}&n=3"),
        ("mailto:a@shop.example?subject={{ city }}", f"mailto:a@shop.example?subject={ENCODED}"),
        ("{{ url }}", "https://shop.example/?a=1&b=2"),
    ],
)  # fmt: skip
def test_a_value_inside_of_a_link_is_encoded_once(tmp_path: Path, link: str, expected: str, path: str) -> None:
    way: Literal["columnar", "jinja"] = "columnar" if path == "columnar" else "jinja"
    write(tmp_path, news__html=f'<p><a href="{link}">Look</a> {{{{ city }}}}</p>')
    message = compiled(tmp_path)
    assert f'href="{expected.replace("&", "&amp;")}"' in rendered(message.html, way)
    assert f">Look</a> {SHOWN}<" in rendered(message.html, way)
    assert rendered(message.text, way).startswith(f"Look: {expected} {VALUE}\n")


@pytest.mark.parametrize("path", ["columnar", "jinja"])
def test_links_of_markdown_and_buttons_are_encoded_too(tmp_path: Path, path: Literal["columnar", "jinja"]) -> None:
    link = "https://shop.example/?q="
    write(tmp_path, news__md=f'[Look]({link}{{{{ city }}}}) here\n\n{{{{ button("See it", "{link}" ~ city) }}}}\n')
    message = compiled(tmp_path)
    assert rendered(message.html, path).count(f'href="{link}{ENCODED}"') == 2
    assert rendered(message.text, path).count(f": {link}{ENCODED}") == 2


@pytest.mark.parametrize(
    "text",
    ["tel:{{ a }}", "https://{{ a }}/", "Hello {{ a }}? {{ b }}", "{{ a }}/{{ b }}", "{{ 'a' ~ b }}", "{{ 1 if a | }}"],
)
def test_what_is_no_part_of_a_link_stays(text: str) -> None:
    pieces = split_pieces(text, None, Problems())
    assert with_encoded_values(pieces, markup=False) == pieces


def test_a_name_in_a_link_keeps_its_place(tmp_path: Path) -> None:
    links = {
        "https://a.example/?q={{ cty }}": 31,
        "https://a.example/?q={{ cty if orders else 1 }}": 31,
        "{{ 'https://a.example/?q=' ~ cty }}": 36,
    }
    for link, column in links.items():
        write(tmp_path, news__md=f"[See]({link}) it")
        message, _ = compile_in(tmp_path)
        problems = Problems()
        assert message is not None
        assert message.html is not None
        assert check_source(message.html, {**FRAME.schema, **dict.fromkeys(_OTHERS, pl.String())}, problems) is None
        assert [problem.place for problem in problems] == [Place(str(tmp_path / "news.md"), 5, column)]


def test_links_of_a_landing_page_are_encoded(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<head></head><a href="https://shop.example/?from={{ campaign }}">x</a>', encoding="utf-8")
    problems = Problems()
    found = compile_landing_page(page, layout(), problems, per_recipient=False)
    assert found is not None, list(problems)
    assert "campaign | urlencode" in found.source.text
