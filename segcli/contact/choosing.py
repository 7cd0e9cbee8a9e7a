"""Which consent policy decides where: shipped ones, the project's own, and what its `consent:` says of countries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from segcli.contact.policies import Policy, read_policy, shipped_policies
from segcli.problems import Place, Problems, nearest
from segcli.project.campaign_models import ConsentSettings

STRICT = "strict"


@dataclass(frozen=True)
class PolicyChoice:
    """The policies that may decide about somebody, and which of them decides where."""

    policies: Mapping[str, Policy]
    regions: Mapping[tuple[str, str], str]  # country and region (in lower case) -> policy
    countries: Mapping[str, str]  # country -> policy
    default: str  # of all other countries
    home: str | None  # the country of customers of whom none is known

    @property
    def used(self) -> tuple[Policy, ...]:
        """Those that decide about anybody, by name."""
        names = {*self.regions.values(), *self.countries.values(), self.default}
        return tuple(self.policies[name] for name in sorted(names))


def choose_policies(settings: ConsentSettings, home: str | None, problems: Problems) -> PolicyChoice:
    """What `consent:` chooses; a policy that nobody knows is a problem, and `strict` stands in for it.

    The project's own policies go before shipped ones, and what `consent.countries` says before both. `home` is the
    country of customers of whom none is known.
    """
    own = [policy for path in settings.files if (policy := read_policy(path, problems)) is not None]
    _check_doubles(own, problems)
    policies = {policy.name: policy for policy in (*shipped_policies(), *own)}

    def known(name: str, key: str) -> str:
        if name in policies:
            return name
        hint = nearest(name, policies) or f"Known are {', '.join(sorted(policies))}."
        problems.error(f"no consent policy named '{name}'.", settings.places.get(key), f"consent.{key}", hint)
        return STRICT

    countries: dict[str, str] = {}
    regions: dict[tuple[str, str], str] = {}
    for policy in policies.values():  # an own policy of the name of a shipped one stands in its place
        if policy not in own:
            countries |= dict.fromkeys(policy.countries, policy.name)
            regions |= _regions(policy)
    for policy in own:
        # Whoever writes a law for a whole country means all of it.
        regions = {place: name for place, name in regions.items() if place[0] not in policy.countries}
        countries |= dict.fromkeys(policy.countries, policy.name)
        regions |= _regions(policy)
    for code, name in settings.countries.items():
        regions = {place: chosen for place, chosen in regions.items() if place[0] != code}
        countries[code] = known(name, f"countries.{code}")
    default = known(settings.default, "default") if settings.default else STRICT
    return PolicyChoice(policies, regions, countries, default, home)


def _regions(policy: Policy) -> dict[tuple[str, str], str]:
    return {(code, name.lower()): policy.name for code, names in policy.regions.items() for name in names}


def _check_doubles(own: Iterable[Policy], problems: Problems) -> None:
    """Two of the project's own policies of one name, or for one country."""
    names: dict[str, Place] = {}
    countries: dict[str, Place] = {}
    for policy in own:
        if policy.name in names:
            problems.error(
                f"a policy named '{policy.name}' is also at {names[policy.name]}.", policy.place, "policy",
                hint="Give it another name.",
            )  # fmt: skip
        for code in policy.countries:
            if code in countries:
                problems.error(
                    f"{code} has another policy, at {countries[code]}.", policy.place, "countries",
                    hint="Say in segcli.yaml which one it is (consent.countries), and take it out of the other.",
                )  # fmt: skip
        names.setdefault(policy.name, policy.place)
        countries |= {code: policy.place for code in policy.countries if code not in countries}
