"""Markdown, MJML, HTML and text to what is sent: headings, buttons, pictures, partials, text parts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segcli.messages.context import OF_MESSAGE, PRODUCTS
from segcli.messages.markdown_body import read_markdown
from segcli.messages.partials import Expansion
from segcli.messages.pieces import Piece, split_pieces, to_source
from segcli.messages.rendering import render
from segcli.messages.templates import check_source
from segcli.messages.text_part import text_of_markdown
from segcli.problems import Problems
from tests.messages.message_writing import SHOP, compile_in, compiled, layout, shown, write

PRODUCT = {
    "name": "Scarf & hat", "url": "https://shop.example/p/1", "image_url": "https://shop.example/1.png", "price": 20,
    "rating": 4.5, "review": None, "stock": 3, "low_stock": True,
}  # fmt: skip


def test_markdown_becomes_html_and_text(tmp_path: Path) -> None:
    body = """# Hello

One *line* with `code` & <b>signs</b>
and [a link](https://shop.example/a).

1. First
2. Second

> Said

[Look around]({{ landing_url }})

![A scarf](https://shop.example/1.png)

---
End
"""
    write(tmp_path, news__md=body)
    message = compiled(tmp_path)
    html = shown(message.html)
    assert "<em>line</em> with <code>code</code> &amp; &lt;b&gt;signs&lt;/b&gt;" in html
    assert '<a href="https://shop.example/l" target="_blank" style="display:inline-block;background:#1f5f4a' in html
    assert 'alt="A scarf"' in html
    assert (
        shown(message.text).split("\n--\n")[0]
        == """Hello

One line with code & <b>signs</b>
and a link: https://shop.example/a.

1. First
2. Second

Said

Look around: https://shop.example/l

A scarf

----------

End
"""
    )


def test_mjml_and_html_have_a_text_part_too(tmp_path: Path) -> None:
    column = (
        "<mj-section><mj-column><mj-text><h1>Hello &amp; {{ first_name }}</h1><p>One<br>two</p></mj-text>"
        '<mj-image src="https://shop.example/1.png" alt="A scarf"/>{{ coupon() }}'
        '<mj-button href="{{ landing_url }}">Look</mj-button></mj-column></mj-section>'
    )
    write(tmp_path, news__mjml=column)
    expected = "Hello & Ada\n\nOne\ntwo\n\nA scarf\n\nLook: https://shop.example/l\n"
    assert shown(compiled(tmp_path).text, first_name="Ada").split("\n--\n")[0] == expected
    (tmp_path / "news.mjml").unlink()
    page = (
        "<html><head><title>No</title><style>p {color: red}</style></head><body><h1>Hello &amp; {{ first_name }}</h1>"
        '<ul><li>One</li><li>two</li></ul><p><a href="{{ landing_url }}">Look</a></p></body></html>'
    )
    write(tmp_path, news__html=page)
    message = compiled(tmp_path)
    text = shown(message.text, first_name="Ada").split("\n--\n")[0]
    assert text == "Hello & Ada\n\n- One\n- two\n\nLook: https://shop.example/l\n"
    assert '<p style="color: red;">' in shown(message.html, first_name="Ada")


@pytest.mark.parametrize(
    ("suffix", "body"),
    [
        (
            "html",
            "<table>{% for p in products %}<tr><td><p>{{ p.name }}</p></td></tr>{% endfor %}</table>"
            "{% if coupon_code %}<p>{{ coupon_code }}</p>{% endif %}<p>End</p>",
        ),
        (
            "mjml",
            "<mj-section><mj-column><mj-table>{% for p in products %}<tr><td><p>{{ p.name }}</p></td></tr>{% endfor %}"
            "</mj-table>{% if coupon_code %}<mj-text>{{ coupon_code }}</mj-text>{% endif %}<mj-text>End</mj-text>"
            "</mj-column></mj-section>",
        ),
    ],
)
@pytest.mark.parametrize("path", ["columnar", "jinja"])
def test_the_text_of_elements_has_one_blank_line_in_a_row(tmp_path: Path, suffix: str, body: str, path: str) -> None:
    write(tmp_path, **{f"news__{suffix}": body})
    source = compiled(tmp_path).text
    assert source.one_blank_line
    row = {**dict.fromkeys(OF_MESSAGE), **SHOP, "products": []}
    cups = [{**dict.fromkeys(field.name for field in PRODUCTS.inner.fields), "name": name} for name in ("Cup", "Pot")]
    rows = [row, {**row, "products": cups}, {**row, "products": cups, "coupon_code": "BACK"}]
    frame = pl.DataFrame(rows, schema=dict(OF_MESSAGE))
    template = check_source(source, dict(frame.schema), Problems())
    assert template is not None
    shown_texts = [text.split("\n--\n")[0] for text in render(template, frame, path=path).values]
    assert shown_texts == ["End\n", "Cup\n\nPot\n\nEnd\n", "Cup\n\nPot\n\nBACK\n\nEnd\n"]


def test_a_text_that_needs_no_look_at_its_blank_lines_gets_none(tmp_path: Path) -> None:
    bodies = [
        ("html", "<p>Hi {{ first_name }}</p><p>{{ shop }}</p>", False),
        (
            "html",
            "<p>Hi{% if orders %} again{% endif %}</p><ul>{% for p in products %}<li>x</li>{% endfor %}</ul>",
            True,
        ),
        ("html", "<p>Hi</p>{% if orders %}<p>x</p>{% endif %}<p>End</p>", True),
        ("html", "<p>Hi</p><p>{{ first_name | default('') }}</p><p>End</p>", True),
        ("html", "{% if orders %}<b>Hi</b>{% endif %}<p>End</p>", True),
        ("html", "<p>Hi {{ first_name | default('') }}</p><p>End</p>", False),
        ("html", "<p>{% set a = 1 %}Hi {% if orders %}you{% else %}there{% endif %}</p><p>End</p>", False),
        ("md", "Hi\n\n{% for p in products %}\n\n- x\n\n{% endfor %}\n\n{{ first_name | default('') }}\n\nEnd", False),
    ]
    for suffix, body, looked_at in bodies:
        write(tmp_path, **{f"news__{suffix}": body})
        assert compiled(tmp_path).text.one_blank_line is looked_at, body
        (tmp_path / f"news.{suffix}").unlink()


def test_a_text_file_beside_the_body_is_the_text_part(tmp_path: Path) -> None:
    write(tmp_path, news__md="Hello", news__txt="Hi {{ first_name }}\n{% if orders %}\nThanks\n{% endif %}\nBye\n")
    message = compiled(tmp_path)
    assert shown(message.text, first_name="Ada", orders=0).startswith("Hi Ada\nBye\n\n--\n")
    assert shown(message.text, first_name="Ada", orders=1).startswith("Hi Ada\nThanks\nBye\n\n--\n")


def test_a_text_alone_is_a_mail_of_text_or_an_sms(tmp_path: Path) -> None:
    write(tmp_path, news__txt="Hi {{ first_name }}: {{ landing_url }}\n")
    mail = compiled(tmp_path)
    assert mail.html is None
    assert "Unsubscribe: https://shop.example/u" in shown(mail.text, first_name="Ada")
    sms = compiled(tmp_path, channel="sms")
    assert sms.subject is None
    assert shown(sms.text, first_name="Ada") == "Hi Ada: https://shop.example/l"


def test_product_blocks_coupon_and_buttons_are_put_in(tmp_path: Path) -> None:
    write(
        tmp_path, news__md="{{ product_blocks() }}\n\n{{ coupon() }}\n\n{{ button(\"Look & 'see'\", landing_url) }}\n"
    )
    message = compiled(tmp_path)
    offer = {"coupon_code": "BACK-1", "offer_reward": "percent", "offer_value": 20.0}
    context = {**offer, "coupon_expires_at": dt.date(2026, 7, 1), "products": [PRODUCT]}
    html, text = shown(message.html, **context), shown(message.text, **context)
    assert 'src="https://shop.example/1.png" alt="Scarf &amp; hat"' in html
    assert "Look &amp; &#x27;see&#x27;" in html
    assert "20% off" in html
    assert text.split("\n--\n")[0] == (
        "* Scarf & hat, 20 TRY, 4.5 out of 5, Only 3 left\n  https://shop.example/p/1\n\n"
        "20% off\nYour code: BACK-1\nValid until 2026-07-01\n\nLook & 'see': https://shop.example/l\n"
    )
    nothing = shown(message.html)
    assert "Your code" not in nothing
    assert "<img" not in nothing


def test_a_product_without_a_picture_has_the_whole_width_beside_those_with_one(tmp_path: Path) -> None:
    write(tmp_path, news__md="{{ product_blocks() }}")
    html = shown(compiled(tmp_path).html, products=[PRODUCT, {**PRODUCT, "image_url": None}])
    rows = html.partition('class="picture"')[2].split("</tr>")
    assert 'colspan="1"' in rows[0]
    assert 'colspan="2"' in rows[1]


@pytest.mark.parametrize("suffix", ["md", "html", "mjml"])
def test_products_stand_in_two_columns(tmp_path: Path, suffix: str) -> None:
    call = "{{ product_blocks(columns=2) }}"
    bodies = {
        "md": call,
        "html": f"<div>{call}</div>",
        "mjml": f"<mj-section><mj-column>{call}</mj-column></mj-section>",
    }
    write(tmp_path, **{f"news__{suffix}": bodies[suffix]})
    html = shown(compiled(tmp_path).html, products=[PRODUCT, PRODUCT])
    assert html.count("display:inline-block;width:50%") == 2


def test_how_many_columns_may_depend_on_the_recipient(tmp_path: Path) -> None:
    write(tmp_path, news__md="{{ product_blocks(columns=2 if wide else 1) }}")
    message = compiled(tmp_path)
    assert "width:50%" in shown(message.html, products=[PRODUCT], wide=True)
    assert "width:50%" not in shown(message.html, products=[PRODUCT], wide=False)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{{ button('Look') }}", "news.md:5:1: '{{ button('Look') }}' lacks 'url'. Write {{ button(label, url) }}."),
        ("{{ product_blocks(colums=2) }}", "news.md:5:1: product_blocks takes no 'colums'. Did you mean 'columns'?"),
        *(
            (
                f"{{{{ product_blocks({wrong}) }}}}",
                f"news.md:5:1: product_blocks takes columns=1 or 2, not {wrong.removeprefix('columns=')}. "
                "Write {{ product_blocks(columns=2) }}.",
            )
            for wrong in (
                'columns="x"',
                "columns=0",
                "7",
                "columns='2'",
                "columns=true",
                "columns=order_count",
                "columns=3 if shop else 1",
            )
        ),
        ("{{ coupon(1) }}", "news.md:5:1: '{{ coupon(1) }}' is not a call of coupon()."),
        ("{{ button(f(1), url) }}", "news.md:5:1: 'f(1)' cannot be given to button. Give it a constant"),
        ("{{ brand.color }}", "news.md:5:1: no 'brand.color'. Did you mean 'colour' or"),
        ("{% include 'foter.md' %}", "news.md:5:1: no file 'foter.md' to include. Did you mean 'footer.md'?"),
        ("{% include '../x.md' %}", "news.md:5:1: no file '../x.md' to include."),
        ("{% extends 'x' %}", "news.md:5:1: '{% extends 'x' %}' cannot be used here."),
        ("", "news.md:5:1: the message says nothing."),
    ],
)
def test_what_cannot_be_put_in_is_said(tmp_path: Path, body: str, expected: str) -> None:
    write(tmp_path, news__md=body, footer__md="---\n---\nBye")
    _, problems = compile_in(tmp_path)
    assert problems[0].startswith(expected)
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hi {{ coupon() }} you", "news.md:5:4: '{{ coupon() }}' stands inside a paragraph. Put it alone in a line."),
        ("**{{ coupon() }}**", "news.md:5:3: '{{ coupon() }}' stands inside a paragraph. Put it alone in a line."),
        ("# {{ coupon() }}", "news.md:5:3: '{{ coupon() }}' stands inside a heading. Put it alone in a line."),
        ("- One\n- {{ coupon() }}", "news.md:6:3: '{{ coupon() }}' stands inside a list. Put it alone in a line."),
        ("> {{ coupon() }}", "news.md:5:3: '{{ coupon() }}' stands inside a quotation. Put it alone in a line."),
        ("|a|\n|-|\n|{{ coupon() }}|", "news.md:7:2: '{{ coupon() }}' stands inside a table. Put it alone in a line."),
    ],
)
def test_a_partial_that_is_not_alone_is_told_of_once(tmp_path: Path, body: str, expected: str) -> None:
    write(tmp_path, news__md=body)
    assert compile_in(tmp_path)[1] == [expected]


def test_partials_and_conditions_may_share_a_line(tmp_path: Path) -> None:
    write(tmp_path, news__md="{% if orders %}{{ coupon() }}{% endif %}\n\n{{ coupon() }} {{ coupon() }}\n")
    message = compiled(tmp_path)
    offer = {"coupon_code": "BACK-1", "offer_reward": None, "coupon_expires_at": None}
    assert shown(message.html, orders=0, **offer).count("BACK-1") == 2
    text = shown(message.text, orders=1, **offer).split("\n--\n")[0]
    assert text == "Your code: BACK-1\n\n" * 2 + "Your code: BACK-1\n"


@pytest.mark.parametrize("suffix", ["html", "mjml"])
def test_a_whole_document_has_its_own_footer_and_no_other(tmp_path: Path, suffix: str) -> None:
    footer = '<p>Hello</p><p><a href="{{ unsubscribe_url }}">Stop</a> {{ sender_address }}</p>'
    column = f"<mj-section><mj-column><mj-text>{footer}</mj-text></mj-column></mj-section>"
    bodies = {"html": footer, "mjml": f"<mjml><mj-body>{column}</mj-body></mjml>"}
    write(tmp_path, **{f"news__{suffix}": bodies[suffix]})
    expected = "Hello\n\nStop: https://shop.example/u Example Street 1, Ankara"
    assert shown(compiled(tmp_path).text).strip() == expected
    write(tmp_path, news__txt="Hi. {{ unsubscribe_url }}, {{ sender_address }}")
    assert shown(compiled(tmp_path).text) == "Hi. https://shop.example/u, Example Street 1, Ankara"
    write(tmp_path, news__txt="Hi. {{ unsubscribe_url }}")
    assert shown(compiled(tmp_path).text).count("Example Street 1") == 1


def test_a_file_beside_the_message_is_included_with_its_own_places(tmp_path: Path) -> None:
    (tmp_path / "footer.md").write_text("Bye {{ first_name }}\n\n{{ coupon() }}\n")
    write(tmp_path, news__md="Hello\n\n{% include 'footer.md' %}\n")
    message = compiled(tmp_path)
    assert "Bye Ada" in shown(message.html, first_name="Ada")
    assert any(str(place).endswith("footer.md:1:7") for place in message.text.places)


def test_a_loop_around_items_is_one_list(tmp_path: Path) -> None:
    write(tmp_path, news__md="{% for p in rows %}\n- {{ p }}\n{% endfor %}\n\nEnd")
    message = compiled(tmp_path)
    html = shown(message.html, rows=["One", "Two"])
    assert html.count("<ul") == 1
    assert html.count("<li") == 2
    assert shown(message.text, rows=["One", "Two"]).startswith("- One\n- Two\n\nEnd\n")


def test_a_list_in_a_branch_is_a_list_of_that_branch_alone(tmp_path: Path) -> None:
    write(tmp_path, news__md="{% if new %}\n- One\n{% elif old %}\nHi\n{% else %}\n1. Two\n{% endif %}\n\nEnd")
    message = compiled(tmp_path)
    for context, element, text in (
        ({"new": True, "old": False}, "ul", "- One\n\nEnd"),
        ({"new": False, "old": True}, "p", "Hi\n\nEnd"),
        ({"new": False, "old": False}, "ol", "1. Two\n\nEnd"),
    ):
        html = shown(message.html, **context)
        assert [name for name in ("ul", "ol") if f"<{name}" in html] == ([element] if element != "p" else [])
        assert shown(message.text, **context).startswith(text)


@pytest.mark.parametrize("around", ["{}", "Look: {} here", "[{}](https://shop.example/p)"])
def test_a_picture_may_be_that_of_a_product(tmp_path: Path, around: str) -> None:
    write(tmp_path, news__md=around.format("![The {{ p.name }}]({{ p.url }})") + "\n\n{% if p %}Hi{% endif %}")
    message = compiled(tmp_path)
    product = {"name": "cup", "url": "https://shop.example/1.png"}
    html = shown(message.html, p=product)
    assert 'src="https://shop.example/1.png"' in html
    assert 'alt="The cup"' in html
    assert "The cup" in shown(message.text, p=product)
    assert "1.png" not in shown(message.text, p=product)


def test_values_are_escaped_in_html_and_not_in_text(tmp_path: Path) -> None:
    write(tmp_path, news__md="Hi {{ first_name }}")
    message = compiled(tmp_path)
    assert "Hi &lt;b&gt;{{ x }}" in shown(message.html, first_name="<b>{{ x }}")
    assert shown(message.text, first_name="<b>{{ x }}").startswith("Hi <b>{{ x }}")


def test_a_mail_of_an_order_has_no_link_to_unsubscribe(tmp_path: Path) -> None:
    write(tmp_path, news__md="Your order is on its way.")
    message = compiled(tmp_path, marketing=False)
    assert "unsubscribe_url" not in message.text.text + (message.html.text if message.html else "")
    assert "Example Street 1" in shown(message.text)


_WORDS = st.sampled_from(["", "Hello", "a & <b>", "çığ", "100 %", "'", '"', "\\", "`", "*", "#", "[x](y)", "\n"])
_TAGS = st.sampled_from(
    ["{{ a }}", "{{ b|default('}}') }}", "{% if a < b %}", "{% endif %}", "{#- no -#}", "\n\n", "- "]
)


@given(st.lists(_WORDS | _TAGS, max_size=12).map("".join))
@settings(max_examples=30)
def test_pieces_of_a_template_are_the_template(text: str) -> None:
    pieces = split_pieces(text, None, Problems())
    again = split_pieces(to_source(pieces, escape=False).text, None, Problems())
    assert "".join("".join(p.text for p in pieces).split()) == "".join("".join(p.text for p in again).split())


@given(st.lists(_WORDS | st.sampled_from(["{{ a }}", "{{ b['x'] }}", "\n\n", "**", "|", "- ", "> "]), max_size=12))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_markdown_keeps_every_output_or_says_which_it_lost(parts: list[str]) -> None:
    problems = Problems()
    pieces = [piece for part in parts for piece in split_pieces(part, None, problems)]
    shop = layout()
    body = read_markdown(pieces, Expansion(shop, Path(), shop.known(None, marketing=True), problems))
    wanted = sum(piece.is_tag for piece in pieces)
    for found in (body.to_mjml(shop.brand, problems), text_of_markdown(body, problems)):
        kept: list[Piece] = [piece for piece in found or () if piece.is_tag]
        assert len(kept) >= wanted or problems.errors
