"""The shop's files -> canonical tables: `recognise` looks at headers, `read_tables` at rows."""

from segcli.sources.catalog import recognise
from segcli.sources.history_tables import identifiers_today
from segcli.sources.read import read_tables

__all__ = ["identifiers_today", "read_tables", "recognise"]
