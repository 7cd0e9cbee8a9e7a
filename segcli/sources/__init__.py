"""Files to canonical tables."""

from segcli.sources.catalog import recognise
from segcli.sources.read import read_tables

__all__ = ["read_tables", "recognise"]
