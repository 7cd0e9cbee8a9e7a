import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.messages.model import Source
from segcli.messages.opt_out import opt_out_of, with_opt_out
from segcli.messages.sms import (
    BASIC,
    EXTENSION,
    GSM7,
    UCS2,
    described,
    encoding,
    normalised,
    outside_characters,
    plain_spelling,
    segments,
    text_rows,
    units,
)
from segcli.messages.sms_lints import lint_text_file, lint_text_source, lint_texts
from segcli.problems import Place, Problems


def column(*texts: str | None) -> pl.Series:
    return pl.Series("text", texts, pl.String)


def encodings(*texts: str | None) -> list[str | None]:
    return column(*texts).to_frame().select(encoding(pl.col("text"))).to_series().to_list()


def counted_by_hand(text: str) -> int:
    """Segments, one character after the other."""
    wide = any(character not in BASIC + EXTENSION for character in text)
    size = [1 + (ord(each) > 0xFFFF if wide else each in EXTENSION) for each in text]
    if sum(size) <= (70 if wide else 160):
        return 1
    room, parts, left = (67 if wide else 153), 1, 67 if wide else 153
    for each in size:
        if each > left:
            parts, left = parts + 1, room
        left -= each
    return parts


def linted(text: str, place: Place | None = None) -> list[str]:
    problems = Problems()
    lint_text_source(Source(text, False, (place,) * (text.count("\n") + 1)), "texts.hello", problems)
    return [str(problem) for problem in problems]


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert len(BASIC) == len(set(BASIC)) == 127  # the 128th is the escape to the extension
    assert len(EXTENSION) == 10
    assert (BASIC.index("@"), BASIC.index("A"), BASIC.index("à")) == (0, 64, 126)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # each counts two
        ("€" * 81, 2),
        ("ş" * 70, 1),
        ("ş" * 71, 2),
        ("ş" * 134, 2),
        ("ş" * 135, 3),
        ("\U0001f600" * 35, 1),  # an emoji is two units of UTF-16
        ("\U0001f600" * 36, 2),
        ("\U0001f600" * 66, 2),  # 33 a part: the 67th unit would be half of one
        ("\U0001f600" * 67, 3),
        ("a" * 152 + "€" + "b" * 151, 2),  # the euro goes whole into the second part
        ("a" * 152 + "€" + "b" * 152, 3),
        ("ş" + "\x1b" * 69, 1),
    ],
)
def test_segments_at_their_bounds(text: str, count: int) -> None:
    assert segments(column(text)).to_list() == [count]


def test_a_text_that_could_not_be_rendered_has_no_size() -> None:
    frame = column("a^", None, "a\U0001f600").to_frame()
    assert frame.select(units(pl.col("text"))).to_series().to_list() == [3, None, 3]
    assert segments(column("a", None)).to_list() == [1, None]
    assert encodings("a", None, "ı") == [GSM7, None, UCS2]


@settings(max_examples=30)
@given(st.lists(st.text(st.sampled_from("aé€^[ş’\U0001f600\n"), min_size=50, max_size=400), max_size=5))
def test_segments_are_those_of_counting_by_hand(texts: list[str]) -> None:
    assert segments(column(*texts)).to_list() == [counted_by_hand(text) for text in texts]


def test_the_characters_that_force_ucs2_are_named_in_their_order() -> None:
    found = column("Işık ve ığ", "plain", None).to_frame().select(outside_characters(pl.col("text"))).to_series()
    assert found.to_list() == [["ş", "ı", "ğ"], [], None]
    assert described("’") == "'’' (RIGHT SINGLE QUOTATION MARK)"
    assert described("\u200b") == "ZERO WIDTH SPACE"


def test_texts_are_composed_before_they_are_counted() -> None:
    decomposed = unicodedata.normalize("NFD", "café\r\nÜ ")
    frame = column(decomposed + "\x07").to_frame().select(normalised(pl.col("text")).alias("text"))
    assert frame["text"].to_list() == ["café\nÜ"]
    assert encodings(decomposed) == [UCS2]
    assert encodings(frame["text"][0]) == [GSM7]


@pytest.mark.parametrize(
    ("character", "spelt"),
    [("ş", "s"), ("ı", "i"), ("İ", "I"), ("’", "'"), ("…", "..."), ("ç", "c"), ("ấ", "a"), ("中", None), ("😀", None)],
)
def test_what_can_be_written_in_place_of_a_dear_character(character: str, spelt: str | None) -> None:
    assert plain_spelling(character) == spelt


def test_texts_that_cannot_be_sent_are_told_apart() -> None:
    frame = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d", "e"],
            "phone": ["+905321110000", "0532 111 00 00", None, "+905321110001", "+905321110002"],
            "text": ["Hello", "Hello", "Hello", " ", None],
        }
    )
    found = text_rows(frame)
    assert found.rows.rows() == [("a", "+905321110000", "Hello", GSM7, 1)]
    assert found.failures.rows() == [
        ("b", "phone is no number in E.164"),
        ("c", "phone is no number in E.164"),
        ("d", "the text is empty"),
    ]


