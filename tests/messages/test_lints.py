"""What is unwise in a message, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.messages.compiling import compile_message
from segcli.messages.lints import check_message, css_support, friction_word
from segcli.messages.message_files import find_messages
from segcli.problems import Problems
from tests.messages.message_writing import layout, write


def lints(folder: Path, **options: bool) -> list[str]:
    problems = Problems()
    family = find_messages(folder, "news", problems)
    file = family.choose() if family else None
    assert file is not None
    message = compile_message(file, layout(), problems)
    assert message is not None, list(problems)
    check_message(file, message, problems, **options)
    return [f"{problem.severity}: {problem}".replace(f"{folder}/", "") for problem in problems]


def test_a_good_message_has_no_remark(tmp_path: Path) -> None:
    write(
        tmp_path,
        news__md="Hello\n\n[Return to your cart](https://shop.example/)\n\n![A scarf](https://shop.example/1.png)",
    )
    assert lints(tmp_path) == []


def test_a_marketing_message_needs_a_way_out_and_an_address(tmp_path: Path) -> None:
    write(tmp_path, news__html="<html><body><p>Hello</p></body></html>")
    found = lints(tmp_path)
    assert [each.split(". ")[0] for each in found] == [
        "error: news.html:1:1: the HTML of a marketing message has no link to unsubscribe",
        "error: news.html:1:1: the HTML of a marketing message has no postal address",
    ]
    assert lints(tmp_path, marketing=False) == []
    write(tmp_path, news__html='<p><a href="{{ unsubscribe_url }}">Leave</a> {{ sender_address }}</p>')
    assert lints(tmp_path) == []
    assert lints(tmp_path, sender_address=False) == [
        "error: news.html:1:1: the sender has no postal address. Give the sender its `address` in segcli.yaml."
    ]


@pytest.mark.parametrize(
    ("suffix", "body", "expected"),
    [
        ("md", "Hi\n\n![](https://shop.example/1.png)", "error: news.md:7:1: the image has no alt text."),
        ("mjml", '<mj-image src="https://a.example"/>', "error: news.mjml:6:1: the image has no alt text."),
        ("md", "See [us](http://shop.example/a)", "warning: news.md:5:10: 'http://shop.example/a' is not encrypted."),
        ("md", "See [Buy now]({{ landing_url }})", "warning: news.md:5:6: 'Buy now' asks for money: 'buy now' keeps"),
        ("md", "{{ button('Hemen SATIN AL', shop_url) }}", "warning: news.md:5:12: 'Hemen SATIN AL' asks for money"),
        (
            "mjml",
            '<mj-button href="https://a.example">Pay</mj-button>',
            "warning: news.mjml:6:37: 'Pay' asks for money",
        ),
        (
            "mjml",
            '<mj-text><p style="color:red;position:absolute">Hi</p></mj-text>',
            "warning: news.mjml:6:30: 'position' is dropped by Gmail and Outlook for Windows "
            "(https://www.caniemail.com/features/css-position/). Use a table.",
        ),
        (
            "mjml",
            '<mj-text><p style="width:calc(1px)">Hi</p></mj-text>',
            "warning: news.mjml:6:26: 'calc()' is dropped by",
        ),
    ],
)
def test_what_costs_readers_has_its_place(tmp_path: Path, suffix: str, body: str, expected: str) -> None:
    text = f"<mj-section><mj-column>\n{body}\n</mj-column></mj-section>" if suffix == "mjml" else body
    write(tmp_path, **{f"news__{suffix}": text})
    found = lints(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_the_head_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, news__md=f'---\nsubject: "{"x" * 61}{{{{ first_name }}}}"\n---\nHello')
    found = lints(tmp_path)
    assert found[0].startswith("warning: news.md:1:1: the message has no preheader.")
    assert found[1].startswith("warning: news.md:2:11: the subject has 61 characters without its fields")
    write(tmp_path, news__md="---\npreheader: News\n---\nHello")
    assert lints(tmp_path)[0].startswith("error: news.md:1:1: the message has no subject.")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Buy now!", "buy now"),
        ("Return to your cart", None),
        ("Payment methods", None),
        ("ŞİMDİ SATIN ALIN", "satın alın"),
        ("Jetzt kaufen", "jetzt kaufen"),
    ],
)
def test_words_that_ask_for_money_are_whole_words(words: str, expected: str | None) -> None:
    assert friction_word(words) == expected


def test_every_entry_about_css_says_where_it_is_from() -> None:
    for kind in ("properties", "functions"):
        for entry in css_support()[kind].values():
            assert set(entry) == {"page", "dropped_by", "instead"}
            assert set(entry["dropped_by"]) <= set(css_support()["clients"])
