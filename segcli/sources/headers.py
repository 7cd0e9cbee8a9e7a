"""Names as people write them in headers -> names that can be compared, and names for columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

# Letters that Unicode does not take apart into a plain letter and an accent.
_PLAIN = str.maketrans({"ı": "i", "đ": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "\ufeff": ""})


@lru_cache(maxsize=20_000)
def fold(name: str) -> str:
    """`\ufeffEmail (Billing)` -> `email_billing`, `CustomerID` -> `customer_id`, `Müşteri` -> `musteri`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    plain = unicodedata.normalize("NFKD", parted.casefold().translate(_PLAIN))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "_", letters).strip("_")


def index_names(names: Iterable[str]) -> dict[str, str]:
    """Folded name -> the name as the file has it; of two that fold alike, the first."""
    index: dict[str, str] = {}
    for name in names:
        index.setdefault(fold(name), name)
    return index


def name_extras(names: Iterable[str], taken: Mapping[str, object]) -> dict[str, str]:
    """Snake-case column name -> name in the file, for columns that no rule uses.

    A name in `taken` (a canonical column that comes from elsewhere) gets the prefix `file_`.
    """
    extras: dict[str, str] = {}
    for position, name in enumerate(names, start=1):
        column = fold(name) or f"column_{position}"
        if column in taken:
            column = f"file_{column}"
        while column in extras:
            column += "_again"
        extras[column] = name
    return extras


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names for a message, not endlessly many."""
    every = list(names)
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(name.lstrip("\ufeff") for name in every[:most]) + rest
