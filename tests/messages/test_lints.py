"""What is unwise in a message, each with its place."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import mrml
import pytest

from segcli.messages.compiling import compile_message
from segcli.messages.lints import check_layout, check_message, css_support, friction_word
from segcli.messages.message_files import find_messages
from segcli.messages.mjml_lints import attributes_of_mjml
from segcli.problems import Problems
from segcli.project.recipe_choice import shipped_folder
from tests.messages.message_writing import layout, write


def lints(folder: Path, **options: Any) -> list[str]:
    problems = Problems()
    family = find_messages(folder, "news", problems)
    file = family.choose() if family else None
    assert file is not None
    frame = layout(folder)
    message = compile_message(file, frame, problems)
    assert message is not None, list(problems)
    check_message(file, message, frame, problems, **options)
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
            '<mj-text><p style="Display: flex !important">Hi</p></mj-text>',
            "warning: news.mjml:6:20: 'Display: flex' is dropped by Outlook for Windows "
            "(https://www.caniemail.com/features/css-display-flex/). Use the cells of a table.",
        ),
        ("md", "![][cup]\n\n[cup]: https://a.example/1.png", "error: news.md:5:1: the image has no alt text."),
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


_NOWHERE = "is no whole address, so it leads nowhere from a mail."


@pytest.mark.parametrize(
    ("suffix", "body", "expected"),
    [
        ("md", "See [us](/sale) now", f"5:10: '/sale' {_NOWHERE} Write the whole address, such as https://kettle.example/sale."),
        ("md", "See [us][r]\n\n[r]: sale.html", f"7:6: 'sale.html' {_NOWHERE} Write the whole address, such as"),
        ("md", "See [us](www.kettle.example) now", f"5:10: 'www.kettle.example' {_NOWHERE} Write https://www.kettle.example."),
        ("md", "See [us](localhost:80/x) now", f"5:10: 'localhost:80/x' {_NOWHERE} Write https://localhost:80/x."),
        ("md", "See [us](//kettle.example) now", f"5:10: '//kettle.example' {_NOWHERE} Write https://kettle.example."),
        ("md", "See [us](https//kettle.example) now", f"5:10: 'https//kettle.example' {_NOWHERE} Write https://kettle"),
        ("md", "See [us](a@kettle.example) now", f"5:10: 'a@kettle.example' {_NOWHERE} Write mailto:a@kettle.example."),
        ("md", "See [us](htps://kettle.example) now", "5:10: there is no 'htps:'. Write https://kettle.example."),
        ("md", "See [us](mailt:a@kettle.example) now", "5:10: there is no 'mailt:'. Did you mean 'mailto'?"),
        ("md", "See [us](https:/kettle.example) now", "5:10: 'https:/kettle.example' is no whole address. Write https://ke"),
        ("md", "See [us]() now", "5:8: a link or a picture has no address. Write the whole address, such as https://kettle"),
        ("md", "See [us](/s?q={{ city }}) now", f"5:10: '/s?q=' {_NOWHERE}"),
        ("md", "![A cup](img/cup.png)", f"5:10: 'img/cup.png' {_NOWHERE} Put the picture where the shop's others are"),
        ("md", "![A cup](C:\\cup.png)", "5:10: 'C:\\cup.png' is a file of this machine, which nobody else can open."),
        ("md", '{{ button("Look", "/sale") }}', f"5:20: '/sale' {_NOWHERE}"),
        ("md", "{% include 'end.txt' %}", f"end.txt:1:10: 'bye.html' {_NOWHERE}"),
        ("html", '<img alt="" src="data:image/png;base64,AAAA">', "5:18: mail programs do not open 'data:'."),
        ("html", '<p style="background:url(bg.png)">x</p>', f"5:26: 'bg.png' {_NOWHERE} Put the picture"),
        ("mjml", '<mj-image alt="" src="cup.png"/>', f"6:23: 'cup.png' {_NOWHERE} Put the picture"),
        ("mjml", '<mj-button href="/a&amp;b">Look</mj-button>', f"6:18: '/a&amp;b' {_NOWHERE}"),
        ("txt", "See htps://kettle.example.", "1:5: there is no 'htps:'. Write https://kettle.example."),
    ],
)  # fmt: skip
def test_links_and_pictures_that_lead_nowhere_have_their_place(
    tmp_path: Path, suffix: str, body: str, expected: str
) -> None:
    (tmp_path / "end.txt").write_text("Then [x](bye.html)\n")
    footer = '<p><a href="{{ unsubscribe_url }}">Stop</a> {{ sender_address }}</p>'
    text = f"<mj-section><mj-column>\n{body}\n</mj-column></mj-section>" if suffix == "mjml" else body
    write(tmp_path, **{f"news__{suffix}": text + (footer if suffix == "html" else "")})
    if suffix == "txt":
        write(tmp_path, news__md="Hello")
    found = lints(tmp_path, shop="https://kettle.example")
    file = "" if expected.startswith("end.txt") else f"news.{suffix}:"
    assert len(found) == 1, found
    assert found[0].startswith(f"error: {file}{expected}")


@pytest.mark.parametrize(
    "link",
    ["https://kettle.example/a?b#c", "http{{ s }}://x", "mailto:a@kettle.example", "tel:+441632960001", "#top",
     "myapp://x", "whatsapp://send?text=x", "{{ landing_url }}", "https://{{ city }}/", "{{ landing_url }}#x",
     "{{ landing_url }}&x=1"],
)  # fmt: skip
def test_links_that_lead_somewhere_are_none_of_these(tmp_path: Path, link: str) -> None:
    write(tmp_path, news__html=f'<p><a href="{link}">x</a> {{{{ unsubscribe_url }}}} {{{{ sender_address }}}}</p>')
    assert [each for each in lints(tmp_path) if each.startswith("error")] == []


def test_nothing_goes_behind_a_link_that_ends_with_parameters(tmp_path: Path) -> None:
    write(tmp_path, news__md="See [a]({{ shop_url }}/sale) and\n[b]({{ shop_url }}?a=1), [c]({{ landing_url }}#x)\n")
    assert lints(tmp_path, shop="https://kettle.example/") == [
        "error: news.md:5:11: '/sale' comes behind the parameters that shop_url ends with, and leads nowhere. "
        "Write the whole address, such as https://kettle.example/sale; it gets the same parameters.",
        "error: news.md:6:7: '?a=1' comes behind the parameters that shop_url ends with, and leads nowhere. "
        "Write the whole address, such as https://kettle.example/?a=1; it gets the same parameters.",
    ]


def test_html_in_markdown_is_told_with_its_place_and_how_it_is_done(tmp_path: Path) -> None:
    body = """Hello <b>you</b>, `<i>` and \\<i> and {{ '<i>' }} are signs, 3 < 4 > 2 too.<br>

