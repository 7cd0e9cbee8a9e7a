"""Consent policies as field definitions: which policy decides, which of its rules, and whether it allows a message."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from segcli.contact.choosing import PolicyChoice, choose_policies
from segcli.contact.policies import CHANNELS, FOLDER, Policy, Rule
from segcli.problems import Place, Problems
from segcli.project.campaign_models import ConsentSettings
from segcli.project.models import AggregateField, Case, CasesField, Expression, Field, Project, ValueField
from segcli.project.yaml_text import shown_path

RECIPE = "builtin"  # they belong to the vocabulary
NEVER = "timestamp '1900-01-01 00:00:00'"


def contact_fields(project: Project, lists: Collection[str], problems: Problems) -> tuple[Field, ...]:
    """Definitions of `consent_policy`, `<channel>_consent_rule` and `<channel>_allowed`, and of each list's.

    `lists` are the lists that campaigns name. What is wrong with the project's consent goes to `problems`. Every
    field is known whatever files a shop has: a column that none has is a consent that was not recorded.
    """
    return _fields(project.consent, project.country, lists, problems)


def shipped_contact_fields() -> tuple[Field, ...]:
    """The definitions of a shop that says nothing of consent: for the vocabulary without a project."""
    return _fields(ConsentSettings(), None, (), Problems())


def _fields(
    settings: ConsentSettings, home: str | None, lists: Collection[str], problems: Problems
) -> tuple[Field, ...]:
    choice = choose_policies(settings, home, problems)
    place = settings.places.get("default") or Place(shown_path(FOLDER))
    fields: list[Field] = [_policy_field(choice, place)]
    for channel in CHANNELS:
        rules = [
            (policy, rule)
            for policy in choice.used
            for rule in policy.rules[channel]
            if rule.choice is None or (rule.choice == "soft_opt_in" and settings.soft_opt_in)
        ]
        fields += [_rule_field(channel, rules, place), _allowed_field(channel, rules, place)]
    return (*fields, *_list_fields(lists, place, problems))


def allowed_field(channel: str, list_: str | None = None) -> str:
    """The field that says whether consent allows a message over a channel: `email_allowed`, `sms_allowed_news`."""
    return f"{channel}_allowed" + (f"_{_tidied(list_)}" if list_ else "")


def rule_text(policy: Policy, rule: Rule) -> str:
    """What `<channel>_consent_rule` says of a rule."""
    return f"{policy.name}: {rule.name}"


def _policy_field(choice: PolicyChoice, place: Place) -> Field:
    """The policy by country, and by region where a policy is for a part of a country only."""
    home = f"coalesce(country, {_quoted(choice.home)})" if choice.home else "coalesce(country, '')"
    # customer_id is always known, and makes this known for a shop whose files have no country.
    always = "customer_id is not null and "
    cases = []
    for name in sorted({*choice.regions.values()}):
        pairs = [pair for pair, chosen in choice.regions.items() if chosen == name]
        for country in sorted({code for code, _ in pairs}):
            regions = _listed(region for code, region in pairs if code == country)
            when = f"{always}{home} = '{country}' and coalesce(lower(region), '') in ({regions})"
            cases.append(Case(choice.policies[name].place, Expression(when), name))
    for name in sorted({*choice.countries.values()} - {choice.default}):
        codes = _listed(code for code, chosen in choice.countries.items() if chosen == name)
        cases.append(Case(choice.policies[name].place, Expression(f"{always}{home} in ({codes})"), name))
    if not cases:
        cases = [Case(place, Expression("customer_id is not null"), choice.default)]
    return CasesField(
        "consent_policy", place, RECIPE, tuple(cases), choice.default,
        meaning="The consent policy of their country, and so the law that decides whether they may get marketing",
        unit="policy",
        source="consent: of the project, else the policy that names the country, else strict",
    )  # fmt: skip


def _rule_field(channel: str, rules: Iterable[tuple[Policy, Rule]], place: Place) -> Field:
    return CasesField(
        f"{channel}_consent_rule", place, RECIPE,
        tuple(Case(rule.place, _condition(policy, rule), rule_text(policy, rule)) for policy, rule in rules),
        meaning=f"The rule of their consent policy that decides about marketing by {channel}",
        unit="policy: rule",
        source="The first rule of the policy whose condition is met",
    )  # fmt: skip


def _condition(policy: Policy, rule: Rule) -> Expression:
    before = f"consent_policy = '{policy.name}'"
    if rule.when is None:
        return Expression(before, rule.place)
    # Inside coalesce a name that no file gives does no harm: the condition is not met.
    before = f"{before} and coalesce("
    place = rule.when.place.moved(-len(before)) if rule.when.place else None
    return Expression(f"{before}{rule.when.text}, false)", place)


def _allowed_field(channel: str, rules: Iterable[tuple[Policy, Rule]], place: Place) -> Field:
    allowing = _listed(rule_text(policy, rule) for policy, rule in rules if rule.allow) or "''"
    return ValueField(
        f"{channel}_allowed", place, RECIPE,
        Expression(f"{channel}_consent_rule in ({allowing}) and coalesce(suppression <> 'unsubscribed', true)"),
        meaning=f"Whether consent, or the law without it, allows marketing by {channel}",
        unit="yes or no",
        source=f"{channel}_consent_rule; a consent that they took back later is none",
    )  # fmt: skip


def _list_fields(lists: Collection[str], place: Place, problems: Problems) -> Iterable[Field]:
    """Per list: when they last joined and left it, and whether that, or else the policy, allows a message."""
    names: dict[str, str] = {}
    for list_ in sorted(lists):
        tidied = _tidied(list_)
        if tidied in names:
            problems.error(
                f"the lists '{names[tidied]}' and '{list_}' cannot be told apart.", place, "list",
                hint="Write both in the same way, or give one another name.",
            )  # fmt: skip
            continue
        names[tidied] = list_
        joined, left = f"joined_{tidied}_at", f"left_{tidied}_at"
        for name, event, verb in ((joined, "subscribe", "joined"), (left, "unsubscribe", "left")):
            where = Expression(f"event = '{event}' and lower(list) = {_quoted(list_.lower())}")
            yield AggregateField(
                name, place, RECIPE, "events", Expression("max(at)"), where,
                meaning=f"When they last {verb} the list {list_}", unit="time",
                source=f"Latest {event} event of the list",
            )  # fmt: skip
        for channel in CHANNELS:
            # A no without a time is one of today, as where records of a person are joined.
            no = f"case when not {channel}_consent then coalesce(consent_at, as_of) end"
            against = f"greatest({left}, last_opt_out_at, unsubscribed_at, {no})"
            # At the same moment the leaving counts.
            said = f"coalesce({joined}, {NEVER}) > coalesce({against}, {NEVER})"
            # Joining is a yes to email. No file says that it was one to texts, so there it takes back a leaving only.
            joining = said if channel == "email" else f"{said} and {channel}_allowed"
            silent = f"{joined} is null and {left} is null"
            yield ValueField(
                allowed_field(channel, list_), place, RECIPE,
                Expression(f"case when {silent} then {channel}_allowed else {joining} end"),
                meaning=f"Whether marketing by {channel} on the list {list_} is allowed", unit="yes or no",
                source=f"The later of joining and leaving the list; {channel}_allowed for who did neither",
            )  # fmt: skip


def _tidied(list_: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", list_.lower()).strip("_") or "list"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(_quoted(value) for value in sorted(set(values)))
