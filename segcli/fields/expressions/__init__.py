"""Expressions of recipes: SQL for Polars, checked for what it would answer silently and wrongly."""

from segcli.fields.expressions.checking import CheckedExpression, Scope, check_expression
from segcli.fields.expressions.kinds import normalise
from segcli.fields.expressions.names import names_in

__all__ = ["CheckedExpression", "Scope", "check_expression", "names_in", "normalise"]
