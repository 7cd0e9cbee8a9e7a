import datetime as dt

import polars as pl
import pytest

from segcli.exports import preflight, write_run
from segcli.problems import DataError

AS_OF = dt.datetime(2026, 1, 1, 9)


def messages(esp: str, frame: pl.DataFrame, **options: object) -> str:
    found = preflight(esp, frame.columns, frame.lazy(), as_of=AS_OF, **options)  # type: ignore[arg-type]
    return "\n".join(str(problem) for problem in found)


def customer(**cells: object) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": ["c1"], "email": ["ann@shop.example"], **{k: [v] for k, v in cells.items()}})


@pytest.mark.parametrize(
    ("esp", "row", "message"),
    [
        ("klaviyo", customer(sms_consent=True, consent_at=None), "without the time it was given"),
        (
            "klaviyo",
            customer(sms_consent=True, consent_at=AS_OF, phone="02079460001"),
            "not in international spelling",
        ),
        ("mailchimp", customer(first_name="é" * 128), "'First Name' is longer than 255 bytes"),
        ("brevo", customer(phone="02079460001"), "without its country"),
        ("hubspot", customer(hubspot_lifecycle="lead"), "'Lifecycle stage' is none of Subscriber, Lead"),
        ("omnisend", customer(subscribed_at=AS_OF + dt.timedelta(days=1)), "date in the future"),
        ("omnisend", customer(email_consent=True), "consent to email without a date"),
        ("listmonk", customer(unsubscribed_at=AS_OF), "subscribe them again"),
        ("braze", pl.DataFrame({"customer_id": [" c1"]}), "blanks around it"),
    ],
)
def test_each_trap_is_an_error_that_counts_and_names_a_customer(esp, row, message) -> None:
    found = messages(esp, row)
    assert message in found
    assert f"1 customer on the lists, first {row['customer_id'][0]!r}" in found


def test_sendlane_wants_its_four_columns_and_says_all_that_is_missing_at_once() -> None:
    found = messages("sendlane", customer(email_consent=True))
    for header in ("Sign-up source", "Subscribed date", "Sign-up IP"):
        assert f"Sendlane needs {header!r} in every row, and no file gives it." in found


def test_sendlane_wants_them_in_every_row() -> None:
    row = customer(consent_source="form", subscribed_at=AS_OF, signup_ip=None).cast({"signup_ip": pl.String})
    assert "'Sign-up IP' is empty, and must be there in every row (1 customer" in messages("sendlane", row)


def test_an_importer_that_knows_people_by_email_needs_an_email_column() -> None:
    found = preflight("mailchimp", ["customer_id", "phone"])
    assert "Mailchimp needs email" in str(next(iter(found)))


def test_headers_that_the_importer_refuses_are_told_before_any_row_is_read() -> None:
    found = preflight("sendgrid", ["email", "größe"], fields=["größe"])
    assert "SendGrid does not take the column name 'größe'" in str(next(iter(found)))


def test_names_that_differ_in_case_alone_are_refused() -> None:
    found = preflight("mautic", ["email", "Score", "score"], fields=["Score", "score"])
    assert "'Score', 'score'" in str(next(iter(found)))


def test_too_many_columns_are_refused() -> None:
    fields = [f"f{n}" for n in range(120)]
    found = preflight("customerio", ["customer_id", "email", *fields], fields=fields)
    assert "at most 100 columns, the lists have 123" in str(next(iter(found)))


def test_a_trap_stops_the_run_and_leaves_the_one_before(customers, segment, contents, tmp_path) -> None:
    before = write_run(tmp_path, contents(customers, segment("lapsed")))
    bad = customers.with_columns(consent_at=pl.lit(None, pl.Datetime("us")))
    with pytest.raises(DataError, match="consent to SMS"):
        write_run(tmp_path, contents(bad, segment("lapsed"), day=2), esp="klaviyo")
    shown = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert shown == {before.name, "latest"}


def test_people_whom_no_list_holds_cannot_stop_a_run(customers, segment, contents, tmp_path) -> None:
    bad = customers.with_columns(phone=pl.Series(["+442079460001", None, None, "02079460004"]))
    write_run(tmp_path, contents(bad, segment("lapsed")), esp="brevo")
