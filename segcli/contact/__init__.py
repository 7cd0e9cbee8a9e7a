"""Who may be written to: consent policies and the laws that they encode, as fields that are computed like others."""

from segcli.contact.choosing import PolicyChoice, choose_policies
from segcli.contact.consent_fields import allowed_field, contact_fields, shipped_contact_fields
from segcli.contact.policies import Policy, Rule, shipped_policies
from segcli.contact.ways_out import way_out

__all__ = [
    "Policy",
    "PolicyChoice",
    "Rule",
    "allowed_field",
    "choose_policies",
    "contact_fields",
    "shipped_contact_fields",
    "shipped_policies",
    "way_out",
]
