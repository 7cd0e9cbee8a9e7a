"""Definitions to customer columns: planned and checked before any row is read, then computed."""

from segcli.fields.computing import Computed, compute_fields
from segcli.fields.nodes import Plan
from segcli.fields.planning import expressions_of, mentioned_names, plan_fields, references

__all__ = [
    "Computed",
    "Plan",
    "compute_fields",
    "expressions_of",
    "mentioned_names",
    "plan_fields",
    "references",
]
