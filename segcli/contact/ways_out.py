"""What would let a shop write to those whom a consent policy leaves out."""

from __future__ import annotations

from segcli.contact.choosing import choose_policies
from segcli.contact.policies import Policy
from segcli.problems import Problems
from segcli.project.models import Project


def way_out(project: Project, policy: str) -> str:
    """What to write in segcli.yaml, or which file to give, so that a policy allows more."""
    choice = choose_policies(project.consent, project.country, Problems())
    found = choice.policies.get(policy)
    if found is None:
        return "a file with their consent"
    if not project.consent.soft_opt_in and _has_soft_opt_in(found):
        return "a file with their consent, or `consent: {soft_opt_in: true}` where its conditions are kept"
    if policy == choice.default:
        country = "" if choice.home else " or their country, or `country:` in segcli.yaml where they are all of one"
        return f"a file with their consent{country}, or another policy in segcli.yaml: `consent: {{default: ...}}`"
    return "a file with their consent"


def _has_soft_opt_in(policy: Policy) -> bool:
    return any(rule.choice == "soft_opt_in" for rules in policy.rules.values() for rule in rules)
