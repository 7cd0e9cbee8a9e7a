"""Addresses that stand in Markdown as they are: links in HTML, as they are in the text part."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segcli.messages.compiling import compile_message
from segcli.messages.links import link_parameters, with_tagged_links
from segcli.messages.message_files import find_messages
from segcli.problems import Problems
from tests.messages.message_writing import compiled, layout, shown, write

LINK = re.compile(r'<a href="([^"]*)" style="[^"]*">(.*?)</a>')


def links(folder: Path, body: str, **context: object) -> tuple[list[tuple[str, str]], str]:
    """The links of the body in HTML with their words, and the text part."""
    write(folder, news__md=body)
    message = compiled(folder)
    html = shown(message.html, **context).partition('<a href="https://shop.example/u"')[0]
    found = [each for each in LINK.findall(html) if each[1] != "Kuzey"]
    return found, shown(message.text, **context).partition("\n--\n")[0].strip()


@pytest.mark.parametrize(
    ("body", "href"),
    [
        ("https://shop.example/x", "https://shop.example/x"),
        ("See https://shop.example/x.", "https://shop.example/x"),
        ("See https://shop.example.", "https://shop.example"),
        ("(https://shop.example/x), and", "https://shop.example/x"),
        ("“https://shop.example/x”…", "https://shop.example/x"),
        ("HTTP://shop.example/x?", "HTTP://shop.example/x"),
        ("**https://shop.example/x**", "https://shop.example/x"),
        ("https://shop.example/a_b_c*d", "https://shop.example/a_b_c*d"),
        ("https://shop.example/cup_(red) there", "https://shop.example/cup_(red)"),
        ("https://shop.example/?f[]=1&g=2 there", "https://shop.example/?f%5B%5D=1&amp;g=2"),
        ("https://shop.example/?f=1&amp;g=2", "https://shop.example/?f=1&amp;g=2"),
        ("&lt;https://shop.example/x&gt;", "https://shop.example/x"),
        ("https://shop.example/x\\\nthere", "https://shop.example/x"),
        ("https://shop.example/größe%20x", "https://shop.example/gr%C3%B6%C3%9Fe%20x"),
        ("https://shop.example/?c={{ city }}.", "https://shop.example/?c=M%C3%BCnchen"),
        ("- one: https://shop.example/{{ city }}/x", "https://shop.example/M%C3%BCnchen/x"),
        ("{{ shop }} {% if city %}https://shop.example/x{% endif %}.", "https://shop.example/x"),
        ("A {% if city %}https://shop.example/x{% else %}https://shop.example/y{% endif %}", "https://shop.example/x"),
    ],
)
def test_a_bare_address_is_a_link_without_what_stands_behind_it(tmp_path: Path, body: str, href: str) -> None:
    found, text = links(tmp_path, body, city="München")
    assert [each for each, _ in found] == [href]
    words = href.replace("gr%C3%B6%C3%9Fe", "größe").replace("%5B%5D", "[]")
    assert found[0][1] == words
    assert words.replace("&amp;", "&") in text
    assert "://" not in text.replace(words.replace("&amp;", "&"), "", 1)


@pytest.mark.parametrize(
    "body",
    [
        "https:// is how it begins", "`https://shop.example/x`", "xhttps://shop.example/x", "https://...",
        "https://shop.example/{% if city %}x{% endif %}",
        "{% if city %}https://shop.example/{% endif %}x",
        "    https://shop.example/x",
    ],
)  # fmt: skip
def test_what_is_no_address_or_not_known_as_a_whole_stays_text(tmp_path: Path, body: str) -> None:
    found, _ = links(tmp_path, body, city="")
    assert found == []


def test_a_link_is_not_in_a_link_and_no_button(tmp_path: Path) -> None:
    found, text = links(tmp_path, "A [https://shop.example/x](https://shop.example/y) b")
    assert found == [("https://shop.example/y", "https://shop.example/x")]
    assert text == "A https://shop.example/x: https://shop.example/y b"
    assert links(tmp_path, "https://shop.example/x") == ([("https://shop.example/x",) * 2], "https://shop.example/x")


def test_bare_addresses_of_the_shop_get_the_parameters_in_both_parts(tmp_path: Path) -> None:
    write(tmp_path, news__md="See https://shop.example/x, or https://shop.example/?c={{ city }}.")
    family = find_messages(tmp_path, "news", Problems())
    file = family.choose() if family else None
    assert file is not None
    message = compile_message(file, layout(), Problems())
    assert message is not None
    ours = link_parameters("https://shop.example", {}, "t", campaign="c", step="s", medium="email")
    tagged = with_tagged_links(message, ours)
    utm = "utm_source=segcli&utm_medium=email&utm_campaign=c&utm_content=s&t=T"
    text = shown(tagged.text, token="T", city="Bonn")
    assert f"See https://shop.example/x?{utm}, or https://shop.example/?c=Bonn&{utm}.\n" in text
    html = shown(tagged.html, token="T", city="Bonn").replace("&amp;", "&")
    assert f'href="https://shop.example/x?{utm}"' in html
    assert f'href="https://shop.example/?c=Bonn&{utm}"' in html