<img src="https://shop.example/1.png" alt="A very red cup">

```
<p>
```
- <span>One</span> <{{ city }}>

<!-- note -->
"""
    write(tmp_path, news__md=body)
    said = "is shown as it is: there is no HTML in Markdown."
    assert [each.replace("warning: news.md:", "") for each in lints(tmp_path)] == [
        f"5:7: '<b>' {said} Write **words**.",
        f"5:75: '<br>' {said} End the line with a backslash.",
        f"7:1: '<img ...>' {said} Write ![what it shows](https://...).",
        f"12:3: '<span>' {said} Write the message as .mjml or .html, "
        "or put a backslash before the < of a sign that is meant.",
        f"14:1: '<!-- note -->' {said} Write {{# a note #}}, which nobody is sent.",
    ]  # fmt: skip


def test_an_image_without_words_is_told_as_its_kind_of_file_says_it(tmp_path: Path) -> None:
    write(tmp_path, news__md="![](https://shop.example/1.png)")
    assert lints(tmp_path)[0].endswith("for those who see no images: ![a red cup](https://...).")
    (tmp_path / "news.md").unlink()
    write(tmp_path, news__mjml='<mj-section><mj-column><mj-image src="https://a.example"/></mj-column></mj-section>')
    assert lints(tmp_path)[0].endswith('alt="" for mere decoration.')


def test_faults_of_a_layout_stand_in_the_layout(tmp_path: Path) -> None:
    own = tmp_path / "_layout"
    own.mkdir()
    shipped = (shipped_folder() / "_layout" / "layout.mjml").read_text("utf-8")
    (own / "layout.mjml").write_text(re.sub(r"{{ (?:unsubscribe_url|sender_address) }}", "x", shipped), "utf-8")
    write(tmp_path, news__md="Hello")
    assert lints(tmp_path) == [
        "error: _layout/layout.mjml:1:1: the layout has no link to unsubscribe for marketing messages. "
        "Put {{ unsubscribe_url }} into it; the shipped layout's footer has it.",
        "error: _layout/layout.mjml:1:1: the layout has no postal address for marketing messages. "
        "Put {{ sender_address }} into it; the shipped layout's footer has it.",
        f"error: _layout/layout.mjml:{_line_of(shipped, 'unsubscribe_url')}: 'x' {_NOWHERE} "
        "Write the whole address, such as https://shop.example/x.",
    ]
    # A name like it is a mistake of its own, which is told where it stands.
    (own / "layout.mjml").write_text(shipped.replace("unsubscribe_url", "unsubscribe_link"), "utf-8")
    assert lints(tmp_path) == []


def _line_of(text: str, words: str) -> str:
    before = text[: text.index(f"{{{{ {words} }}}}")]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_the_shipped_layout_as_a_shops_own_has_no_remark(tmp_path: Path) -> None:
    shutil.copytree(shipped_folder() / "_layout", tmp_path / "_layout")
    problems = Problems()
    own = layout(tmp_path)
    assert len(own.own_files()) > 10
    check_layout(own, problems)
    assert [str(problem) for problem in problems] == []
    (tmp_path / "_layout" / "partials" / "coupon.mjml").write_text('<mj-image src="https://a.example/x.png"/>\n')
    check_layout(layout(tmp_path), problems)
    assert [str(each).replace(f"{tmp_path}/", "")[:60] for each in problems] == [
        "_layout/partials/coupon.mjml:1:1: the image has no alt text."
    ]


def test_the_head_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, news__md=f'---\nsubject: "{"x" * 61}{{{{ first_name }}}}"\n---\nHello')
    found = lints(tmp_path)
    assert found[0].startswith("warning: news.md:1:1: the message has no preheader.")
    assert found[1].startswith("warning: news.md:2:11: the subject has 61 characters without its fields")
    write(tmp_path, news__md="---\npreheader: News\n---\nHello")
    assert lints(tmp_path)[0].startswith("error: news.md:1:1: the message has no subject.")


def test_of_a_subjects_branches_the_longest_counts(tmp_path: Path) -> None:
    subject = "ab{{% if orders %}}{0}{{% if spend %}}{1}{{% endif %}}{{% else %}}{2}{{% endif %}}"
    head = f'---\nsubject: "{subject}"\npreheader: News\n---\nHello'
    write(tmp_path, news__md=head.format("x" * 40, "x" * 18, "x" * 58))
    assert lints(tmp_path) == []
    write(tmp_path, news__md=head.format("x" * 40, "x" * 19, "x" * 58))
    assert lints(tmp_path)[0].startswith("warning: news.md:2:11: the subject has 61 characters without its fields")


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
    support = css_support()
    for kind in (support["properties"], support["functions"], *support["values"].values()):
        for entry in kind.values():
            assert set(entry) == {"page", "dropped_by", "instead"}
            assert set(entry["dropped_by"]) <= set(support["clients"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<mj-text colour="red">Hi</mj-text>', "6:10: <mj-text> has no 'colour', {}. Did you mean 'color'?"),
        ('<mj-text\n  class="a">Hi</mj-text>', "7:3: <mj-text> has no 'class', {}. Did you mean 'css-class'?"),
        ('<mj-spacer heigth/>', "6:12: <mj-spacer> has no 'heigth', {}. Did you mean 'height'?"),
        (
            "<mj-accordion><mj-accordion-element q='1'></mj-accordion-element></mj-accordion>",
            "6:37: <mj-accordion-element> has no 'q', {}. It has background-color, border, font-family, ",
        ),
    ],
)  # fmt: skip
def test_an_attribute_that_mjml_does_not_know_is_warned_of(tmp_path: Path, body: str, expected: str) -> None:
    write(tmp_path, news__mjml=f"<mj-section><mj-column>\n{body}\n</mj-column></mj-section>")
    found = lints(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"warning: news.mjml:{expected.format('so MJML drops it')}")


def test_what_every_element_may_have_is_not_warned_of(tmp_path: Path) -> None:
    head = '<mj-head><mj-attributes><mj-all colour="red"/><mj-text colour="red"/></mj-attributes></mj-head>'
    footer = '<a href="{{ unsubscribe_url }}">Stop</a> {{ sender_address }}'
    attributes = 'mj-class="a" css-class="b" data-x="1" align="{{ layout.start }}"'
    text = f'<mj-text {attributes}><p class="c">{footer}</p></mj-text>'
    body = f'<mj-body><mj-section><mj-column>{text}<!-- <mj-text colour="red"> --></mj-column></mj-section></mj-body>'
    write(tmp_path, news__mjml=f'<mjml lang="en">{head}{body}</mjml>')
    assert lints(tmp_path) == []


def test_own_partials_are_looked_through_too_and_the_shipped_layout_has_nothing_wrong(tmp_path: Path) -> None:
    own = tmp_path / "_layout" / "partials"
    own.mkdir(parents=True)
    for file in (shipped_folder() / "_layout").glob("**/*.mjml"):
        (tmp_path / file.relative_to(shipped_folder())).write_text(file.read_text("utf-8"), "utf-8")
    problems = Problems()
    check_layout(layout(tmp_path), problems)
    assert [str(each) for each in problems if "MJML drops" in each.message] == []
    (own / "coupon.mjml").write_text('{# coupon() #}\n<mj-text font="serif">{{ coupon_code }}</mj-text>', "utf-8")
    check_layout(layout(tmp_path), problems)
    assert any(":2:10: <mj-text> has no 'font'" in str(each) for each in problems)


def test_what_the_table_of_attributes_leaves_out_mrml_drops() -> None:
    def html(attribute: str) -> str:
        column = f"<mj-column><mj-text {attribute}>Hi</mj-text></mj-column>"
        return str(mrml.to_html(f"<mjml><mj-body><mj-section>{column}</mj-section></mj-body></mjml>").content)

    assert html('colour="#123457"') == html("")
    for name in attributes_of_mjml()["mj-text"]:
        values = ("#123457", "37px", "right", "underline")
        assert name == "background-color" or any(html(f'{name}="{value}"') != html("") for value in values), name
