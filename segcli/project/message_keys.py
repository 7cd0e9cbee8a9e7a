"""The keys of a segcli.yaml that say who writes, how messages look, where their links lead, and as what they come."""

from __future__ import annotations

from segcli.problems import Problems
from segcli.project.message_models import ENCODINGS, FORMATS
from segcli.project.shapes import Key, MappingOf, Shape, Values
from segcli.project.values import Choice, Flag, Text

_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[^\W_](?:(?:[^\W_]|-)*[^\W_])?"
# As headers hold it: what is before the @ in ASCII and without quotes, the domain in any letters.
ADDRESS = Text("an email address", rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}$")
_LINK = Text("a link that begins with https://", r"^https?://[^\s\"<>]+$")
_SAFE_LINK = Text("a link that begins with https://", r"^https://[^\s\"<>]+$")  # as one-click unsubscribing asks for
_COLOUR = Text("a colour such as #1a7f5a", r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")
_PARAMETER = Text("a parameter of letters, digits, - and _", r"^[A-Za-z0-9_-]+$")

SENDER = Shape(
    "the sender", "Who the messages come from.",
    (Key("email", ADDRESS, "The address that messages come from.", required=True),
     Key("name", Text("a name in one line", r"^[^\r\n]+$"), "The name beside it; the shop's if absent."),
     Key("reply_to", ADDRESS, "Where answers go, if not to the sender."),
     Key("address", Text(), "The postal address of the shop: the laws of many countries ask for it in every mail."),
     Key("list_id", Text("a domain name", r"^[A-Za-z0-9.-]+$"),
         "What mail programs know the shop's mailings by; the domain of `email` if absent.")),
)  # fmt: skip
BRAND = Shape(
    "the brand", "How the shop's mails and pages look.",
    (Key("logo", _LINK, "The picture at the top: a PNG of about 400 pixels' width."),
     Key("colour", _COLOUR, "The colour of buttons and links."),
     Key("background", _COLOUR, "The colour around the content."),
     Key("text", _COLOUR, "The colour of the text."),
     Key("font", Text("names of fonts", r"^[A-Za-z0-9 ,'-]+$"), "Fonts, the first that a reader has: Georgia, serif.")),
)  # fmt: skip


def _check_links(values: Values, key: str, problems: Problems) -> None:
    if "utm" in values and "shop" not in values:
        hint = "Only links to the shop get these parameters. Write 'shop: https://...' beside it."
        problems.error("'utm' needs 'shop' beside it.", values.places["utm"], f"{key}.utm", hint=hint)


LINKS = Shape(
    "links", "Where the links of messages lead.",
    (Key("shop", _LINK, "The shop."),
     Key("unsubscribe", _SAFE_LINK, "The page where a recipient says stop; their token is put behind it."),
     Key("help", _LINK, "Where a customer finds help."),
     Key("referral", _LINK, "The page of the referral programme; the recipient's token is put behind it."),
     Key("subscribe", _LINK, "Where who gets no news can ask for them; the recipient's token is put behind it."),
     Key("survey", _LINK, "The page of the survey; the recipient's token is put behind it."),
     Key("landing", _LINK, "Where the written landing pages are published."),
     Key("token", _PARAMETER, "The parameter that carries the recipient's token; t if absent."),
     Key("utm", MappingOf(Text("a value without spaces", r"^\S+$"), "utm parameters and values"),
         "Parameters of links to the shop, such as source: segcli; campaign and content are the campaign and step.")),
    check=_check_links,
)  # fmt: skip
MESSAGES = Shape(
    "messages", "As what rendered messages are written.",
    (Key("format", Choice(FORMATS), "eml (a file each), mbox (a file per step), columns (subject, html and text in the "
         "send list), or none; eml where there is a sender, else none: lists for a service that renders."),
     Key("encoding", Choice(ENCODINGS), "Of the text in emails; quoted-printable if absent."),
     Key("landing_per_recipient", Flag(), "Whether each recipient has a landing page of their own; false if absent.")),
)  # fmt: skip
