import csv
from pathlib import Path

import polars as pl
import pytest

from segcli.exports import format_names, wanted_columns, write_run
from segcli.exports.formats import load_format
from segcli.problems import RecipeError

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("esp", [None, *format_names()])
def test_every_format_writes_its_golden_bytes(esp, customers, segment, contents, tmp_path) -> None:
    given = customers.with_columns(
        consent_source=pl.lit("footer form"),
        signup_ip=pl.lit("192.0.2.1"),
        created_at=pl.lit("2023-05-06 07:08:09").str.to_datetime(),
    )
    fields = ("orders", "spend", "average_order", "rfm_group")
    run = contents(
        given,
        segment("lapsed"),
        columns=fields,
        money=frozenset({"average_order"}),
        timezone="Europe/Istanbul",
    )
    written = write_run(tmp_path, run, esp=esp) / "segments" / "lapsed.csv"
    assert written.read_bytes() == (GOLDEN / f"{esp or 'plain'}.csv").read_bytes()


def test_the_plain_list_has_all_its_columns_even_when_no_file_gave_them(segment, contents, tmp_path) -> None:
    customers = pl.DataFrame({"customer_id": ["c1"], "contactable": [True], "lapsed": [True]})
    run = write_run(tmp_path, contents(customers, segment("lapsed")))
    assert (run / "segments" / "lapsed.csv").read_text().splitlines() == [
        "customer_id,email,phone,first_name,last_name,language,country,segment",
        "c1,,,,,,,lapsed",
    ]


def test_an_optional_column_that_no_file_gave_is_left_out_so_that_it_erases_nothing(
    customers, segment, contents, tmp_path
) -> None:
    given = customers.drop("phone", "birth_date", "sms_consent")
    run = write_run(tmp_path, contents(given, segment("lapsed")), esp="mailchimp")
    header = (run / "segments" / "lapsed.csv").read_text().splitlines()[0]
    assert header == "Email Address,First Name,Last Name,Tags"


def test_an_importer_without_a_consent_column_never_gets_who_said_no(customers, segment, contents, tmp_path) -> None:
    given = customers.with_columns(email_consent=pl.Series([True, False, None, None]))
    run = write_run(tmp_path, contents(given, segment("lapsed")), esp="mailchimp")
    assert "bo@shop.example" not in (run / "segments" / "lapsed.csv").read_text()


def test_a_segment_name_is_quoted_and_escaped_as_its_place_needs(customers, segment, contents, tmp_path) -> None:
    odd = segment('hats, "big"', "lapsed")
    plain = write_run(tmp_path / "plain", contents(customers, odd)) / "segments"
    nested = write_run(tmp_path / "json", contents(customers, odd), esp="listmonk") / "segments"
    assert ',"hats, ""big""' in next(plain.iterdir()).read_text()
    assert r'""segment"":""hats, \""big\""""' in next(nested.iterdir()).read_text()


@pytest.mark.parametrize(
    ("esp", "tag"), [("mailchimp", "hats caps|x"), ("mautic", "hats, caps x"), (None, "hats, caps|x")]
)
def test_a_segment_is_one_tag_where_tags_stand_in_one_cell(esp, tag, customers, segment, contents, tmp_path) -> None:
    run = write_run(tmp_path, contents(customers, segment("hats, caps|x", "lapsed")), esp=esp)
    with next((run / "segments").iterdir()).open() as lines:
        assert tag in next(row for row in list(csv.reader(lines))[1:])


def test_an_unknown_esp_offers_the_nearest_name(customers, contents, tmp_path) -> None:
    with pytest.raises(RecipeError, match=r"no send list format named 'klavio'\. Did you mean 'klaviyo'"):
        write_run(tmp_path, contents(customers), esp="klavio")
    assert not list(tmp_path.iterdir())


def test_the_columns_that_a_format_can_use_are_known_before_anything_is_read() -> None:
    assert {"email", "consent_source", "signup_ip", "optin_ip"} <= wanted_columns("sendlane")
    assert "orders" in wanted_columns("hubspot")
    assert not {"segment", "as_of"} & wanted_columns("omnisend")


@pytest.mark.parametrize("esp", format_names())
def test_every_format_tags_with_the_segment_once_and_says_what_to_choose(esp) -> None:
    form = load_format(esp)
    assert sum("segment" in column.value for column in form.columns.values()) == 1
    assert form.note
