"""Consent policies: for each country and channel the rules of who may get marketing, each with the law it encodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from segcli.problems import Place, Problems, RecipeError
from segcli.project.localities import read_country
from segcli.project.models import Expression
from segcli.project.shapes import Key, ListOf, MappingOf, Named, Placed, Shape
from segcli.project.values import Choice, Flag, SqlExpression, Text
from segcli.project.yaml_nodes import MappingNode
from segcli.project.yaml_text import read_yaml

FOLDER = Path(__file__).parent / "policies"
CHANNELS = ("email", "sms")


@dataclass(frozen=True)
class Rule:
    """Whether `when` (always, if None) allows a message; of a channel's rules the first that is met decides.

    A rule with a `choice` counts only where the project has made that choice.
    """

    name: str
    allow: bool
    law: str
    place: Place
    when: Expression | None = None
    choice: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Policy:
    """The rules of one law, and where it holds; the last rule of a channel decides whoever is left."""

    name: str
    title: str
    law: str
    place: Place
    countries: tuple[str, ...]
    regions: Mapping[str, tuple[str, ...]]  # ISO 3166 code -> names of regions, which go before countries
    rules: Mapping[str, tuple[Rule, ...]]  # by channel


def _check_country(code: str, place: Place, key: str, problems: Problems) -> bool:
    return read_country(code, place, problems, key) is not None


def _check_last(node: MappingNode, rules: tuple[Named, ...], key: str, problems: Problems) -> None:
    """Every rule can be met, and somebody for whom none is met cannot be."""
    for rule in rules[:-1]:
        if "when" not in rule.value and "choice" not in rule.value:
            problems.error(
                "no rule after this one is ever met.", rule.place, f"{key}.{rule.name}",
                hint="Give it a 'when', or put it last.",
            )  # fmt: skip
    last = rules[-1]
    if "when" in last.value or "choice" in last.value:
        problems.error(
            "nothing is said of whoever meets no rule.", last.place, f"{key}.{last.name}",
            hint="Add a last rule without 'when', such as no_consent: {allow: false, law: ...}.",
        )  # fmt: skip


_LAW = Text("the law, with its article")
RULE = Shape(
    "a rule", "Who may be written to or may not, and by which law.",
    (Key("when", SqlExpression(), "A condition over fields and customers' columns; met by everybody if absent."),
     Key("allow", Flag(), "Whether a message may go out.", required=True),
     Key("law", _LAW, "The law that this rule encodes, with its article.", required=True),
     Key("choice", Choice(("soft_opt_in",)), "The rule counts only where the project's 'consent' chooses it."),
     Key("note", Text(), "What else the law asks for.")),
)  # fmt: skip
RULES = MappingOf(RULE, "names and rules, of which the first that is met decides", check=_check_last)
_REGIONS = ListOf(Text("a region's name"), "a list of regions")
POLICY = Shape(
    "a consent policy", "Who may get marketing, by the law of some countries.",
    (Key("policy", Text("a name of lower case letters, digits, - and _", "^[a-z][a-z0-9_-]*$"), "Its name.",
         required=True),
     Key("title", Text(), "Where it holds, in words."),
     Key("law", _LAW, "The law, with its articles.", required=True),
     Key("countries", ListOf(Placed(Text("an ISO 3166 code")), "a list of countries"), "Where it holds, such as [TR]."),
     Key("regions", MappingOf(_REGIONS, "countries and lists of regions", _check_country, "^[A-Z]{2}$"),
         "Parts of countries where it holds, such as US: [California]."),
     Key("email", RULES, "The rules for email.", required=True),
     Key("sms", RULES, "The rules for text messages.", required=True)),
)  # fmt: skip


def read_policy(path: Path, problems: Problems) -> Policy | None:
    """The policy in a YAML file; None after everything wrong with it went to `problems`."""
    before = len(problems.errors)
    tree = read_yaml(path, problems)
    values = POLICY.read(tree, "", problems) if tree else None
    if values is None or len(problems.errors) > before:
        return None
    for each in values.get("countries", ()):
        _check_country(each.name, each.place, "countries", problems)
    if len(problems.errors) > before:
        return None
    return Policy(
        name=values["policy"],
        title=values.get("title") or values["policy"],
        law=values["law"],
        place=values.places["policy"],
        countries=tuple(each.name for each in values.get("countries", ())),
        regions={each.name: each.value for each in values.get("regions", ())},
        rules={channel: tuple(_rule(each) for each in values[channel]) for channel in CHANNELS},
    )


def _rule(named: Named) -> Rule:
    values: Any = named.value
    return Rule(
        named.name, values["allow"], values["law"], named.place, values.get("when"), values.get("choice"),
        values.get("note"),
    )  # fmt: skip


@cache
def shipped_policies() -> tuple[Policy, ...]:
    """The policies that come with segcli, by name."""
    problems = Problems()
    found = [read_policy(path, problems) for path in sorted(FOLDER.glob("*.yaml"))]
    problems.stop_on_errors(RecipeError)
    return tuple(policy for policy in found if policy is not None)
