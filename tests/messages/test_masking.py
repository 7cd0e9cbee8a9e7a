"""What tools do to a template when its tags are not masked; each of these broke once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.messages.message_writing import HEAD, compile_in, compiled, shown, write

COLUMN = "<mj-section><mj-column>{}</mj-column></mj-section>"
ROWS = [{"name": "Scarf", "price": 5}, {"name": "Boots <b>", "price": 20}]


def test_a_loop_over_the_rows_of_an_html_table_stays_in_its_table(tmp_path: Path) -> None:
    write(tmp_path, news__html="<table>{% for p in rows %}<tr><td>{{ p.name }}</td></tr>{% endfor %}</table>")
    html = shown(compiled(tmp_path).html, rows=ROWS)
    assert "<table><tbody><tr><td>Scarf</td></tr><tr><td>Boots &lt;b&gt;</td></tr></tbody></table>" in html


def test_a_loop_over_the_rows_of_an_mjml_table_stays_in_its_table(tmp_path: Path) -> None:
    table = "<mj-table>{% for p in rows %}<tr><td>{{ p.name }}</td></tr>{% endfor %}</mj-table>"
    write(tmp_path, news__mjml=COLUMN.format(table))
    html = shown(compiled(tmp_path).html, rows=ROWS)
    assert "<tr><td>Scarf</td></tr><tr><td>Boots &lt;b&gt;</td></tr></table>" in html


def test_a_loop_over_the_rows_of_a_markdown_table_stays_in_its_table(tmp_path: Path) -> None:
    write(tmp_path, news__md="| Name |\n|---|\n{% for p in rows %}\n| {{ p.name }} |\n{% endfor %}\n\n> End\n")
    message = compiled(tmp_path)
    assert shown(message.html, rows=ROWS).count('<td style="padding:6px') == 2
    assert "Name\nScarf\nBoots <b>\n\nEnd\n" in shown(message.text, rows=ROWS)


@pytest.mark.parametrize("suffix", ["md", "mjml", "html"])
def test_quotes_inside_a_filter_inside_an_attribute_are_no_end_of_it(tmp_path: Path, suffix: str) -> None:
    bodies = {
        "md": 'Look [here]({{ url | default("https://shop.example/") }}) now',
        "mjml": COLUMN.format('<mj-button href="{{ url | default("https://shop.example/") }}">Look</mj-button>'),
        "html": '<a href="{{ url | default("https://shop.example/") }}">Look</a>',
    }
    write(tmp_path, **{f"news__{suffix}": bodies[suffix]})
    message = compiled(tmp_path)
    assert 'href="https://shop.example/"' in shown(message.html)
    assert ": https://shop.example/" in shown(message.text)


@pytest.mark.parametrize("suffix", ["md", "mjml", "html"])
def test_a_less_than_in_a_condition_is_no_tag(tmp_path: Path, suffix: str) -> None:
    words = "{% if orders < 2 and spend > 1 %}new{% else %}old{% endif %}"
    bodies = {"md": words, "mjml": COLUMN.format(f"<mj-text>{words}</mj-text>"), "html": f"<p>{words}</p>"}
    write(tmp_path, **{f"news__{suffix}": bodies[suffix]})
    message = compiled(tmp_path)
    assert ">new<" in shown(message.html, orders=1, spend=2)
    assert "old" in shown(message.text, orders=3, spend=2)


def test_conditions_around_elements_of_mjml_stay_around_them(tmp_path: Path) -> None:
    body = (
        "{% if new %}<mj-section><mj-column><mj-text>Fresh</mj-text></mj-column></mj-section>{% endif %}"
        "<mj-section>{% for p in rows %}<mj-column><mj-text>{{ p.name }}</mj-text></mj-column>{% endfor %}</mj-section>"
    )
    write(tmp_path, news__mjml=body)
    message = compiled(tmp_path)
    assert "Fresh" not in shown(message.html, new=False, rows=ROWS)
    html = shown(message.html, new=True, rows=ROWS)
    assert html.count("Fresh") == 1
    for opened, closed in (("<td", "</td>"), ("<tr", "</tr>"), ("<table", "</table>"), ("<div", "</div>")):
        assert html.count(opened) == html.count(closed)


def test_a_condition_inside_a_value_stays_in_it(tmp_path: Path) -> None:
    write(tmp_path, news__html='<p style="color:{% if new %}red{% else %}blue{% endif %}">Hi</p>')
    assert 'style="color:red"' in shown(compiled(tmp_path).html, new=True)


def test_a_tag_that_mjml_swallows_is_said_with_its_place(tmp_path: Path) -> None:
    write(
        tmp_path,
        news__mjml=COLUMN.format('\n  <mj-image src="https://shop.example/a.png" alt="" width="{{ w }}px"/>\n'),
    )
    _, problems = compile_in(tmp_path)
    assert len(problems) == 1
    assert problems[0].startswith("news.mjml:6:60: '{{ w }}' is lost: MJML drops what stands here.")


def test_a_tag_between_attributes_is_said_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, news__html='<p {% if new %}class="new"{% endif %}>Hi</p>')
    _, problems = compile_in(tmp_path)
    assert problems[0].startswith("news.html:5:4: '{% if new %}' stands in the tag <p> and in no value.")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<mj-txt>Hi</mj-txt>", "news.mjml:6:1: MJML has no <mj-txt>. Did you mean 'mj-text'"),
        ("<mj-text>Hi", "news.mjml:6:1: <mj-text> is never closed. </mj-column> comes first, at line 7."),
        ("Hi <mj-text>you</mj-text>", "news.mjml:6:1: text stands in <mj-column>, where MJML drops it."),
        ("<mj-text>Hi</b></mj-text>", "news.mjml:6:12: </b> closes nothing."),
        ("<mj-text>Hi <b>you</mj-text>", "news.mjml:6:13: <b> is never closed. </mj-text> comes first, at line 6."),
        ("<mj-text>Hi <3</mj-text>", "news.mjml:6:13: '<' begins no tag. Write &lt; for the sign"),
        ('<mj-text color="red>Hi</mj-text>', "news.mjml:6:1: '<' begins no tag."),
        ("</mj-body>", "news.mjml:6:1: </mj-body> closes nothing."),
        ("<mj-section></mj-section>", "news.mjml:6:1: <mj-section> stands in <mj-column>, where MJML drops it."),
    ],
)
def test_what_is_wrong_in_mjml_has_its_place(tmp_path: Path, body: str, expected: str) -> None:
    write(tmp_path, news__mjml=COLUMN.format(f"\n{body}\n"))
    _, problems = compile_in(tmp_path)
    assert problems[0].startswith(expected)


def test_what_is_wrong_in_mjml_is_not_said_of_the_layout_too(tmp_path: Path) -> None:
    write(tmp_path, news__mjml="<mj-section><mj-column><mj-text>Hi</mj-text></mj-column>\n")
    _, problems = compile_in(tmp_path)
    assert [problem.split(" Close")[0] for problem in problems] == ["news.mjml:5:1: <mj-section> is never closed."]


def test_halves_of_a_condition_in_different_elements_are_said(tmp_path: Path) -> None:
    write(tmp_path, news__html="<div>{% if new %}<p>Hi</p></div>\n<p>{% endif %}</p>")
    _, problems = compile_in(tmp_path)
    assert problems[0].startswith(
        "news.html:5:6: '{% if new %}' and its '{% endif %}' at line 6 stand in different elements."
    )


def test_output_that_a_set_captures_keeps_its_elements(tmp_path: Path) -> None:
    write(tmp_path, news__html="{% set words %}<b>Hi</b>{% endset %}<p>{{ words }}</p>")
    assert "<p><b>Hi</b></p>" in shown(compiled(tmp_path).html)
    write(tmp_path, news__html="<p>Hi</p>\n{% set cell %}<td>Hi</td>{% endset %}<table><tr>{{ cell }}</tr></table>")
    _, problems = compile_in(tmp_path)
    assert problems[0].startswith("news.html:6:15: HTML drops or moves <td> here.")


@pytest.mark.parametrize(
    "link", ['<link rel="stylesheet" href="{{ shop_url }}">', "<link href=x.css rel='Alternate Stylesheet'/>"]
)
def test_a_stylesheet_is_said_to_be_loaded_by_nobody(tmp_path: Path, link: str) -> None:
    write(tmp_path, news__html=f"<html><head>\n  {link}</head><body><p>Hi</p></body></html>")
    assert compile_in(tmp_path)[1] == [
        "news.html:6:3: mail programs load no stylesheets. "
        "Put its CSS into a <style> in the file, from where it is moved into the tags."
    ]
    write(tmp_path, news__html='<html><head><link rel="icon" href="https://a.example/i.png"></head><p>Hi</p></html>')
    assert '<link rel="icon"' in shown(compiled(tmp_path).html)


def test_output_of_a_macro_keeps_its_elements(tmp_path: Path) -> None:
    body = (
        "<table>{% macro row(name) %}<tr><td>{{ name }}</td></tr>{% endmacro %}"
        "{{ row('Scarf') }}{{ row('Boots') }}</table>"
    )
    write(tmp_path, news__html=body)
    assert "<tr><td>Scarf</td></tr><tr><td>Boots</td></tr></tbody></table>" in shown(compiled(tmp_path).html)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hi {{ first_name", "news.md:5:4: '{{' is never closed."),
        ("Hi {{ first_name }, you", "news.md:5:4: '{{' is never closed."),
        ("Hi\n\n {% if new ", "news.md:7:2: '{%' is never closed."),
        ("{# note", "news.md:5:1: '{#' is never closed."),
        ("{% if new %}Hi", "news.md:5:1: '{% if new %}' has no '{% endif %}'."),
        ("Hi {% endfor %}", "news.md:5:4: '{% endfor %}' closes nothing."),
        (
            "{% if a %}{% for p in b %}{% endif %}",
            "news.md:5:11: '{% for p in b %}' has no '{% endfor %}'. '{% endif %}' comes",
        ),
    ],
)
def test_what_is_not_closed_has_its_place(tmp_path: Path, body: str, expected: str) -> None:
    write(tmp_path, news__md=body)
    _, problems = compile_in(tmp_path)
    assert problems[0].startswith(expected)


def test_every_tag_knows_its_place_in_the_file(tmp_path: Path) -> None:
    write(tmp_path, news__md="Hello {{ first_name }},\n\n{% if\n  orders > city %}\n*{{ last_name }}*\n{% endif %}")
    message = compiled(tmp_path)
    for source in (message.html, message.text):
        assert source is not None
        lines = source.text.split("\n")
        assert len(lines) == len(source.places)
        places = {name: str(source.place(number)) for number, line in enumerate(lines, 1)
                  for name in ("first_name", "orders >", "last_name") if line.strip().startswith(name)}  # fmt: skip
        head = HEAD.count("\n")
        assert {name: place.rsplit("/", 1)[1] for name, place in places.items()} == {
            "first_name": f"news.md:{head + 1}:9",
            "orders >": f"news.md:{head + 4}:1",
            "last_name": f"news.md:{head + 5}:4",
        }


def test_braces_that_are_meant_as_signs_stay_signs(tmp_path: Path) -> None:
    write(tmp_path, news__md="{% raw %}{{ this }}{% endraw %} and {{ '{%' }} that {# gone #}")
    message = compiled(tmp_path)
    assert "{{ this }} and {% that" in shown(message.html)
    assert shown(message.text).startswith("{{ this }} and {% that")


def test_a_comment_stays_one(tmp_path: Path) -> None:
    write(tmp_path, news__html="<!-- {{ note }} --><p>Hi</p><!--{{ note }}-->")
    html = shown(compiled(tmp_path).html, note="hidden")
    assert "<!-- hidden -->" in html
    assert "<!--hidden-->" in html


def test_a_colour_that_mjml_repeats_is_repeated(tmp_path: Path) -> None:
    button = '<mj-button href="https://shop.example/" background-color="{{ colour }}">Look</mj-button>'
    write(tmp_path, news__mjml=COLUMN.format(button))
    assert shown(compiled(tmp_path).html, colour="#aa0000").count("#aa0000") == 3
    write(tmp_path, news__mjml=COLUMN.format(button.replace("{{ colour }}", "{% if new %}red{% endif %}")))
    _, problems = compile_in(tmp_path)
    assert problems[0].startswith("news.mjml:5:82: '{% if new %}' stands in a value that MJML writes 3 times.")
