"""The text of a new project's segcli.yaml: what it has to say, and what it may say, behind a #."""

from __future__ import annotations

import glob
import itertools
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from types import MappingProxyType

from segcli.cli.init_answers import OF_EMAILS, Answers, Waiting, language_name, locale_of
from segcli.cli.init_files import FoundFile, sources_of
from segcli.cli.init_own_tables import example_source
from segcli.cli.init_platforms import customers_from, platforms
from segcli.cli.init_recipes import RecipeChoice, ShownRecipe
from segcli.cli.output import on_one_line
from segcli.messages.message_files import shipped_languages
from segcli.problems import Problem

WIDTH = 118
MOST_LEFT_OUT = 20  # files that could not be used get a line each; a folder with more of them is no shop's
MANY_FILES = 4  # of one kind in a folder of their own: then new ones of the kind are meant too


def project_text(
    answers: Answers,
    files: Sequence[FoundFile],
    recipes: RecipeChoice,
    currencies: Sequence[str] = (),
    waiting: Mapping[str, Waiting] = MappingProxyType({}),
) -> str:
    """The commented segcli.yaml. What was left open stands behind a # with an example.

    `currencies` are those that orders are in. What is `waiting` stands behind a # with what the files lack for it.
    """
    parts = [
        "# What segcli has to know of the shop. Paths are relative to this file. A line behind a # is not in force:",
        "# it is an example, to be changed and to take the # from.",
        _key("shop", answers.get("shop"), "My shop"),
        "",
        "# Times without a zone are in this one, and days begin and end in it.",
        _key("timezone", answers.get("timezone"), "Europe/Istanbul"),
        "",
        "# Orders in another currency need a rate: how much one of it is worth in this one.",
        _key("currency", answers.get("currency"), "EUR"),
        _rates(currencies, answers.get("currency")),
        "",
        *_language(answers),
        "",
        "# Where phone numbers without a country code are from, whose seasons count, and whose law holds for customers",
        "# of whom no country is known.",
        _key("country", answers.get("country"), "TR"),
        "",
        "# Whose import format send lists have; without it, plain CSV.",
        *_email_service(answers, waiting.get("esp")),
        "",
        *_sources(files, answers.get("platform")),
        "",
        *_recipes(recipes),
        "",
        _LIMITS,
        *_emails(answers),
        "",
        _OUTPUT,
    ]
    return "\n".join(parts)


def _key(key: str, value: str | None, example: str) -> str:
    return f"{key}: {_text(value)}" if value else f"# {key}: {example}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flow(values: Mapping[str, str | None], examples: Mapping[str, str]) -> str:
    """One line of YAML: the values, and examples for those that are not there."""
    return "{" + ", ".join(f"{key}: {_text(values.get(key) or example)}" for key, example in examples.items()) + "}"


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        on_one_line(text), WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _rates(currencies: Iterable[str], own: str | None) -> str:
    """The currencies that need a rate. How much is for the shop to say, so they stand behind a #."""
    others = [each for each in currencies if each != own] or ["USD" if own != "USD" else "EUR"]
    return "# rates: {" + ", ".join(f"{currency}: 0.92" for currency in others) + "}"


def _language(answers: Answers) -> list[str]:
    language = answers.get("language")
    lines = [
        "# How names, numbers and dates are written, and the language of messages to whoever has none of their own."
    ]
    if language and language not in shipped_languages():
        known = ", ".join(language_name(code) for code in shipped_languages())
        told = f"Shipped messages have no {language_name(language)}; they come in {known}, and otherwise in English."
        lines += _comment(f"{told} Write yours as <message>.{language}.md in a copy of a recipe's folder.")
    return [*lines, _key("locale", locale_of(answers), "tr_TR")]


def _email_service(answers: Answers, waiting: Waiting | None) -> list[str]:
    if waiting is None:
        return [_key("esp", answers.get("esp"), "klaviyo")]
    where = customers_from(answers.get("platform"))
    lines = [line for lack in waiting.lacks for line in _comment(str(Problem(lack.message, hint=lack.hint)))]
    lines += _comment(f"Where to get it: {where}. Then take the # from the next line.")
    return [*lines, _key("esp", None, waiting.answer)]


def _sources(files: Sequence[FoundFile], platform: str | None) -> list[str]:
    lines = _comment(
        "The export files, by what is in them, which the names of their columns tell. Folders and globs work too. "
        "To say what a column means: orders: {files: orders.csv, columns: {amount: revenue}}"
    )
    known = platforms().get(platform or "")
    if known is not None:
        places = "; ".join(f"{table}: {place}" for table, place in known.exports.items())
        lines += _comment(f"Where {known.title} has them: {places}.")
    entries: list[str] = []
    for table, of_table in sources_of(files).items():
        paths = _paths(of_table, files)
        kinds = [kind for kind in dict.fromkeys(map(_kind, of_table)) if kind.lower() != table]
        entries += [f"  # {'; '.join(kinds)}"] if kinds else []
        entries.append(f"  {table}: {paths[0] if len(paths) == 1 else '[' + ', '.join(paths) + ']'}")
    lines += ["sources:", *entries] if entries else ["# Every file in this folder and below:", "sources: ."]
    left_out = [file for file in files if not file.title]
    for file in left_out[:MOST_LEFT_OUT]:
        lines += _comment(f"{file.path}: {file.why}", "  ")
        example = example_source(file)
        lines += [f"  # {example}"] if example else []
    return lines


