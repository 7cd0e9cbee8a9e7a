"""Which policy and which of its rules decides, and what that allows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from segcli.problems import Place, Problems
from segcli.project.campaign_models import ConsentSettings
from tests.contact.people import event, person, said, shop_of
from tests.fields.inline_tables import AS_OF, days_ago

SOFT = shop_of(ConsentSettings(soft_opt_in=True))
BOUGHT = [{"customer_id": "x", "ordered_at": days_ago(3), "amount": Decimal(5)}]


def one(
    folder: Path,
    name: str,
    project: Any = None,
    lists: Any = (),
    events: Any = None,
    orders: Any = None,
    **columns: Any,
) -> Any:
    """What one field says of a customer `x`."""
    tables = {"customers": [person("x", **columns)]}
    tables |= {"events": events} if events else {}
    tables |= {"orders": orders} if orders else {}
    return said(folder, name, project or shop_of(), lists, **tables)["x"]


@pytest.mark.parametrize(
    ("country", "policy"),
    {
        "DE": "gdpr", "FR": "gdpr", "NO": "gdpr", "IS": "gdpr", "LI": "gdpr", "RE": "gdpr", "GB": "uk", "TR": "turkey",
        "CA": "canada", "US": "us", "PR": "us", "VN": "vietnam", "AU": "strict", "CH": "strict", "Atlantis": "strict",
    }.items(),
)  # fmt: skip
def test_the_country_says_which_policy(tmp_path: Path, country: str, policy: str) -> None:
    assert one(tmp_path, "consent_policy", country=country) == policy


def test_california_is_a_part_of_a_country_with_a_law_of_its_own(tmp_path: Path) -> None:
    assert one(tmp_path, "consent_policy", country="US", region="California") == "ccpa"
    assert one(tmp_path, "consent_policy", country="US", region="CA") == "ccpa"
    assert one(tmp_path, "consent_policy", country="US", region="NY") == "us"
    assert one(tmp_path, "consent_policy", country="CA", region="California") == "canada"
    assert one(tmp_path, "email_consent_rule", country="US", region="CA") == "ccpa: opt_out"


def test_a_customer_without_a_country_is_of_the_projects_or_under_the_default(tmp_path: Path) -> None:
    assert one(tmp_path, "consent_policy") == "strict"
    assert one(tmp_path, "consent_policy", shop_of(country="TR")) == "turkey"
    assert one(tmp_path, "consent_policy", shop_of(country="TR"), country="DE") == "gdpr"
    assert one(tmp_path, "consent_policy", shop_of(ConsentSettings(default="us"))) == "us"
    assert one(tmp_path, "consent_policy", shop_of(ConsentSettings(default="us")), country="AU") == "us"
    assert one(tmp_path, "consent_policy", shop_of(ConsentSettings(default="us")), country="DE") == "gdpr"


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("country", ["DE", "GB", "TR", "CA", "VN", "AU", None])
def test_where_the_law_asks_for_a_yes_only_a_recorded_yes_will_do(
    tmp_path: Path, channel: str, country: str | None
) -> None:
    people = [
        person("yes", country=country, **{f"{channel}_consent": True}),
        person("no", country=country, **{f"{channel}_consent": False}),
        person("silent", country=country),
    ]
    allowed = said(tmp_path, f"{channel}_allowed", customers=people)
    assert allowed == {"yes": True, "no": False, "silent": False}


def test_in_the_united_states_email_is_opt_out_and_texts_are_opt_in(tmp_path: Path) -> None:
    people = [person("silent", country="US"), person("no", country="US", email_consent=False, sms_consent=False)]
    people.append(person("yes", country="US", sms_consent=True))
    assert said(tmp_path, "email_allowed", customers=people) == {"silent": True, "no": False, "yes": True}
    assert said(tmp_path, "sms_allowed", customers=people) == {"silent": False, "no": False, "yes": True}


@pytest.mark.parametrize("country", ["DE", "GB"])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_soft_opt_in_is_for_buyers_who_have_not_refused_and_only_where_it_is_chosen(
    tmp_path: Path, country: str, channel: str
) -> None:
    field, consent = f"{channel}_allowed", f"{channel}_consent"
    assert one(tmp_path, field, country=country, orders=BOUGHT) is False
    assert one(tmp_path, field, SOFT, country=country, orders=BOUGHT) is True
    assert one(tmp_path, field, SOFT, country=country) is False
    assert one(tmp_path, field, SOFT, country=country, orders=BOUGHT, **{consent: False}) is False
    assert one(tmp_path, field, SOFT, country="TR", orders=BOUGHT) is False


def months_ago(months: int, days: int = 0) -> Any:
    year, month = divmod(AS_OF.year * 12 + AS_OF.month - 1 - months, 12)
    return AS_OF.replace(year=year, month=month + 1) - (AS_OF - days_ago(days))


def test_casl_implies_consent_for_24_months_after_a_purchase(tmp_path: Path) -> None:
    def bought(at: Any) -> Any:
        orders = [{"customer_id": "x", "ordered_at": at, "amount": Decimal(5)}]
        return one(tmp_path, "email_consent_rule", country="CA", orders=orders)

    assert bought(months_ago(24, days=-1)) == "canada: implied_by_purchase"
    assert bought(months_ago(24)) == "canada: no_consent"
    assert bought(months_ago(24, days=1)) == "canada: no_consent"


def test_casl_implies_consent_for_6_months_after_an_inquiry(tmp_path: Path) -> None:
    def asked(at: Any) -> Any:
        return one(tmp_path, "email_consent_rule", country="CA", events=[event("x", "inquiry", at)])

    assert asked(months_ago(6, days=-1)) == "canada: implied_by_inquiry"
    assert asked(months_ago(6, days=1)) == "canada: no_consent"


def test_casl_implies_nothing_against_a_no(tmp_path: Path) -> None:
    assert one(tmp_path, "email_allowed", country="CA", orders=BOUGHT, email_consent=False) is False
    assert one(tmp_path, "email_allowed", country="CA", orders=BOUGHT, unsubscribed_at=days_ago(1)) is False


def test_a_consent_that_was_taken_back_later_is_none(tmp_path: Path) -> None:
    yes = {"country": "DE", "email_consent": True, "consent_at": days_ago(9)}
    left = [event("x", "unsubscribe", days_ago(1))]
    assert one(tmp_path, "email_allowed", **yes) is True
    assert one(tmp_path, "email_allowed", events=left, **yes) is False
    assert one(tmp_path, "email_allowed", unsubscribed_at=days_ago(1), **yes) is False
    assert one(tmp_path, "email_allowed", unsubscribed_at=days_ago(10), **yes) is True


def test_the_last_word_on_a_list_counts_for_that_list_alone(tmp_path: Path) -> None:
    lists = ["Product News", "offers"]
    people = [
        person(name, country="DE", email_consent=consent) for name, consent in (("a", True), ("b", None), ("c", True))
    ]
    events = [
        event("a", "subscribe", days_ago(9), list="product news"),
        event("a", "unsubscribe", days_ago(5), list="Product News"),
        event("b", "unsubscribe", days_ago(9), list="Product News"),
        event("b", "subscribe", days_ago(5), list="Product News"),
    ]
    tables: Any = {"customers": people, "events": events}
    assert said(tmp_path, "email_allowed_product_news", lists=lists, **tables) == {"a": False, "b": True, "c": True}
    assert said(tmp_path, "email_allowed_offers", lists=lists, **tables) == {"a": True, "b": False, "c": True}
    assert said(tmp_path, "contactable", lists=lists, **tables) == {"a": True, "b": False, "c": True}


def test_leaving_everything_or_a_later_no_is_leaving_every_list(tmp_path: Path) -> None:
    joined = [event("x", "subscribe", days_ago(9), list="news")]
    name, lists = "email_allowed_news", ["news"]
    assert one(tmp_path, name, lists=lists, events=joined, country="DE") is True
    gone = [*joined, event("x", "unsubscribe", days_ago(5))]
    assert one(tmp_path, name, lists=lists, events=gone, country="DE") is False
    assert one(tmp_path, name, lists=lists, events=joined, unsubscribed_at=days_ago(2)) is False
    assert one(tmp_path, name, lists=lists, events=joined, email_consent=False, consent_at=days_ago(2)) is False
    assert one(tmp_path, name, lists=lists, events=joined, email_consent=False, consent_at=days_ago(20)) is True
    # No time is known of the no: only a yes that bears a later one would lift it.
    assert one(tmp_path, name, lists=lists, events=joined, email_consent=False) is False


def test_joining_and_leaving_a_list_at_the_same_moment_is_leaving_it(tmp_path: Path) -> None:
    both = [event("x", kind, days_ago(5), list="news") for kind in ("unsubscribe", "subscribe")]
    assert one(tmp_path, "email_allowed_news", lists=["news"], events=both, country="DE") is False


def test_joining_a_list_is_no_yes_to_texts(tmp_path: Path) -> None:
    joined = [event("x", "subscribe", days_ago(5), list="news")]
    left = [event("x", "unsubscribe", days_ago(5), list="news")]
    name, lists = "sms_allowed_news", ["news"]
    assert one(tmp_path, name, lists=lists, events=joined, country="DE") is False
    assert one(tmp_path, name, lists=lists, events=joined, country="DE", sms_consent=True) is True
    assert one(tmp_path, name, lists=lists, events=left, country="DE", sms_consent=True) is False


def test_two_lists_that_cannot_be_told_apart_are_a_problem() -> None:
    from segcli.contact import contact_fields

    problems = Problems()
    tuple(contact_fields(shop_of(), ["Product News", "product-news"], problems))
    assert [problem.message for problem in problems] == [
        "the lists 'Product News' and 'product-news' cannot be told apart."
    ]


POLICY = """policy: ours
law: House rules, No. 1
countries: [TR]
email:
  regulars: {when: orders > 2, allow: true, law: House rules No. 2}
  others: {allow: false, law: House rules No. 3}
