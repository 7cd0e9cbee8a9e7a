"""Parameters of links: what the shop's analytics and its pages learn of a message and of its recipient."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

import polars as pl

from segcli.messages.model import CompiledMessage, Source

# An output of Jinja as a part of a link: only behind the host, of which it is known then whose it is.
_OUTPUT = r"""\{\{(?:'[^']*'|"[^"]*"|[^{}'"])*\}\}"""
_HTML_LINK = re.compile(
    rf"""(?P<before>\shref=")(?P<url>https?://[^"{{}}\s<>/?#]+(?:[/?#](?:[^"{{}}\s<>]|{_OUTPUT})*)?)(?P<after>")""",
    re.IGNORECASE,
)
# Signs of a link in a text: brackets only in pairs, for a link may stand between two of them.
_NO_SIGNS = r"""\s"'{}<>()\[\]“”„‘’«»…"""
IN_TEXT = f"[^{_NO_SIGNS}]"
IN_BRACKETS = rf"(?:\({IN_TEXT}*\)|\[{IN_TEXT}*\])"
_HOST, _LAST_IN_TEXT = f"[^{_NO_SIGNS}/?#]", f"[^{_NO_SIGNS}.,;:!?]"
_TEXT_LINK = re.compile(
    rf"""(?P<before>)(?P<url>https?://(?:{_HOST}*[/?#](?:{IN_TEXT}|{IN_BRACKETS}|{_OUTPUT})*"""
    rf"""(?:{_LAST_IN_TEXT}|{IN_BRACKETS}|{_OUTPUT})|{_HOST}*{_LAST_IN_TEXT}))(?P<after>(?![^\s]*\{{))"""
)
_PLACE = "\0"  # of an output
_TAGGED = r"[?&;]utm_[a-z]+="  # in HTML the sign before it is &amp;


@dataclass(frozen=True)
class LinkParameters:
    """What is put behind links to the shop: `utm` (names with their prefix), and the recipient's token as `token`."""

    host: str | None
    utm: Mapping[str, str]
    token: str

    @property
    def has_token(self) -> str:
        """The pattern of links that have a token, in HTML too."""
        return rf"[?&;]{re.escape(self.token)}="

    @property
    def pairs(self) -> list[str]:
        """The parameters that are the same for everybody, as they stand in a link."""
        return [f"{name}={value}" for name, value in self.utm.items()]

    def is_untagged(self, url: str) -> bool:
        """Whether a link leads to the shop and has no utm yet."""
        return self.is_ours(url) and not re.search(_TAGGED, url)

    def is_ours(self, url: str) -> bool:
        """Whether a link leads to the shop or to a part of it such as www."""
        host = (urlsplit(url).hostname or "").lower()
        return self.host is not None and (host == self.host or host.endswith(f".{self.host}"))


def link_parameters(
    shop: str | None, utm: Mapping[str, str], token: str, *, campaign: str, step: str, medium: str
) -> LinkParameters:
    """Those of a step. `utm` are a project's own, without their prefix; the rest has the usual values."""
    host = (urlsplit(shop).hostname or "").lower().removeprefix("www.") if shop else None
    usual = {"source": "segcli", "medium": medium, "campaign": campaign, "content": step}
    values = {**usual, **utm}
    return LinkParameters(host or None, {f"utm_{name}": quote(value, safe="") for name, value in values.items()}, token)


def with_tagged_links(message: CompiledMessage, parameters: LinkParameters) -> CompiledMessage:
    """The message with the parameters behind its own links to the shop; those that have any utm stay as they are.

    Links that come from data are tagged where they come from: see `tagged`.
    """
    if parameters.host is None:
        return message
    html = message.html and _with_links(message.html, parameters, _HTML_LINK, "&amp;")
    return replace(message, html=html, text=_with_links(message.text, parameters, _TEXT_LINK, "&"))


def _with_links(source: Source, parameters: LinkParameters, pattern: re.Pattern[str], ampersand: str) -> Source:
    def behind(found: re.Match[str]) -> str:
        outputs = re.findall(_OUTPUT, found["url"])
        url = re.sub(_OUTPUT, _PLACE, found["url"])
        if not parameters.is_untagged(url):
            return found.group()
        pairs = parameters.pairs
        if not re.search(parameters.has_token, url.partition("#")[0]):
            pairs.append(f"{parameters.token}={{{{ token }}}}")
        whole = _behind_address(url, pairs, ampersand)
        for output in outputs:
            whole = whole.replace(_PLACE, output, 1)
        return f"{found['before']}{whole}{found['after']}"

    # What is put in has no line end, so that the places of the lines stay right.
    return replace(source, text=pattern.sub(behind, source.text))


def tagged(url: pl.Expr, parameters: LinkParameters) -> pl.Expr:
    """A column of links (null where there is none) with the parameters behind those that lead to the shop.

    The frame has `token`. Fragments stay at the end.
    """
    if parameters.host is None:
        return url
    host = url.str.extract(r"^https?://(?:[^/@?#]*@)?([^/:?#]+)", 1).str.to_lowercase()
    ours = (host == parameters.host) | host.str.ends_with(f".{parameters.host}")
    ours &= ~url.str.contains(_TAGGED)
    address, fragment = url.str.extract(r"^([^#]*)", 1), url.str.extract(r"(#.*)$", 1).fill_null("")
    sign = pl.when(address.str.contains("?", literal=True)).then(pl.lit("&")).otherwise(pl.lit("?"))
    pairs = "&".join(parameters.pairs)
    token = pl.concat_str(pl.lit(f"&{parameters.token}="), pl.col("token"))
    token = pl.when(address.str.contains(parameters.has_token)).then(pl.lit("")).otherwise(token)
    found = pl.concat_str(address, sign, pl.lit(pairs), token, fragment)
    return pl.when(ours.fill_null(value=False)).then(found).otherwise(url)


def with_utm(url: str, parameters: LinkParameters) -> str:
    """A link of the project's with the parameters, but not the token, behind it, if it leads to the shop."""
    return _behind_address(url, parameters.pairs, "&") if parameters.is_untagged(url) else url


def _behind_address(url: str, pairs: Sequence[str], ampersand: str) -> str:
    """A link with parameters behind those that it has, and before its fragment."""
    address, mark, fragment = url.partition("#")
    return f"{address}{ampersand if '?' in address else '?'}{ampersand.join(pairs)}{mark}{fragment}"


def with_token(url: str, parameter: str) -> pl.Expr:
    """A link of the project's with the recipient's token behind it, or in place of `{token}`. The frame has `token`."""
    if "{token}" in url:
        before, _, after = url.partition("{token}")
        return pl.concat_str(pl.lit(before), pl.col("token"), pl.lit(after.replace("{token}", "")))
    address, mark, fragment = url.partition("#")
    sign = "&" if "?" in address else "?"
    return pl.concat_str(pl.lit(f"{address}{sign}{parameter}="), pl.col("token"), pl.lit(mark + fragment))
