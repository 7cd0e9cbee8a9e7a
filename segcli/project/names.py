"""Which names fields and segments may have."""

from __future__ import annotations

import re

from segcli.problems import Place, Problems

NAME_PATTERN = "^[a-z][a-z0-9_]*$"

# Columns that every expression can use, whatever the recipes say.
CLOCK_COLUMNS = frozenset({"as_of", "today", "this_week", "this_month"})

# Words that SQL (or Polars' dialect of it) does not take for a column's name.
_WORDS = """
    all and any array as asc between by case cast cross current_date current_time current_timestamp
    desc distinct else end except exists extract false filter from full group having ilike in inner
    intersect interval is join left like limit not null offset on or order outer over right select
    set similar some struct then top trim true union user using values when where window with within
"""
SQL_WORDS = frozenset(_WORDS.split())


def check_spelling(name: str, place: Place, key: str, problems: Problems) -> bool:
    """Whether a table, a column or a field can be spelt so; notes a problem when not."""
    if re.fullmatch(NAME_PATTERN, name):
        return True
    tidy = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    hint = f"Write '{tidy}'." if re.fullmatch(NAME_PATTERN, tidy) else "Choose another name."
    message = f"'{name}' is no name: lower case letters, digits and _, a letter first."
    problems.error(message, place, key, hint=hint)
    return False


def check_name(name: str, place: Place, key: str, problems: Problems) -> bool:
    """Whether a field or a segment can be called so; notes a problem when not."""
    if not check_spelling(name, place, key, problems):
        return False
    if name in CLOCK_COLUMNS:
        problems.error(
            f"'{name}' is the moment of the run in every expression.", place, key, hint="Choose another name."
        )
        return False
    if name in SQL_WORDS:
        problems.error(f"'{name}' is a word of SQL.", place, key, hint="Choose another name.")
        return False
    return True
