"""Rendered messages of a few customers to one self-contained HTML page, for a marketer to look at."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from segcli.messages.model import CLIPPED_AT

FOLDER = Path(__file__).parent / "preview"


@dataclass(frozen=True)
class PreviewMessage:
    """A message to one customer, as it would be sent, and why this customer is shown.

    `html` is None for texts and for mails of text alone; `size` is the whole mail's, in bytes. `fields` are the names
    that the message knows with their values as shown, None where the customer has none. `segments` and `encoding`
    are those of an SMS. `failure` says why the message would not be sent; the other parts may then be empty. `landing`
    is the page that the message leads to, as HTML; `cells` is the row of a call list: header and cell.
    """

    customer_id: str
    reason: str
    to: str
    subject: str | None
    preheader: str | None
    html: str | None
    text: str
    headers: Sequence[tuple[str, str]]
    size: int
    fields: Sequence[tuple[str, str | None]]
    channel: str = "email"
    segments: int | None = None
    encoding: str | None = None
    step: str | None = None
    language: str | None = None
    variant: str | None = None
    failure: str | None = None
    landing: str | None = None
    cells: Sequence[tuple[str, str | None]] = ()


def preview_page(title: str, messages: Sequence[PreviewMessage], *, pictures: bool = False) -> str:
    """The page: the list of messages, and each as desktop and phone show it, its text, links, headers and fields.

    The page's policy lets it load nothing and run no script but its own; with `pictures`, the messages' pictures may
    be loaded over https. Messages stand in frames that run no script, send no form and open no link. The page has
    what the messages have about people: write it readable by its owner only.
    """
    script = _text("page.js")
    return _template().render(
        title=title,
        style=_text("page.css"),
        script=script,
        policy=_policy(script, pictures),
        pictures=pictures,
        data=_json(
            {"clipped_at": CLIPPED_AT, "pictures": pictures, "messages": [asdict(message) for message in messages]}
        ),
    )


def _policy(script: str, pictures: bool) -> str:
    """Frames inherit it, which is why style attributes are allowed."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    rules = {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}'",
        "style-src": "'unsafe-inline'",
        "img-src": "data: https:" if pictures else "data:",
        "frame-src": "'none'",
        "form-action": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _json(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@functools.cache
def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@functools.cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(FOLDER))
    return environment.get_template("page.html")
