"""The text of a new project's segcli.yaml: what it has to say, and what it may say, behind a #."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence


def project_text(
    options: Mapping[str, str | None], files: Sequence[str], recipes: Sequence[str], campaigns: Sequence[str] = ()
) -> str:
    """The commented segcli.yaml. `campaigns` are recipes that write to people: they are offered and not chosen."""

    def line(key: str, example: str) -> str:
        value = options[key]
        return f"{key}: {json.dumps(value, ensure_ascii=False)}" if value else f"# {key}: {example}"

    parts = [
        "# What segcli has to know of the shop. Paths are relative to this file.",
        line("shop", "My shop"),
        "",
        "# Times without a zone are in this one, and days begin and end in it.",
        line("timezone", "Europe/Istanbul"),
        "",
        "# Orders in another currency need a rate: how much one of it is worth in this one.",
        line("currency", "EUR"),
        "# rates: {USD: 0.92}",
        "",
        "# Where phone numbers without a country code are from, whose seasons count, and whose law holds for customers",
        "# of whom no country is known.",
        line("country", "TR"),
        "",
        "# Whose import format send lists have; without it, plain CSV.",
        line("esp", "klaviyo"),
        "",
        "# The export files. Each is recognised by its header; folders and globs work too. To say what a",
        "# column means:",
        "#   orders: {files: orders.csv, columns: {amount: revenue}}",
        *_listed("sources", map(_text, files), ["orders.csv"]),
        "",
        "# Recipes: folders of yours, or names of shipped ones.",
        *_listed("recipes", recipes, ["rfm", "lifecycle"]),
        *_offered(campaigns),
        "",
        _LIMITS,
    ]
    return "\n".join(parts)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _listed(key: str, values: Iterable[str], examples: Sequence[str]) -> list[str]:
    """A list, or where there is nothing to list, examples behind a #."""
    lines = [f"  - {value}" for value in values]
    return [f"{key}:", *lines] if lines else [f"# {key}:", *(f"#   - {example}" for example in examples)]


def _offered(campaigns: Sequence[str]) -> list[str]:
    if not campaigns:
        return []
    words = (
        "  # These have campaigns: messages to people. Take the # from one, and see who would get what: segcli campaign"
    )
    return [words, *(f"  # - {name}" for name in campaigns)]


_LIMITS = """\
# How far ahead `segcli campaign` plans: 24h where it runs once a day, nothing where it runs every hour. How often a
# customer is written to at most; without caps of your own it is one email a day and three a week.
# limits:
#   ahead: 24h
#   caps: [{max: 1, per: 24h}, {max: 3, per: 7d}]

# Who may be written to follows the law of the customer's country: only after a yes, where none is known. In the
# European Union and Britain buying counts as a yes only with soft_opt_in, and the shop has to keep its conditions.
# consent: {soft_opt_in: true, countries: {CH: gdpr}}

# Who messages come from. With a sender, campaigns are finished emails; without, lists for a service that renders them.
# sender: {email: hello@shop.example, name: My shop, address: "My shop, 1 Example Street"}
# links: {shop: "https://shop.example", unsubscribe: "https://shop.example/stop"}
# brand: {colour: "#8a3b12"}

# Where runs are written. With `keep`, those written longer ago are deleted after a new one.
# output: {folder: out, keep: 30d}

# What was sent to whom: made by `segcli campaign --commit`. Back it up together with .segcli.key.
# history: history

# A run on half an export, or one that would write to too many, stops instead of writing lists.
# expect: {newest_order: 2d, rows: {orders: 1000}, messages: 5000}
"""
