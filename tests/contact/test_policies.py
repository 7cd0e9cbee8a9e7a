"""The policies that come with segcli."""

from __future__ import annotations

import pytest

from segcli.contact import Policy, shipped_policies
from segcli.contact.policies import CHANNELS
from segcli.project.localities import COUNTRIES

EEA = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
}  # fmt: skip


def test_there_is_a_policy_for_every_law_that_is_promised() -> None:
    assert [policy.name for policy in shipped_policies()] == [
        "canada", "ccpa", "gdpr", "strict", "turkey", "uk", "us", "vietnam",
    ]  # fmt: skip


def test_no_country_is_under_two_policies() -> None:
    named = [code for policy in shipped_policies() for code in policy.countries]
    assert len(named) == len(set(named))
    assert set(named) <= COUNTRIES


def test_the_gdpr_holds_in_the_union_and_the_economic_area() -> None:
    (gdpr,) = (policy for policy in shipped_policies() if policy.name == "gdpr")
    assert set(gdpr.countries) >= EEA
    assert not {"GB", "CH", "TR"} & set(gdpr.countries)


@pytest.mark.parametrize("policy", shipped_policies(), ids=lambda policy: policy.name)
def test_every_rule_names_its_law_and_a_refusal_comes_first(policy: Policy) -> None:
    assert policy.law
    for channel in CHANNELS:
        rules = policy.rules[channel]
        assert all(rule.law for rule in rules)
        assert (rules[0].name, rules[0].allow) == ("refused", False)
        assert rules[-1].when is None