def test_every_country_has_its_way_to_refuse_and_the_law_behind_it() -> None:
    for country in ("US", "CA", "TR", "VN", "FR", "GB", "DE", "NO", "AU", "BR", None):
        rule = opt_out_of(country)
        assert rule.law and rule.source.startswith("https://")
        assert rule.answers[0] == rule.word
    assert set(opt_out_of("US").answers) == {"STOP", "QUIT", "END", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE"}
    assert opt_out_of("CA").answers[:2] == ("STOP", "ARRET")
    assert opt_out_of("BR").answers == ("STOP",)
    assert opt_out_of("NO").law.startswith("Directive")  # Norway, not a no


def refusable(number: str | None = None, **columns: list[str | None]) -> list[str | None]:
    frame = pl.DataFrame(columns, dict.fromkeys(columns, pl.String))
    found = with_opt_out(frame, number)
    assert found.columns == frame.columns
    return found["text"].to_list()


def test_a_text_that_names_no_way_to_refuse_gets_that_of_its_country_and_language() -> None:
    texts: list[str | None] = ["Hi", "Merhaba", "Salut", "Hallo", "Hi", None]
    places: dict[str, list[str | None]] = {
        "country": ["US", "TR", "CA", "DE", None, "US"],
        "language": ["en-US", "tr", "fr", "de", "xx", "en"],
    }
    assert refusable(text=texts, **places) == [
        "Hi\nReply STOP to opt out",
        "Merhaba\nSMS almamak icin RET yaz",
        "Salut\nPour refuser, répondez ARRET",
        "Hallo\nAbmelden: STOP antworten",
        "Hi\nReply STOP to opt out",
        None,
    ]
    assert refusable("4609", text=texts, **places)[1:3] == [
        "Merhaba\nSMS almamak icin RET yaz 4609",
        "Salut\nARRET au 4609",
    ]
    link = "https://shop.example/u/1"
    assert refusable(text=["Hi"], country=["GB"], unsubscribe_url=[link]) == [f"Hi\nOpt out: {link}"]


def test_a_text_that_names_a_way_to_refuse_stays() -> None:
    link = "https://shop.example/u/1"
    texts: list[str | None] = ["Hi. STOP to 1234", f"Hi {link}", "STOP now, for shoes! " + "x" * 80, "non-stop"]
    given_ = refusable(text=texts, country=["US"] * 4, unsubscribe_url=[link] * 4)
    assert given_[:2] == texts[:2]
    assert [text and text.endswith(f"Opt out: {link}") for text in given_[2:]] == [True, True]


def test_vietnam_asks_for_a_label_at_the_beginning() -> None:
    texts: list[str | None] = ["Hi", "[AD] Hi", "[QC] Hi TC gui 1", None]
    assert refusable(text=texts, country=["VN"] * 4, language=["vi"] * 4) == [
        "[QC] Hi\nTu choi: tra loi TC",
        "[AD] Hi\nTu choi: tra loi TC",
        "[QC] Hi TC gui 1",
        None,
    ]


def test_no_sentence_makes_a_text_dearer() -> None:
    languages = ["en", "de", "es", "fr", "it", "nl", "pt", "tr", "vi"]
    for number in ("4609", None):
        texts = refusable(number, text=["Hi"] * 9, country=[None] * 9, language=languages)
        assert encodings(*texts) == [GSM7] * 9
        assert len(set(texts)) == 9


def test_a_single_character_that_turns_a_template_into_ucs2_is_named_with_its_place() -> None:
    assert linted("Hi {{ name }}, it’s here", Place("hello.txt", 3, 1)) == [
        "hello.txt:3:18: texts.hello: '’' (RIGHT SINGLE QUOTATION MARK) turns the whole text into UCS-2, "
        '70 characters a segment. Write "\'" in its place.'
    ]
    assert linted("Hi {{ name | default('’') }}, it is here") == []
    assert linted("Işığın çok şık, öğün") == []  # a language that needs it
    assert linted("Hi {{ name") == []  # others tell that


def test_words_that_need_more_than_two_segments_are_told_before_anything_is_rendered() -> None:
    (message,) = linted("a" * 307 + "{{ name }}", Place("hello.txt", 1, 1))
    assert message.startswith("hello.txt:1:1: texts.hello: the words of this text alone need 3 segments")
    assert linted("a" * 306 + "{{ name }}") == []


def test_rendered_texts_are_told_with_their_number() -> None:
    texts = ["Ayşe", "Işıl", "x" * 400, "Ali", "Ümit ş"]
    frame = pl.DataFrame({"customer_id": list("abcde"), "phone": ["+905321110000"] * 5, "text": texts})
    problems = Problems()
    lint_texts(text_rows(frame).rows, Place("hello.txt"), None, problems)
    assert [str(problem) for problem in problems] == [
        "hello.txt: 1 of 5 texts need more than 2 segments, the longest 3. 2 segments are 306 characters.",
        "hello.txt: 2 of 5 texts fall into UCS-2 because of 'ş' (LATIN SMALL LETTER S WITH CEDILLA) alone. "
        "Write 's' in its place.",
    ]


def test_a_text_that_a_spreadsheet_would_run_is_warned_of() -> None:
    frame = pl.DataFrame({"customer_id": ["a", "b"], "phone": ["+905321110000"] * 2, "text": ["-20 % today", "20 %"]})
    problems = Problems()
    lint_texts(text_rows(frame).rows, None, None, problems)
    assert [problem.message for problem in problems] == [
        "1 of 2 texts begin with a sign that a spreadsheet would run, and get an apostrophe."
    ]


def test_a_file_is_linted_below_its_front_matter(tmp_path: Path) -> None:
    path = tmp_path / "hello.txt"
    path.write_text('---\nfrom_name: "Kestane ’"\n---\nHi {{ name }}\nit’s here\n')
    problems = Problems()
    lint_text_file(path, None, problems)
    (problem,) = problems
    assert problem.place == Place(str(path), 5, 3)
