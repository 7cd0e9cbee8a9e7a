"""What speaks of one person: by which cells a row is theirs, and what in a text names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

# Headers of the lists that segcli writes, in small letters and without anything between them.
ID_HEADERS = frozenset({"customerid", "externalid", "extid", "id"})
EMAIL_HEADERS = frozenset({"email", "emailaddress"})
PHONE_HEADERS = frozenset({"phone", "phonenumber", "phonenumberid", "mobile", "sms"})
OTHERS_ID_HEADERS = frozenset({"referredby"})  # of somebody else in a row of one's own

# Shorter ids than these occur in texts and numbers by chance: they are looked for only where ids stand.
SHORTEST_WORD, SHORTEST_NUMBER = 5, 9
SHORTEST_BARE_PHONE = 9  # digits of a number without its country
BETWEEN_DIGITS = r"[ ().\-/]{0,3}"
CUT = "…"  # ends a value of which only the beginning was kept
SHORTEST_BEGINNING = 6


@dataclass(frozen=True)
class Person:
    """Everything by which somebody is known: customer_ids, emails in small letters, phones in E.164."""

    ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()

    def __or__(self, other: Person) -> Person:
        return Person(self.ids | other.ids, self.emails | other.emails, self.phones | other.phones)

    def __bool__(self) -> bool:
        return bool(self.ids or self.emails or self.phones)

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """How each of their identifiers is spelled, as far as it is long enough to mean nobody else."""
        kinds = ((_email, self.emails), (_id, self.ids), (_phone, self.phones))
        return tuple(pattern for kind, names in kinds for name in sorted(names) for pattern in kind(name))

    @cached_property
    def spoken_of(self) -> re.Pattern[str] | None:
        """Finds any of them in a text."""
        whole = "|".join(f"(?:{each.before}{each.core}{each.after})" for each in self.patterns)
        return re.compile(whole, re.IGNORECASE) if whole else None

    @cached_property
    def in_columns(self) -> str:
        """The same for Polars, in any case, which cannot look around; never matches where there is nothing."""
        return "(?i)" + ("|".join(f"(?:{each.consuming})" for each in self.patterns) or r"[^\s\S]")

    @cached_property
    def suspect(self) -> str:
        """For Polars: whatever may be of them, also ids so short that they may be something else."""
        short = (f"(?:^|[^0-9a-z]){re.escape(name)}(?:$|[^0-9a-z])" for name in sorted(self.ids | self.phones))
        cut = (f"{re.escape(name[:SHORTEST_BEGINNING])}[^{CUT}]*{CUT}" for name in sorted(self.emails))
        return "|".join([self.in_columns, *short, *cut])

    def named_in(self, text: str) -> bool:
        """Whether a text names them, or was cut off where it was about to."""
        if self.spoken_of is not None and self.spoken_of.search(text):
            return True
        return text.endswith(CUT) and any(map(text[:-1].lower().endswith, self._beginnings))

    @cached_property
    def _beginnings(self) -> tuple[str, ...]:
        return tuple(
            name[:end].lower()
            for name in sorted(self.emails | self.phones)
            for end in range(SHORTEST_BEGINNING, len(name) + 1)
        )


@dataclass(frozen=True)
class Pattern:
    """What an identifier looks like, and what may not stand beside it: then it would be another one."""

    core: str
    before: str
    after: str
    consuming: str


def _bounded(core: str, before: str, after: str, dot: str) -> Pattern:
    """`before` and `after` are classes of letters; after a full stop there may be no letter of `dot`."""
    consuming = rf"(?:^|[^{before}]){core}(?:$|[^{after}.]|\.(?:$|[^{dot}]))"
    return Pattern(core, f"(?<![{before}])", rf"(?![{after}]|\.[{dot}])", consuming)


def _email(name: str) -> Iterator[Pattern]:
    core = re.escape(name).replace("@", "(?:@|%40)")
    yield _bounded(core, r"A-Za-z0-9._%+\-", r"A-Za-z0-9_\-", "A-Za-z0-9")


def _id(name: str) -> Iterator[Pattern]:
    if "@" in name:
        yield from _email(name)
    elif len(name) >= (SHORTEST_NUMBER if name.isdigit() else SHORTEST_WORD) and not name.startswith("+"):
        yield _bounded(re.escape(name), r"A-Za-z0-9_.@+\-", r"A-Za-z0-9_@+\-", "A-Za-z0-9")


def _phone(name: str) -> Iterator[Pattern]:
    import phonenumbers  # 0.1 s, and every command imports this module

    try:
        parsed = phonenumbers.parse(name)
    except phonenumbers.NumberParseException:
        digits = "".join(filter(str.isdigit, name))
        if len(digits) >= SHORTEST_BARE_PHONE:
            yield _bounded(BETWEEN_DIGITS.join(digits), "0-9", "0-9", "0-9")
        return
    national = phonenumbers.national_significant_number(parsed)
    country = BETWEEN_DIGITS.join(str(parsed.country_code))
    bare = "?" if len(national) >= SHORTEST_BARE_PHONE else ""
    prefix = rf"(?:(?:(?:\+|00)?{country}{BETWEEN_DIGITS}0?|0){BETWEEN_DIGITS}){bare}"
    yield _bounded(prefix + BETWEEN_DIGITS.join(national), "0-9", "0-9", "0-9")


def own_cell(cell: str) -> str:
    """A cell as it was before it was kept from being run by a spreadsheet."""
    return cell[1:] if cell.startswith("'") and len(cell) > 1 else cell


def kind_of_header(name: str) -> str | None:
    """`customer_id`, `email`, `phone` or `other_id` for a list's column that holds one."""
    folded = "".join(letter for letter in name.lower() if letter.isalnum())
    kinds = {"customer_id": ID_HEADERS, "email": EMAIL_HEADERS, "phone": PHONE_HEADERS, "other_id": OTHERS_ID_HEADERS}
    return next((kind for kind, headers in kinds.items() if folded in headers), None)


def is_theirs(person: Person, cells: Iterable[tuple[str | None, str]]) -> bool:
    """Whether a row is theirs, by its (kind, cell): by id, by email, or by a phone where nothing else says whose.

    A phone is shared by families, so in a row of somebody else it does not make the row theirs.
    """
    named: dict[str, list[str]] = {"customer_id": [], "email": [], "phone": []}
    for kind, text in cells:
        if kind in named and (cell := own_cell(text)):
            named[kind].append(cell)
    if person.ids.intersection(named["customer_id"]) or person.emails.intersection(map(str.lower, named["email"])):
        return True
    alone = not named["customer_id"] and not named["email"]
    return alone and bool(person.phones.intersection(named["phone"]))


def rows_of(person: Person, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """True of a table's rows that are theirs, by the same rule; never null."""
    names = {name for name, dtype in schema.items() if dtype == pl.String}
    found = [pl.lit(value=False)]
    if "customer_id" in names:
        found.append(pl.col("customer_id").is_in(list(person.ids)))
    if "email" in names:
        found.append(pl.col("email").str.to_lowercase().is_in(list(person.emails)))
    if "phone" in names:
        others = [pl.col(name).is_null() for name in ("customer_id", "email") if name in names]
        found.append(pl.all_horizontal(pl.col("phone").is_in(list(person.phones)), *others))
    return pl.any_horizontal(each.fill_null(value=False) for each in found)
