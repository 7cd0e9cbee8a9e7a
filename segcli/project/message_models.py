"""The frozen models of what a project says of its messages: sender, brand, links, and the form they are written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from segcli.problems import Place

Format = Literal["eml", "mbox", "columns", "none"]
Encoding = Literal["quoted-printable", "8bit"]
FORMATS: tuple[str, ...] = get_args(Format)
ENCODINGS: tuple[str, ...] = get_args(Encoding)


@dataclass(frozen=True)
class Sender:
    """Who the messages come from."""

    email: str
    place: Place
    name: str | None = None
    reply_to: str | None = None
    address: str | None = None  # postal
    list_id: str | None = None

    @property
    def domain(self) -> str:
        """The domain of the address, in lower case."""
        return self.email.rpartition("@")[2].lower()


@dataclass(frozen=True)
class Brand:
    """What a shop says of how its mails and pages look, None where it leaves that to the layout.

    Colours are `#rrggbb` or `#rgb`.
    """

    logo: str | None = None
    colour: str | None = None
    background: str | None = None
    text: str | None = None
    font: str | None = None


@dataclass(frozen=True)
class Links:
    """Where links lead. `utm` are parameters without their prefix; `token` carries the recipient's token."""

    shop: str | None = None
    unsubscribe: str | None = None
    help: str | None = None
    referral: str | None = None
    survey: str | None = None
    subscribe: str | None = None
    landing: str | None = None
    token: str = "t"
    utm: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MessageSettings:
    """All of it. `format` is what is written: never None."""

    sender: Sender | None = None
    brand: Brand = Brand()
    links: Links = field(default_factory=Links)
    format: Format = "none"
    encoding: Encoding = "quoted-printable"
    landing_per_recipient: bool = False
