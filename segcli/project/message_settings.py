"""`sender:`, `brand:`, `links:` and `messages:` of a segcli.yaml as frozen models."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from segcli.problems import Problems
from segcli.project.message_models import Brand, Links, MessageSettings, Sender
from segcli.project.shapes import Values

_T = TypeVar("_T")


def message_settings_of(project: Values, problems: Problems) -> MessageSettings:
    """What the keys say, and the defaults of the rest. Finished emails need a sender."""
    sender, messages = project.get("sender"), project.get("messages")
    form = messages.get("format") if messages else None
    if form in ("eml", "mbox") and sender is None:
        hint = "Add 'sender: {email: ...}', or write 'format: columns'."
        problems.error(f"'format: {form}' needs a sender.", messages.places["format"], "messages.format", hint=hint)
    links = project.get("links")
    utm = {each.name: each.value for each in links.get("utm", ())} if links else {}
    return MessageSettings(
        sender=Sender(place=sender.place, **_given(sender, Sender)) if sender else None,
        brand=Brand(**_given(project.get("brand"), Brand)),
        links=Links(**{**_given(links, Links), "utm": utm}),
        format=form or ("eml" if sender else "none"),
        encoding=messages.get("encoding", "quoted-printable") if messages else "quoted-printable",
        landing_per_recipient=messages.get("landing_per_recipient", False) if messages else False,
    )


def _given(values: Values | None, model: type[_T]) -> dict[str, Any]:
    """The keys that were written and are fields of the model."""
    if values is None:
        return {}
    names = {each.name for each in fields(model)}  # type: ignore[arg-type]
    return {name: value for name in names if (value := values.get(name)) is not None}
