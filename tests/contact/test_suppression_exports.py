"""An unsubscribe export of any email service beside the shop's own files suppresses the people in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli import pipeline
from segcli.problems import Problems
from segcli.project import load_project

SHOP = "customer_id,email,country,email_consent,consent_at\n" + "".join(
    f"{number},{name}@example.com,US,yes,2024-01-01 10:00:00\n" for number, name in enumerate(("ada", "ben", "cem"), 1)
)
MAILCHIMP = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,GMTOFF,DSTOFF,'
    "TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
EXPORTS = {
    "mailchimp_unsubscribed": (
        MAILCHIMP + ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER\n"
        "ben@example.com,Ben,,2,2023-01-01 08:00:00,,2023-01-01 08:00:00,,,,,US,,2024-05-01 08:00:00,1,e,,,"
        "2025-05-01 08:00:00,Spring,1,,\n"
    ),
    "mailchimp_cleaned": (
        MAILCHIMP + ",CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID\n"
        "ben@example.com,Ben,,2,2023-01-01 08:00:00,,2023-01-01 08:00:00,,,,,US,,2024-05-01 08:00:00,1,e,,,"
        "2025-05-01 08:00:00,Spring,1\n"
    ),
    "klaviyo_without_times": (
        "Email,Klaviyo ID,First Name,Last Name,Email Marketing Consent,Email Suppressions\n"
        'ben@example.com,01B,Ben,,SUBSCRIBED,"[""HARD_BOUNCE""]"\nada@example.com,01A,Ada,,SUBSCRIBED,[]\n'
    ),
    "klaviyo_unsubscribed": (
        "Email,Klaviyo ID,First Name,Email Marketing Consent,Email Suppressions,Email Suppressions Timestamp\n"
        "ben@example.com,01B,Ben,UNSUBSCRIBED,,\n"
    ),
    "listmonk": (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        "u-1,ben@example.com,Ben,{},blocklisted,2024-01-01 10:00:00+00:00,2024-01-01 10:00:00+00:00\n"
        "u-2,ada@example.com,Ada,{},enabled,2024-01-01 10:00:00+00:00,2024-01-01 10:00:00+00:00\n"
    ),
    "sendgrid_bounces": "status,reason,email,created\n5.1.1,550 no such user,ben@example.com,1747217200\n",
    "plain_times": "email,unsubscribed_at\nben@example.com,2025-05-01 08:00:00\n",
    "plain_flags": "email,blocklisted\nben@example.com,yes\nada@example.com,no\n",
}


@pytest.mark.parametrize("name", EXPORTS)
def test_who_is_in_it_gets_nothing_and_the_others_are_as_they_were(name: str, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(SHOP)
    (tmp_path / f"{name}.csv").write_text(EXPORTS[name])
    problems = Problems()
    project = load_project([tmp_path / "customers.csv", tmp_path / f"{name}.csv"], as_of="2026-06-30T09:00")
    prepared = pipeline.prepare(project, problems, wanted=["contactable"])
    run = pipeline.compute(prepared, tmp_path / "scratch")
    found = run.computed.customers.sort("email").select("email", "email_barred", "contactable").collect()
    assert found.rows() == [
        ("ada@example.com", None, True), ("ben@example.com", "suppressed", False), ("cem@example.com", None, True),
    ]  # fmt: skip
