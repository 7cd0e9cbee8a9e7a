"""What the stages of a message hand to each other: a compiled message is a few pieces of Jinja source."""

from __future__ import annotations

from dataclasses import dataclass

from segcli.problems import Place

OF_CUSTOMER = ("language", "country")  # what the choice of a version and the locale depend on
OF_EMAIL = ("customer_id", "email", "phone", "first_name", "last_name", *OF_CUSTOMER)  # what every message is made with
CLIPPED_AT = 102_000  # bytes: Gmail shows the rest of a larger mail only to those who ask for it
LONGEST_SUBJECT = 60  # characters: phones show about as many


@dataclass(frozen=True)
class Source:
    """Final Jinja source: nothing is expanded or included any more.

    `escape` says that values are escaped as HTML. `places` has for each line of `text` where it stands in the
    user's file, or None where it comes from a layout or a partial of segcli's own. `one_blank_line` says that blank
    lines may come to follow each other when it is rendered, and that all but one are left out then.
    """

    text: str
    escape: bool
    places: tuple[Place | None, ...]
    one_blank_line: bool = False

    def place(self, line: int) -> Place | None:
        """Where a line of `text`, counted from 1, stands in the user's file."""
        return self.places[line - 1] if 0 < line <= len(self.places) else None


@dataclass(frozen=True)
class CompiledMessage:
    """One message in one language and variant. `html` is None for texts and for mails of text alone."""

    name: str
    path: str  # of the file, as problems name it
    language: str | None
    variant: str | None
    subject: Source | None  # None for texts
    preheader: Source | None
    html: Source | None
    text: Source
    from_name: str | None = None
    reply_to: str | None = None
    landing: str | None = None  # the file of its page, in the recipe's folder
    landing_place: Place | None = None

    @property
    def sources(self) -> tuple[tuple[str, Source], ...]:
        """Every piece with the name of its part."""
        parts = (("subject", self.subject), ("preheader", self.preheader), ("html", self.html), ("text", self.text))
        return tuple((name, source) for name, source in parts if source is not None)
