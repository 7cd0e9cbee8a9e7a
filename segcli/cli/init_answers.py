"""What `segcli init` has to know of a shop: how each answer is read, and what is proposed for it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

from babel import Locale, localedata
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies

from segcli.campaigns.clocks import country_timezones
from segcli.cli.init_files import ShopFiles
from segcli.cli.init_platforms import OTHER, platforms
from segcli.exports.formats import format_names
from segcli.exports.preflight import preflight
from segcli.messages.layout import load_layout
from segcli.problems import Place, Problem, Problems, nearest
from segcli.project.localities import COUNTRIES, read_timezone
from segcli.project.message_keys import LINKS, SENDER
from segcli.project.shapes import Shape
from segcli.project.yaml_nodes import ScalarNode
from segcli.sources.headers import fold
from segcli.sources.words import country_code

Answers = Mapping[str, str | None]  # by the names of QUESTIONS; None: left open
Read = Callable[[str, Problems], str | None]  # the answer as a project has it; None and a problem: asked again
NONE = "none"
# What finished emails need, all of it.
OF_EMAILS = ("sender", "address", "shop_link", "unsubscribe_link", "currency")


@dataclass(frozen=True)
class Question:
    """Something to know, by the name of its option; `choices` are shown with it.

    `check` says what the files lack for an answer.
    """

    name: str
    words: str
    read: Read
    choices: tuple[str, ...] = ()
    check: Callable[[str, ShopFiles, Problems], None] | None = None


@dataclass(frozen=True)
class Proposal:
    """The answer that Enter accepts, and where it is from."""

    value: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Waiting:
    """An answer that cannot be in force yet, and what the files lack for it."""

    answer: str
    lacks: tuple[Problem, ...]


def questions() -> tuple[Question, ...]:
    """Every question in the order in which they are asked: later proposals rest on earlier answers."""
    return (
        Question("shop", "Name of the shop", _read_line),
        Question("country", "Country, as TR or Turkey", read_country),
        Question("currency", "Currency that amounts are counted in, as EUR", read_currency),
        Question("timezone", "Time zone", _read_zone),
        Question("language", "Language of the messages", read_language, layout_languages()),
        Question("platform", "Where the files come from", _read_platform, (*platforms(), OTHER)),
        Question("esp", "Email service that lists are written for", _read_esp, (*format_names(), NONE), _check_esp),
        Question("sender", "Email address that messages come from", _as_key(SENDER, "email")),
        Question("address", "Postal address of the shop, for the foot of every email", _read_line),
        Question("shop_link", "Link to the shop", _as_key(LINKS, "shop")),
        Question("unsubscribe_link", "Link to the page where a recipient says stop", _as_key(LINKS, "unsubscribe")),
    )


def propose(name: str, files: ShopFiles, answers: Answers, folder: Path) -> Proposal:
    """What is most likely the answer, by the files, the answers before it, and this machine."""
    match name:
        case "shop":
            return Proposal(folder.absolute().name or None, "as the folder")
        case "country":
            return _of_rows(files, "country", read_country, "where most customers live") or _country_here()
        case "currency":
            return _of_rows(files, "currency", read_currency, "as the orders") or _currency_of(answers.get("country"))
        case "timezone":
            return _zone_of(answers.get("country"))
        case "language":
            spoken = _of_rows(files, "language", read_language, "as most customers")
            return spoken or _language_of(answers.get("country"))
        case "platform":
            return _platform_of(files)
        case "esp":
            used = next((file.platform for file in files.used if file.platform in format_names()), NONE)
            return Proposal(used, "by the files" if used != NONE else "")
    return Proposal()


def locale_of(answers: Answers) -> str | None:
    """The language, with the country where the two make a locale that is known: tr_TR."""
    language, country = answers.get("language"), answers.get("country")
    both = f"{language}_{country}"
    return both if language and country and localedata.exists(both) else language


@cache
def layout_languages() -> tuple[str, ...]:
    """The languages that the shipped layout has words of: more than those of the messages in it."""
    return tuple(sorted(load_layout(None, {}, Problems()).words))


@cache
def language_name(code: str) -> str:
    """`German` for de."""
    return str(Locale("en").languages.get(code, code))


def _read_line(text: str, problems: Problems) -> str | None:
    words = " ".join(text.split())
    if not words:
        problems.error("nothing was written.")
    return words or None


def read_country(text: str, problems: Problems) -> str | None:
    """A country by its code, or by a name that files have too."""
    code = country_code(text)
    names = [name for code, name in Locale("en").territories.items() if code in COUNTRIES]
    return code if code in COUNTRIES else _refused(text, "country", names, problems, "TR or Turkey")


def read_currency(text: str, problems: Problems) -> str | None:
    """A currency by its code, its sign, or its name in English."""
    known, english = get_global("all_currencies"), Locale("en")
    code = text.strip().upper()
    names = {fold(name): each for each, name in english.currencies.items() if each in known}
    signs = {sign: each for each, sign in english.currency_symbols.items()}
    found = code if code in known else names.get(fold(text)) or signs.get(text.strip())
    used = [each for country in COUNTRIES for each in get_territory_currencies(country)]
    words = [*used, *(english.currencies[each] for each in used)]
    return found or _refused(text, "currency", words, problems, "three letters such as EUR or TRY")


def read_language(text: str, problems: Problems) -> str | None:
    """A language by its code, its name in English or its own; it need not be one that shipped messages come in."""
    code = text.strip().replace("-", "_").partition("_")[0].lower()
    english = Locale("en").languages
    if code in english and localedata.exists(code):
        return code
    names = {name: language for language, name in english.items() if localedata.exists(language)}
    names |= {str(Locale(language).display_name): language for language in layout_languages()}
    found = {fold(name): language for name, language in names.items()}.get(fold(text))
    return found or _refused(text, "language", [*names, *layout_languages()], problems, "en or English")


def _refused(text: str, what: str, known: Iterable[str], problems: Problems, example: str) -> str | None:
    """None, and a problem that names the nearest of the known."""
    by_fold = {fold(name): name for name in known}
    near = difflib.get_close_matches(fold(text), by_fold, n=3)
    hint = f"Did you mean {' or '.join(by_fold[each] for each in near)}?" if near else f"Write {example}."
    problems.error(f"no {what} named '{text.strip()}'.", hint=hint)
    return None


def _read_zone(text: str, problems: Problems) -> str | None:
    before = len(problems.found)
    zone = read_timezone(text.strip(), None, problems)
    return zone.key if len(problems.found) == before else None


def _read_platform(text: str, problems: Problems) -> str | None:
    names = {fold(each.title): name for name, each in platforms().items()}
    names |= {name: name for name in (*platforms(), OTHER)}
    return names.get(fold(text)) or _refused(
        text, "platform", names, problems, f"one of {', '.join(platforms())}, {OTHER}"
    )


def _read_esp(text: str, problems: Problems) -> str | None:
    name = text.strip().lower()
    known = [*format_names(), NONE]
    if name not in known:
        hint = nearest(name, known) or f"Known are {', '.join(known)}."
        problems.error(f"no email service named '{text.strip()}'.", hint=hint)
        return None
    return name


def _check_esp(name: str, files: ShopFiles, problems: Problems) -> None:
    """What the importer of an email service asks of every row, where no file gives it."""
    if name != NONE and files.used:
        problems.found += preflight(name, files.columns).errors


def _as_key(shape: Shape, name: str) -> Read:
    """Reads an answer as segcli.yaml would read it under that key."""
    kind = next(key.kind for key in shape.keys if key.name == name)

    def read(text: str, problems: Problems) -> str | None:
        value: str | None = kind.read(ScalarNode(Place(""), text, text, plain=False), name, problems)
        return value

    return read


def _of_rows(files: ShopFiles, column: str, read: Read, reason: str) -> Proposal | None:
    """What most rows have that is an answer."""
    found = (read(value, Problems()) for value in files.values.get(column, ()))
    value = next((each for each in found if each), None)
    return Proposal(value, reason) if value else None


def _country_here() -> Proposal:
    """This machine's country: of its language, else of its clock."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        _, _, rest = os.environ.get(name, "").partition("_")
        if rest[:2] in COUNTRIES:
            return Proposal(rest[:2], "as this machine")
    zone = local_timezone()
    land = next((country for country, of_country in country_timezones().items() if of_country == zone), None)
    return Proposal(land, "by this machine's clock" if land else "")


def _currency_of(country: str | None) -> Proposal:
    found = get_territory_currencies(country) if country else []
    return Proposal(found[0], f"of {country}") if found else Proposal()


def _zone_of(country: str | None) -> Proposal:
    zone = country_timezones().get(country or "")
    return Proposal(zone, f"of {country}") if zone else Proposal(local_timezone(), "of this machine")


def _language_of(country: str | None) -> Proposal:
    spoken = get_official_languages(country, de_facto=True) if country else ()
    written = next((language for language in spoken if language in layout_languages()), None)
    return Proposal(written, f"of {country}") if written else Proposal("en")


def _platform_of(files: ShopFiles) -> Proposal:
    """The platform of the orders, else of any file."""
    known = [file for file in files.used if file.platform in platforms()]
    known.sort(key=lambda file: "orders" not in file.tables)
    return Proposal(known[0].platform, "by the files") if known else Proposal(OTHER)


def local_timezone() -> str:
    """This machine's time zone as an IANA name, UTC where it has none."""
    name = os.environ.get("TZ") or str(Path("/etc/localtime").resolve()).rpartition("zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"
