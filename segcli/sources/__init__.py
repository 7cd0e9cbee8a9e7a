"""The shop's files -> canonical tables: `recognise` looks at headers, `read_tables` at rows."""

from segcli.sources.catalog import recognise
from segcli.sources.read import read_tables

__all__ = ["read_tables", "recognise"]
