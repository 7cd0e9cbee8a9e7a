"""Which file a recipient gets, and what a head may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.messages.message_files import MessageFamily, find_messages
from segcli.problems import Problems
from tests.messages.message_writing import compile_in, compiled, shown, write


def family(folder: Path, *names: str, variants: tuple[str, ...] = ()) -> tuple[MessageFamily | None, list[str]]:
    for name in names:
        (folder / name).write_text("Hello\n")
    problems = Problems()
    found = find_messages(folder, "news", problems, variants=variants)
    return found, [str(problem).replace(f"{folder}/", "") for problem in problems]


@pytest.mark.parametrize(
    ("variant", "language", "expected"),
    [
        (None, None, "news.md"),
        (None, "tr", "news.tr.md"),
        (None, "tr-TR", "news.tr.md"),
        (None, "tr_TR", "news.tr.md"),
        (None, "de", "news.md"),
        (None, "pt-BR", "news.pt-BR.md"),
        (None, "pt", "news.md"),
        ("b", "tr", "news.b.tr.md"),
        ("b", "tr-TR", "news.b.tr.md"),
        ("b", "de", "news.b.md"),
        ("a", "tr", "news.tr.md"),
    ],
)
def test_the_nearest_file_is_chosen(tmp_path: Path, variant: str | None, language: str | None, expected: str) -> None:
    names = ("news.md", "news.tr.md", "news.pt-BR.md", "news.b.md", "news.b.tr.md", "newsletter.md")
    found, problems = family(tmp_path, *names)
    assert problems == []
    assert found is not None
    chosen = found.choose(variant, language)
    assert chosen is not None
    assert chosen.path.name == expected


def test_a_text_beside_a_body_is_its_text_part_and_alone_it_is_the_message(tmp_path: Path) -> None:
    found, _ = family(tmp_path, "news.md", "news.txt")
    assert found is not None
    file = found.files[0]
    assert (file.body, file.text) == (tmp_path / "news.md", tmp_path / "news.txt")
    (tmp_path / "news.md").unlink()
    alone, problems = family(tmp_path)
    assert problems == []
    assert alone is not None
    assert alone.files[0].path == tmp_path / "news.txt"


def test_what_does_not_fit_together_is_said(tmp_path: Path) -> None:
    _, problems = family(tmp_path, "news.md", "news.html", "news.tr.txt", "news.c.md", variants=("a", "b"))
    assert problems == [
        "news.c.md: 'c' is neither a variant of the step nor a language. "
        "Files are <name>.<variant>.<language>, such as we-miss-you.b.tr.md.",
        "news.md: is the same message as news.html. Keep one of them.",
        "news.tr.txt: is the text part of nothing. Write news.tr.md beside it.",
    ]


def test_a_message_that_is_not_there_is_said_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, goodbye__md="Bye")
    _, problems = compile_in(tmp_path, "godbye")
    assert problems[0].endswith("no message 'godbye'. Did you mean 'goodbye'?")


def test_an_unknown_key_of_the_head_has_its_place_and_the_nearest_key(tmp_path: Path) -> None:
    write(tmp_path, news__md="---\nsubject: Hi\nprehaeder: News\n---\nHello")
    _, problems = compile_in(tmp_path)
    assert problems == ["news.md:3:1: no key 'prehaeder'. Did you mean 'preheader'?"]


def test_who_writes_is_no_field_of_the_customer(tmp_path: Path) -> None:
    write(tmp_path, news__md='---\nsubject: Hi\nfrom_name: "{{ city }} from us"\n---\nHello')
    _, problems = compile_in(tmp_path)
    assert problems[0].startswith("news.md:3:13: from_name: must be a name without fields of the customer, not '{{")


def test_a_subject_that_starts_with_a_brace_goes_in_quotes(tmp_path: Path) -> None:
    write(tmp_path, news__md="---\npreheader: News\nsubject: {{ first_name }}, hello\n---\nHello")
    _, problems = compile_in(tmp_path)
    assert problems == [
        "news.md:3:10: subject: a text that starts with '{' goes in quotes. Write subject: \"{{ first_name }}, hello\"."
    ]


def test_a_head_without_an_end_is_said(tmp_path: Path) -> None:
    write(tmp_path, news__md="---\nsubject: Hi\nHello")
    assert compile_in(tmp_path)[1] == ["news.md:1:1: the front matter has no end. End it with a line of '---'."]


def test_a_message_sends_the_body_of_another_under_its_own_subject(tmp_path: Path) -> None:
    write(
        tmp_path,
        first__md='---\nsubject: "First"\nreply_to: a@shop.example\n---\nHello {{ first_name }}',
        first__tr__md='---\nsubject: "İlk"\n---\nMerhaba {{ first_name }}',
        news__md='---\nsubject: "Again, {{ first_name }}"\nbody: first\n---\n',
    )
    message = compiled(tmp_path)
    assert shown(message.subject, first_name="Ada") == "Again, Ada"
    assert shown(message.text, first_name="Ada").startswith("Hello Ada\n")
    assert message.reply_to == "a@shop.example"


def test_a_body_of_nothing_and_a_body_twice_are_said(tmp_path: Path) -> None:
    write(tmp_path, first__md="Hello", news__md="---\nsubject: Hi\nbody: frist\n---\n")
    assert compile_in(tmp_path)[1] == ["news.md:3:7: no message 'frist'. Did you mean 'first'?"]
    write(tmp_path, news__md="---\nsubject: Hi\nbody: first\n---\nHello")
    assert compile_in(tmp_path)[1] == ["news.md:3:7: has a body of its own and 'body' too. Keep one of them."]


def test_a_version_sends_the_body_of_the_plain_one_under_its_own_subject(tmp_path: Path) -> None:
    write(tmp_path, news__md="Hello", news__tr__md='---\nsubject: "Selam"\nbody: news\n---\n')
    message = compiled(tmp_path, language="tr")
    assert shown(message.subject) == "Selam"
    assert shown(message.text).startswith("Hello\n")


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        (
            {"news": "news"},
            "a message cannot send its own body. Write its text below the front matter, or name another message.",
        ),
        (
            {"news": "first", "first": "second", "second": "third", "third": ""},
            "the message 'first' has no text of its own: it sends that of 'second'. Write body: third.",
        ),
        (
            {"news": "first", "first": "second", "second": "first"},
            "the message 'first' has no text of its own: it sends that of 'second'. "
            "Write the text into one of the messages that name each other.",
        ),
        (
            {"news": "first", "first": "news"},
            "the message 'first' has no text of its own: it sends that of 'news'. "
            "Write the text into one of the messages that name each other.",
        ),
    ],
)
def test_bodies_that_lead_to_no_text_are_said_with_the_way_out(
    tmp_path: Path, bodies: dict[str, str], expected: str
) -> None:
    for name, other in bodies.items():
        text = f"---\nsubject: Hi\nbody: {other}\n---\n" if other else "Hello"
        write(tmp_path, **{f"{name}__md": text})
    assert compile_in(tmp_path)[1] == [f"news.md:3:7: {expected}"]


def test_windows_line_ends_and_a_mark_of_byte_order_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "news.md").write_bytes(b"\xef\xbb\xbf---\r\nsubject: Hi\r\n---\r\nOne\r\n\r\nTwo\r\n")
    assert shown(compiled(tmp_path).text).startswith("One\n\nTwo\n")
