"""Links and pictures of a mail that lead nowhere: relative ones, misspelt schemes, files of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import unquote, urljoin

from segcli.messages.html_tags import find_tags
from segcli.messages.masking import Masked, mask
from segcli.messages.model import CompiledMessage, Source
from segcli.messages.pieces import split_pieces
from segcli.messages.written import Written
from segcli.problems import Place, Problems, nearest

EXAMPLE = "https://shop.example/"
_LINKS, _PICTURES = ("href", "action"), ("src", "background", "poster")
_IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]*)")
_WORD = re.compile(r"zq[a-z]{2}\d+x")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d+(?:/|$))", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_MEANT = ("http", "https", "mailto", "tel", "sms")
_KNOWN = frozenset({*_MEANT, "ftp", "ftps", "geo", "webcal", "whatsapp", "viber", "maps"})
_FOLLOWED_BY_NONE = frozenset({"javascript", "vbscript", "data", "cid"})
_ADDRESS = re.compile(r"[^\s@/?]+@[\w-]+(?:\.[\w-]+)+$")
_HOST = re.compile(r"(?:(?:[\w-]+\.)+(?P<end>[a-z]{2,})|localhost)(?::\d+)?(?:[/?#]|$)", re.IGNORECASE)
_FILES = frozenset(
    ("asp", "aspx", "bmp", "css", "gif", "htm", "html", "ico", "jpeg", "jpg", "js", "jsp", "md", "mjml", "mp4", "pdf",
     "php", "png", "svg", "txt", "webp")
)  # fmt: skip
_WITHOUT_COLON = re.compile(r"h?t+ps?//?(?=[\w-])", re.IGNORECASE)
_LIKE_WEB = re.compile(r"(?<![\w.:/-])[a-z]{3,7}:/{1,3}[^\s/<>\"'{}]+", re.IGNORECASE)
# Links of segcli's own, which end with the recipient's token and the like.
_OWN_LINK = re.compile(r"(?:shop|landing|unsubscribe|help|referral|survey|subscribe)_url\b")


@dataclass(frozen=True)
class _Link:
    """A link as it begins, and whether a value of the recipient follows."""

    start: str
    more: bool
    picture: bool


@dataclass(frozen=True)
class LinkFault:
    """What is wrong with a link, and the way out."""

    message: str
    hint: str


def check_links(
    message: CompiledMessage, written: Sequence[Written], problems: Problems, fallback: Place, shop: str | None = None
) -> None:
    """Adds every link and picture of a message that leads nowhere, where it stands in one of the `written` texts, else
    at the `fallback`. `shop` is the address of the shop, for examples."""
    if message.html is not None:
        masked = mask(split_pieces(message.html.text, Place("", 1, 1), Problems()))
        for link in dict.fromkeys(_links(masked.text)):
            if link_fault(link.start, more=link.more, picture=link.picture) is None:
                continue
            for spelt, place in [*_places(link.start, written)] or [(link.start, fallback)]:
                if fault := link_fault(spelt, more=link.more, picture=link.picture, shop=shop):
                    problems.error(fault.message, place, hint=fault.hint)
        _check_behind_own_links(masked, message.html, problems, shop or EXAMPLE)
    for each in written:
        for found in _LIKE_WEB.finditer(each.text) if each.suffix == ".txt" else ():
            if fault := link_fault(found.group().rstrip(".,;:!?"), shop=shop):
                problems.error(fault.message, each.place(found.start()), hint=fault.hint)


def link_fault(value: str, *, more: bool = False, picture: bool = False, shop: str | None = None) -> LinkFault | None:
    """What is wrong with a link in a mail; None if it leads somewhere. `more` says that it is the beginning of one."""
    found = _SCHEME.match(value)
    scheme = found.group(1).lower() if found else ""
    rest = value.partition(":")[2].lstrip("/")
    whole = _whole_address(shop or EXAMPLE, value if not scheme else "", picture)
    if not value:
        return LinkFault("a link or a picture has no address.", whole)
    if len(scheme) == 1 or scheme == "file":
        return LinkFault(f"'{value}' is a file of this machine, which nobody else can open.", whole)
    if scheme in _FOLLOWED_BY_NONE:
        return LinkFault(f"mail programs do not open '{scheme}:'.", whole)
    if scheme in ("http", "https"):
        good = _WEB.match(value) or (more and value.endswith("://"))
        return (
            None if good else LinkFault(f"'{value}' is no whole address.", f"Write https://{rest}." if rest else whole)
        )
    if scheme:
        meant = None if scheme in _KNOWN else nearest(scheme, _MEANT, count=1)
        hint = f"Write https://{rest}." if meant and "http" in meant else meant
        return LinkFault(f"there is no '{scheme}:'.", hint) if hint else None
    if (value.startswith("#") and not picture) or (more and "https".startswith(value.lower())):
        return None
    return LinkFault(f"'{value}' is no whole address, so it leads nowhere from a mail.", _meant_by(value) or whole)


def _meant_by(value: str) -> str | None:
    host, misspelt = _HOST.match(value), _WITHOUT_COLON.match(value)
    if value.startswith("//"):
        return f"Write https:{value}."
    if misspelt:
        return f"Write https://{value[misspelt.end() :]}."
    if _ADDRESS.match(value):
        return f"Write mailto:{value}."
    return f"Write https://{value}." if host and (host["end"] or "").lower() not in _FILES else None


def _whole_address(shop: str, value: str, picture: bool) -> str:
    if picture:
        example = urljoin(shop, value or "/cup.png")
        return f"Put the picture where the shop's others are, and write its whole address, such as {example}."
    return f"Write the whole address, such as {urljoin(shop, value)}."


def _links(html: str) -> Iterator[_Link]:
    """Every link and picture of masked HTML, but those that are a value as a whole."""
    for tag in find_tags(html):
        for name, value, _, _ in tag.attribute_spans() if tag.kind != "comment" else ():
            picture = name in _PICTURES
            urls = (
                [value] if picture or name in _LINKS else _IN_STYLE.findall(unescape(value)) if name == "style" else []
            )
            for url in urls:
                start, *others = _WORD.split(unescape(url).strip(), maxsplit=1)
                if start or not others:
                    yield _Link(start, bool(others), picture or name == "style")


def _places(value: str, written: Sequence[Written]) -> Iterator[tuple[str, Place | None]]:
    """Where a link was written, and how, in each of the texts that are read as a body."""
    spelt = "|".join(re.escape(each) for each in dict.fromkeys((value, escape(value), unquote(value))))
    pattern = rf"(?:\]\(\s*<?|^\s*\[[^\]]+\]:\s*|['\"=(])(?P<link>{spelt})(?=[)>'\"\s{{]|$)"
    pattern = pattern if value else r"(?P<link>\]\(\s*\)|\b(?:href|src)\s*=\s*(?:\"\"|''))"
    for each in written:
        if each.suffix != ".txt":
            for found in re.finditer(pattern, each.text, re.MULTILINE):
                yield (found["link"] if value else ""), each.place(found.start("link"))


def _check_behind_own_links(masked: Masked, html: Source, problems: Problems, shop: str) -> None:
    """A path or a second query behind a link of segcli's own, which has its parameters at its end."""
    tags = dict(zip(masked.words, masked.tags, strict=True))
    for found in re.finditer(rf"(?<=[\"'])({_WORD.pattern})([/?][^\"'\s]*)", masked.text):
        tag = tags[found.group(1)]
        link, behind = _OWN_LINK.match(tag.inner), _WORD.split(unescape(found.group(2)))[0]
        if link is not None:
            place = html.place((tag.place.line or 0) + 1) if tag.place else None
            message = f"'{behind}' comes behind the parameters that {link.group()} ends with, and leads nowhere."
            hint = f"Write the whole address, such as {urljoin(shop, behind)}; it gets the same parameters."
            problems.error(message, place, hint=hint)
