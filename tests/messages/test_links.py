"""Parameters behind links: to the shop alone, once, and before a fragment."""

from __future__ import annotations

import polars as pl
import pytest

from segcli.messages.links import LinkParameters, link_parameters, tagged, with_tagged_links, with_token
from segcli.messages.model import CompiledMessage, Source

OURS = link_parameters(
    "https://www.kettle.example", {"source": "mail"}, "t", campaign="winback", step="we miss", medium="email"
)
UTM = "utm_source=mail&utm_medium=email&utm_campaign=winback&utm_content=we%20miss"

CASES = [
    ("https://kettle.example", f"https://kettle.example?{UTM}&t=TOKEN"),
    ("https://shop.kettle.example/cups?size=1", f"https://shop.kettle.example/cups?size=1&{UTM}&t=TOKEN"),
    ("https://kettle.example/cups#red", f"https://kettle.example/cups?{UTM}&t=TOKEN#red"),
    ("https://kettle.example/?utm_source=own", "https://kettle.example/?utm_source=own"),
    ("https://kettle.example/?a=1&utm_source=own", "https://kettle.example/?a=1&utm_source=own"),
    ("https://kettle.example/?cat=1&list=2", f"https://kettle.example/?cat=1&list=2&{UTM}&t=TOKEN"),
    ("https://kettle.example/?a=1&t=own", f"https://kettle.example/?a=1&t=own&{UTM}"),
    ("https://kettle.example/cup_(red)", f"https://kettle.example/cup_(red)?{UTM}&t=TOKEN"),
    ("https://elsewhere.example/cups", "https://elsewhere.example/cups"),
    ("https://notkettle.example/", "https://notkettle.example/"),
    ("https://kettle.example@evil.example/", "https://kettle.example@evil.example/"),
    ("mailto:hello@kettle.example", "mailto:hello@kettle.example"),
]


def message(html: str, text: str) -> CompiledMessage:
    return CompiledMessage(
        "m", "m.md", None, None, None, None, Source(html, True, (None,)), Source(text, False, (None,))
    )


@pytest.mark.parametrize(("url", "expected"), CASES)
def test_links_of_data_are_tagged(url: str, expected: str) -> None:
    frame = pl.DataFrame({"url": [url, None], "token": ["TOKEN", "OTHER"]})
    assert frame.select(tagged(pl.col("url"), OURS)).to_series().to_list() == [expected, None]


@pytest.mark.parametrize(("url", "expected"), CASES)
def test_links_of_the_message_itself_are_tagged(url: str, expected: str) -> None:
    found = with_tagged_links(
        message(f'<a class="x" href="{url.replace("&", "&amp;")}">x</a>', f"See {url}. Bye"), OURS
    )
    expected = expected.replace("TOKEN", "{{ token }}")
    assert found.html is not None
    escaped = expected.replace("&", "&amp;")
    assert found.html.text == f'<a class="x" href="{escaped}">x</a>'
    assert found.text.text == f"See {expected}. Bye"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://kettle.example/{{\n code }}", f"https://kettle.example/{{{{\n code }}}}?{UTM}&t=TOKEN"),
        (
            "https://kettle.example/{{\n code | default('a?#{}') }}/x{{\n size }}",
            f"https://kettle.example/{{{{\n code | default('a?#{{}}') }}}}/x{{{{\n size }}}}?{UTM}&t=TOKEN",
        ),
        (
            "https://kettle.example/?q={{\n city | urlencode }}#top",
            f"https://kettle.example/?q={{{{\n city | urlencode }}}}&{UTM}&t=TOKEN#top",
        ),
        ("https://kettle.example/#{{\n code }}", f"https://kettle.example/?{UTM}&t=TOKEN#{{{{\n code }}}}"),
        ("https://kettle.example/?t={{\n code }}", f"https://kettle.example/?t={{{{\n code }}}}&{UTM}"),
        ("https://kettle.example/{{\n code }}?utm_id=1", "https://kettle.example/{{\n code }}?utm_id=1"),
        ("https://elsewhere.example/{{\n code }}", "https://elsewhere.example/{{\n code }}"),
        # Whose the host is only the value says.
        ("https://kettle.example{{\n code }}/x", "https://kettle.example{{\n code }}/x"),
        ("https://{{\n code }}/x", "https://{{\n code }}/x"),
    ],
)
def test_links_with_values_in_them_are_tagged(url: str, expected: str) -> None:
    expected = expected.replace("TOKEN", "{{ token }}")
    found = with_tagged_links(message(f'<a class="x" href="{url}">x</a>', f"See {url}. Bye"), OURS)
    assert found.html is not None
    assert found.html.text == f'<a class="x" href="{expected.replace("&", "&amp;")}">x</a>'
    assert found.text.text == f"See {expected}. Bye"


def test_links_that_are_made_by_the_template_are_left_to_it() -> None:
    html = '<a href="https://kettle.example/{% if code %}x{% endif %}">x</a><a href="{{ shop_url }}">x</a>'
    text = "https://kettle.example/{% if code %}x{% endif %} {{ shop_url }}"
    found = with_tagged_links(message(html, text), OURS)
    assert (found.html and found.html.text, found.text.text) == (html, text)


def test_without_a_shop_nothing_is_tagged() -> None:
    nowhere: LinkParameters = link_parameters(None, {}, "t", campaign="c", step="s", medium="email")
    found = with_tagged_links(message('<a href="https://kettle.example">x</a>', ""), nowhere)
    assert found.html is not None
    assert found.html.text == '<a href="https://kettle.example">x</a>'


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://kettle.example/stop", "https://kettle.example/stop?t=TOKEN"),
        ("https://kettle.example/stop?x=1#y", "https://kettle.example/stop?x=1&t=TOKEN#y"),
        ("https://kettle.example/stop/{token}/now", "https://kettle.example/stop/TOKEN/now"),
    ],
)
def test_the_token_goes_where_the_link_has_room_for_it(url: str, expected: str) -> None:
    assert pl.DataFrame({"token": ["TOKEN"]}).select(with_token(url, "t")).item() == expected