def _kind(file: FoundFile) -> str:
    title = f"{file.title[:1].upper()}{file.title[1:]}" if file.title else ""
    return title + (f": {', '.join(file.tables)}" if len(file.tables) > 1 else "")


def _paths(of_table: Sequence[FoundFile], files: Sequence[FoundFile]) -> list[str]:
    """The paths of a table's files; of many in one folder that holds nothing else, a pattern."""
    found: list[str] = []
    for (folder, suffix), group in itertools.groupby(of_table, key=_folder_and_suffix):
        members = [file.path for file in group]
        pattern = f"{folder}/*{suffix}"
        matched = [file.path for file in files if fnmatchcase(file.path, pattern)]
        whole = folder != "." and not glob.has_magic(folder) and len(members) >= MANY_FILES and matched == members
        found += [_text(pattern)] if whole else map(_text, members)
    return found


def _folder_and_suffix(file: FoundFile) -> tuple[str, str]:
    path = PurePosixPath(file.path)
    return str(path.parent), "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix


def _recipes(recipes: RecipeChoice) -> list[str]:
    """Those that the project begins with, and behind a # the others that its files can answer."""
    lines = ["# Recipes: names of shipped ones, or folders of yours (./recipes/mine)."]
    if not recipes.chosen:
        return [*lines, "# Without a list the usual ones count, as far as there are files for them.",
                "# recipes:", "#   - rfm", "#   - lifecycle"]  # fmt: skip
    lines.append("recipes:")
    for campaigns, first, more in ((False, _SEGMENTS, _MORE_SEGMENTS), (True, _CAMPAIGNS, _MORE_CAMPAIGNS)):
        lines += _group(first, [each for each in recipes.chosen if each.campaigns == campaigns], "  - ")
        lines += _group(more, [each for each in recipes.offered if each.campaigns == campaigns], "  # - ")
    return lines


def _group(words: str, recipes: Sequence[ShownRecipe], mark: str) -> list[str]:
    lines = ["", *_comment(words, "  "), ""] if recipes else []
    for recipe in recipes:
        other = f" (Instead of {recipe.instead_of}: both define one name.)" if recipe.instead_of else ""
        lines += [*_comment(f"{recipe.summary}{other}", "  "), f"{mark}{recipe.name}"]
    return lines


def _emails(answers: Answers) -> list[str]:
    """The sender and the links: behind a # unless all is there that a finished email needs."""
    sender = {"email": answers.get("sender"), "name": answers.get("shop"), "address": answers.get("address")}
    links = {"shop": answers.get("shop_link"), "unsubscribe": answers.get("unsubscribe_link")}
    lines = _comment(
        "Who messages come from. With a sender, campaigns are finished emails; without, lists for a service that "
        "renders them. Emails need a postal address, a link to the shop, a page to unsubscribe at, and the currency."
    )
    mark = "" if all(answers.get(name) for name in OF_EMAILS) else "# "
    example = {"email": "hello@shop.example", "name": "My shop", "address": "My shop, 1 Example Street"}
    lines.append(f"{mark}sender: {_flow(sender, example)}")
    examples = {"shop": "https://shop.example", "unsubscribe": "https://shop.example/stop"}
    if any(links.values()):
        lines += ["links:", *(f"  {_key(name, link, examples[name])}" for name, link in links.items())]
    else:
        lines.append(f"# links: {_flow(links, examples)}")
    return [*lines, '# brand: {colour: "#8a3b12", logo: "https://shop.example/logo.png"}']


_SEGMENTS = "Segments: lists of customers. `segcli segment` computes them."
_MORE_SEGMENTS = (
    "More segments that your files can answer: take the # from a name. Of the schemes of RFM one is enough for a shop."
)
_CAMPAIGNS = (
    "Campaigns: messages to people. `segcli campaign` shows who would get what, and changes nothing: only with "
    "--commit does a message count as sent, and is a code given away. Some give a discount: read the recipe before."
)
_MORE_CAMPAIGNS = "More campaigns that your files can answer: take the # from a name."

_LIMITS = """\
# How far ahead `segcli campaign` plans: a day where it runs once a day; nothing where it runs every hour.
limits:
  ahead: 24h
  # How often a customer is written to at most; without caps of your own it is one email a day and three a week.
  # caps: [{max: 1, per: 24h}, {max: 3, per: 7d}]

# Who may be written to follows the law of the customer's country: only after a yes, where none is known. In the
# European Union and Britain buying counts as a yes only with soft_opt_in, and the shop has to keep its conditions.
# consent: {soft_opt_in: true, countries: {CH: gdpr}}
"""

_OUTPUT = """\
# Where runs are written. With `keep`, those written longer ago are deleted after a new one; `columns` are fields that
# each send list has besides the usual ones, for custom fields of your email service.
# output: {folder: out, keep: 30d, columns: [last_visit_at, lead_score]}

# What was sent to whom: made by `segcli campaign --commit`. Back it up together with .segcli.key.
# history: history

# A run on half an export, or one that would write to too many, stops instead of writing lists.
# expect: {newest_order: 2d, rows: {orders: 1000}, messages: 5000}
"""
