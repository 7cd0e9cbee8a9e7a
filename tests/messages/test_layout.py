"""The layout: a shop's brand, its own files, languages, and how heavy a mail is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segcli.messages.compiling import compile_message, compile_page
from segcli.messages.html_tags import VOID, find_tags
from segcli.messages.layout import load_layout
from segcli.messages.lints import check_message
from segcli.messages.message_files import find_messages
from segcli.messages.step_messages import layout_of
from segcli.problems import Problems
from segcli.project import load_project
from segcli.project.recipe_choice import shipped_folder
from tests.messages.message_writing import compile_in, compiled, layout, shown, write
from tests.messages.test_compiling import PRODUCT

SHIPPED = sorted({file.name.split(".")[0]: file for file in shipped_folder().glob("*/*.md")}.values())


def test_the_brand_is_put_in(tmp_path: Path) -> None:
    write(tmp_path, news__md="Hello\n\n[Look]({{ landing_url }})")
    plain = shown(compiled(tmp_path).html)
    assert "Kuzey</a>" in plain
    branded = layout(
        None, colour="#aa0000", font="Georgia, 'Times New Roman', serif", logo="https://shop.example/logo.png"
    )
    html = shown(compiled(tmp_path, layout=branded).html)
    assert 'bgcolor="#aa0000"' in html
    assert '<img alt="Kuzey" height="auto" src="https://shop.example/logo.png"' in html
    assert "font-family:Georgia" in html


def test_a_brand_that_is_none_is_said() -> None:
    problems = Problems()
    load_layout(None, {"color": "#aa0000", "colour": "red"}, problems)
    first, second = problems
    assert str(first).startswith("a brand has no 'color'. Did you mean 'colour'")
    assert str(second) == "the brand's colour is a colour such as #1f5f4a, not 'red'."


def test_a_projects_own_files_go_before_the_shipped_ones(tmp_path: Path) -> None:
    own = tmp_path / "_layout" / "partials"
    own.mkdir(parents=True)
    (own / "coupon.mjml").write_text("<mj-text>Ours: {{ cuopon.x }}</mj-text>\n")
    (own.parent / "words.yaml").write_text("en:\n  unsubscribe: Leave\n")
    write(tmp_path, news__md="{{ coupon() }}")
    message = compiled(tmp_path, layout=layout(tmp_path))
    assert message.html is not None
    assert "Ours:" in message.html.text
    assert "Leave" in message.html.text
    places = [str(place) for place in message.html.places if place]
    assert any(place.endswith("_layout/partials/coupon.mjml:1:18") for place in places)


def test_the_layout_speaks_the_language_of_the_message(tmp_path: Path) -> None:
    write(tmp_path, news__md="Hello", news__tr__md="Merhaba", news__ar__md="مرحبا")
    assert "Unsubscribe" in shown(compiled(tmp_path).html)
    turkish = shown(compiled(tmp_path, language="tr-TR").html)
    assert "Abonelikten çık" in turkish
    assert 'lang="tr" dir="ltr"' in turkish
    assert 'lang="ar" dir="rtl"' in shown(compiled(tmp_path, language="ar").html)


def test_a_mail_with_three_products_is_light_and_every_element_is_closed(tmp_path: Path) -> None:
    write(tmp_path, news__md="Hello\n\n{{ product_blocks() }}\n\n{{ coupon() }}\n\n[Look]({{ landing_url }})")
    html = shown(compiled(tmp_path).html, products=[PRODUCT] * 3)
    assert len(html.encode()) < 20_000
    stack: list[str] = []
    for tag in find_tags(html):
        if tag.kind == "open" and tag.name not in VOID:
            stack.append(tag.name)
        elif tag.kind == "close":
            assert stack.pop() == tag.name
    assert stack == []
    assert "fonts.googleapis" not in html
    assert 'name="color-scheme" content="light dark"' in html


def test_a_page_keeps_its_styles_and_takes_partials(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><style>p { color: {{ brand.colour }} }</style>{{ product_blocks() }}</html>")
    problems = Problems()
    source = compile_page(page, layout(), problems)
    assert not list(problems)
    html = shown(source, products=[PRODUCT])
    assert "p { color: #1f5f4a }" in html
    assert "Scarf &amp; hat" in html


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parent.name}/{file.stem.split('.')[0]}")
def test_every_shipped_message_compiles_in_every_language_without_a_remark(file: Path) -> None:
    problems = Problems()
    family = find_messages(file.parent, file.name.split(".")[0], problems)
    assert family is not None
    shop = load_layout(None, {}, problems)
    for version in family.files:
        message = compile_message(version, shop, problems)
        if message is not None:
            check_message(version, message, shop, problems)
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize(
    ("address", "footer"),
    [
        ("1 Example Street, Ankara", "Kuzey · 1 Example Street, Ankara"),
        ("Kuzey, 1 Example Street", "Kuzey, 1 Example Street"),
        ("KUZEY Ltd., 1 Example Street", "KUZEY Ltd., 1 Example Street"),
        ("Team Kuzey, 1 Example Street", "Team Kuzey, 1 Example Street"),
        ("Kuzey Street 1, Ankara", "Kuzey · Kuzey Street 1, Ankara"),
        ("Kuzeyli, 1 Example Street", "Kuzey · Kuzeyli, 1 Example Street"),
    ],
)
def test_the_footer_names_the_shop_once(address: str, footer: str, tmp_path: Path) -> None:
    sender = f'sender: {{email: hello@kuzey.example, name: Team Kuzey, address: "{address}"}}\n'
    (tmp_path / "segcli.yaml").write_text(f"shop: Kuzey\nsources: [orders.csv]\n{sender}", encoding="utf-8")
    shop = layout_of(load_project([tmp_path]), Problems())
    write(tmp_path, news__md="Hello")
    message = compiled(tmp_path, layout=shop)
    assert shown(message.text, sender_address=address).splitlines()[-1] == footer
    assert re.search(rf"<br ?/?>{re.escape(footer)}\s*<", shown(message.html, sender_address=address))


def test_every_mail_says_below_where_to_find_help(tmp_path: Path) -> None:
    write(tmp_path, news__md="Hello", news__tr__md="Merhaba")
    for language, words in (("en", "Write to us"), ("tr", "Bize yazın")):
        message = compiled(tmp_path, language=None if language == "en" else language)
        assert f">{words}</a>" in shown(message.html, help_url="https://shop.example/help")
        assert f"{words}: https://shop.example/help" in shown(message.text, help_url="https://shop.example/help")
        assert words not in shown(message.html, help_url=None) + shown(message.text, help_url=None)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("words.yaml", "en:\n  reason: Hi {{ shop }\n", "words.yaml:2:14: '{{' is never closed."),
        ("words.yaml", "en:\n  reason: Hi {% if x %}\n", "words.yaml:2:14: '{% if x %}' has no '{% endif %}'."),
        ("layout.txt", "Hi\n{% if x %}\n{{ content }}", "layout.txt:2:1: '{% if x %}' has no '{% endif %}'."),
        ("partials/coupon.mjml", "<mj-text>{% for x in y %}</mj-text>", "partials/coupon.mjml:1:10: "),
        ("partials/coupon.txt", "x\n {{ words.cod }}", "partials/coupon.txt:2:2: no 'words.cod'."),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_layout_has_its_place_there(tmp_path: Path, file: str, text: str, expected: str) -> None:
    path = tmp_path / "_layout" / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    write(tmp_path, news__md="Hello\n\n{{ coupon() }}")
    _, problems = compile_in(tmp_path, layout=layout(tmp_path))
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"_layout/{expected}")


def test_words_of_a_shops_own_have_their_place_and_what_is_put_in_has_that_of_its_call(tmp_path: Path) -> None:
    (tmp_path / "_layout").mkdir()
    (tmp_path / "_layout" / "words.yaml").write_text("en:\n  reason: Hi {{ shp }}\ntr:\n  reason: Merhaba {{ shp }}\n")
    write(tmp_path, news__md="Hello {{ coupon() }}".replace(" ", "\n\n  "), news__tr__md="Merhaba")
    for language, line, column in ((None, 2, 16), ("tr", 4, 21)):
        html = compiled(tmp_path, layout=layout(tmp_path), language=language).html
        assert html is not None
        lines = html.text.split("\n")
        named = next(number for number, line in enumerate(lines, 1) if line.startswith(" shp"))
        place = html.place(named)
        assert place is not None
        assert str(place).endswith(f"_layout/words.yaml:{line}:{column}")
        if language is None:
            called = {str(html.place(number)) for number, line in enumerate(lines, 1) if "coupon_code" in line}
            assert called == {f"{tmp_path}/news.md:7:3"}


def test_a_layout_without_a_place_for_the_content_is_said(tmp_path: Path) -> None:
    (tmp_path / "_layout").mkdir()
    (tmp_path / "_layout" / "layout.mjml").write_text("<mjml><mj-body></mj-body></mjml>")
    write(tmp_path, news__md="Hello")
    _, problems = compile_in(tmp_path, layout=layout(tmp_path))
    assert problems == [
        "_layout/layout.mjml:1:1: the layout has no '{{ content }}'. The text of the message is put there."
    ]
