"""`limits:` and `consent:` of a segcli.yaml as frozen models."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from segcli.problems import Problems
from segcli.project.campaign_models import Cap, ConsentSettings, Limits, QuietHours
from segcli.project.recipe_choice import home_expanded
from segcli.project.shapes import Values


def limits_of(project: Values) -> Limits:
    """What `limits` and `expect.messages` say, and the defaults of the rest."""
    limits, expect = project.get("limits"), project.get("expect")
    most_due = expect.get("messages") if expect else None
    if limits is None:
        return Limits(most_due=most_due)
    caps, hours = limits.get("caps"), limits.get("quiet_hours")
    return Limits(
        ahead=limits.get("ahead", dt.timedelta(0)),
        caps=None if caps is None else tuple(_cap(cap) for cap in caps),
        quiet_hours=_quiet_hours(hours) if hours else QuietHours(),
        most_due=most_due,
    )


def _cap(values: Values) -> Cap:
    return Cap(
        values["max"], values["per"], values.place, when=values.get("when"), channel=values.get("channel", "email")
    )


def _quiet_hours(values: Values) -> QuietHours:
    return QuietHours(dt.time.fromisoformat(values["from"]), dt.time.fromisoformat(values["until"]))


def consent_of(project: Values, root: Path, problems: Problems) -> ConsentSettings:
    """What `consent` says; a folder of policies is its YAML files by name."""
    consent = project.get("consent")
    if consent is None:
        return ConsentSettings()
    countries = consent.get("countries", ())
    return ConsentSettings(
        default=consent.get("default"),
        soft_opt_in=consent.get("soft_opt_in", False),
        countries={each.name: each.value for each in countries},
        files=_policy_files(consent, root, problems),
        places={**consent.places, **{f"countries.{each.name}": each.place for each in countries}},
    )


def _policy_files(consent: Values, root: Path, problems: Problems) -> tuple[Path, ...]:
    given: Any = consent.get("policies", ())
    found: dict[Path, None] = {}
    for name in (given,) if isinstance(given, str) else given:
        path = (root / home_expanded(name)).resolve()
        files = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
        if not files or not all(file.is_file() for file in files):
            said = "holds no YAML file" if path.is_dir() else "is no file or folder"
            problems.error(
                f"'{name}' {said}.", consent.places["policies"], "consent.policies",
                hint="Name a file of policies, or a folder with such files.",
            )  # fmt: skip
            continue
        found.update(dict.fromkeys(files))
    return tuple(found)