sms:
  nobody: {allow: false, law: House rules No. 4}
"""


def test_a_projects_own_policy_goes_before_a_shipped_one_and_its_choice_of_countries_before_both(
    tmp_path: Path,
) -> None:
    (tmp_path / "ours.yaml").write_text(POLICY)
    settings = ConsentSettings(files=(tmp_path / "ours.yaml",), countries={"DE": "ours", "US": "strict"})
    own = shop_of(settings)
    three = [{"customer_id": "x", "ordered_at": days_ago(day), "amount": Decimal(5)} for day in (1, 2, 3)]
    assert one(tmp_path, "email_consent_rule", own, country="TR", orders=three) == "ours: regulars"
    assert one(tmp_path, "email_consent_rule", own, country="DE", email_consent=True) == "ours: others"
    assert one(tmp_path, "email_allowed", own, country="TR", orders=three) is True
    assert one(tmp_path, "consent_policy", own, country="US", region="CA") == "strict"
    assert one(tmp_path, "consent_policy", own, country="FR") == "gdpr"


def problems_of(settings: ConsentSettings) -> list[str]:
    from segcli.contact import contact_fields

    problems = Problems()
    tuple(contact_fields(shop_of(settings), (), problems))
    return [str(problem) for problem in problems]


def test_a_policy_that_nobody_knows_is_a_problem_with_its_place(tmp_path: Path) -> None:
    places = {"default": Place("segcli.yaml", 3, 12), "countries.DE": Place("segcli.yaml", 5, 9)}
    found = problems_of(ConsentSettings(default="strickt", countries={"DE": "gpdr"}, places=places))
    assert found == [
        "segcli.yaml:3:12: consent.default: no consent policy named 'strickt'. Did you mean 'strict'?",
        "segcli.yaml:5:9: consent.countries.DE: no consent policy named 'gpdr'. Did you mean 'gdpr'?",
    ]


def test_a_policy_file_is_checked_whole(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(POLICY.replace("[TR]", "[XX]").replace("{when: orders > 2, allow: true,", "{allow: true,"))
    found = problems_of(ConsentSettings(files=(file,)))
    assert found == [
        f"{file}:5:3: email.regulars: no rule after this one is ever met. Give it a 'when', or put it last.",
    ]
    file.write_text(POLICY.replace("[TR]", "[XX]"))
    assert problems_of(ConsentSettings(files=(file,))) == [
        f"{file}:3:13: countries: no country with the code 'XX'. Write an ISO 3166 code such as TR, DE or US."
    ]
    file.write_text(POLICY.replace("  others: {allow: false, law: House rules No. 3}\n", ""))
    assert "nothing is said of whoever meets no rule" in problems_of(ConsentSettings(files=(file,)))[0]


def test_two_own_policies_for_one_country_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(POLICY)
    (tmp_path / "b.yaml").write_text(POLICY.replace("ours", "theirs"))
    found = problems_of(ConsentSettings(files=(tmp_path / "a.yaml", tmp_path / "b.yaml")))
    assert len(found) == 1
    assert "TR has another policy" in found[0]
