"""Names, subjects, addresses and links of whole columns to header lines of emails (RFC 5322, 2047, 2369, 8058)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from segcli.exports.email_addresses import ascii_address
from segcli.messages.coding import PLAIN, QUOTED_PRINTABLE, Coding

DATES = "%a, %d %b %Y %H:%M:%S +0000"
ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
LONGEST_LINE = 76  # with an encoded word in it (RFC 2047 2), and a good length for every other line
LONGEST_NAME = len("Reply-To: ")  # of a header that takes a name or a subject
SHORT = LONGEST_LINE - LONGEST_NAME

# What a header cannot hold, or what would change how the rest of it looks: control characters (so no line can be
# begun), separators of lines, and the marks that turn the direction of what follows. White space becomes one space.
UNFIT = r"[\s\p{Cc}\x{2028}\x{2029}\x{202A}-\x{202E}\x{2066}-\x{2069}]+"
PRINTABLE = r"^[ -~]*$"
ATOMS = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*$"
# Of 39 octets of UTF-8 base64 makes 52, and with what is around them and before them a line of 73.
LONGEST_WORD = 39
WORDS = r"[\x{00}-\x{7F}]{20,39}|[\x{00}-\x{7FF}]{1,19}|[\x{00}-\x{FFFF}]{1,13}|.{1,9}"  # never half a character
FEEDBACK_PARTS, LONGEST_FEEDBACK = 3, 40  # before the sender's own


@dataclass(frozen=True)
class EmailSettings:
    """What all emails of a step have in common. `coding` is how their bodies come, already coded.

    `list_id` is the list's name ("news") or a whole id ("news.shop.example"). `feedback` says up to three things about
    the mailing, as mailbox providers report complaints by them. Only `marketing` mails can be unsubscribed from.
    """

    sender_name: str
    sender_email: str
    reply_to: str | None = None
    list_id: str | None = None
    feedback: tuple[str, ...] = ()
    coding: Coding = QUOTED_PRINTABLE
    marketing: bool = True

    def __post_init__(self) -> None:
        if self.coding is PLAIN:
            raise ValueError("the bodies of emails are quoted-printable or 8bit")

    @property
    def sender(self) -> str:
        """The sender's address as headers hold it. Raises ValueError if it cannot be one."""
        return _needed(self.sender_email, "sender_email")

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]


def with_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds subject_line and name_line, and from_line where there is a from_name: those texts cleaned."""
    lines = {"subject_line": "subject", "name_line": "name", "from_line": "from_name"}
    return rows.with_columns(
        cleaned(pl.col(source)).alias(line) for line, source in lines.items() if source in rows.columns
    )


def head_lines(rows: pl.DataFrame, settings: EmailSettings) -> pl.Series:
    """The header lines of each row, without those that describe its body.

    For rows `with_lines`, with address, send_at_utc and message_id, for marketing also unsubscribe_url; from_name and
    reply_to, where there are such columns, stand for those of the settings unless they are null.
    """
    lines: list[str | pl.Expr | pl.Series] = [
        "From: ", _origin(rows, settings), "\r\nTo: ", mailboxes(rows["name_line"], rows["address"]), "\r\n",
        _reply_to(settings, rows.columns), "Subject: ", unstructured(rows["subject_line"]),
        "\r\nDate: ", pl.col("send_at_utc").dt.strftime(DATES), "\r\nMessage-ID: <", pl.col("message_id"), ">\r\n",
    ]  # fmt: skip
    if settings.marketing:
        lines += ["List-Unsubscribe:", _linked(pl.col("unsubscribe_url")), "\r\n", _one_click()]
    lines.append(_constant_lines(settings))
    parts = (line if isinstance(line, pl.Expr) else pl.lit(line) for line in lines)
    return rows.select(head=pl.concat_str(parts)).to_series()


def mailboxes(names: pl.Series, addresses: pl.Series) -> pl.Series:
    """`Name <address>`, or the address alone where there is no name. Names are cleaned."""
    phrase, address = pl.col("phrase"), pl.col("address")
    fold = phrase.str.starts_with("=?") | (phrase.str.len_bytes() + address.str.len_bytes() + len(" <>") > SHORT)
    between = pl.when(fold).then(pl.lit("\r\n <")).otherwise(pl.lit(" <"))
    named = pl.concat_str(phrase, between, address, pl.lit(">"))
    box = pl.when(phrase.fill_null("") == "").then(address).otherwise(named)
    return pl.DataFrame({"phrase": _phrases(names), "address": addresses}).select(box).to_series()


def unstructured(texts: pl.Series) -> pl.Series:
    """The text of a header such as the subject, from cleaned text; null stays null."""
    return _encoded_unless(texts, _plain(texts, PRINTABLE))


def encoded_words(texts: pl.Series) -> pl.Series:
    """The texts as encoded words of RFC 2047, one on each line, none of them with half a character."""
    text = pl.col("text")
    words = text.cast(pl.Binary).bin.encode("base64")
    if (texts.str.len_bytes() > LONGEST_WORD).any():
        several = text.str.extract_all(WORDS).list.eval(pl.element().cast(pl.Binary).bin.encode("base64"))
        joined = several.list.join("?=\r\n =?utf-8?B?")
        words = pl.when(text.str.len_bytes() <= LONGEST_WORD).then(words).otherwise(joined)
    return texts.alias("text").to_frame().select(pl.concat_str(pl.lit("=?utf-8?B?"), words, pl.lit("?="))).to_series()


def cleaned(text: pl.Expr) -> pl.Expr:
    """The text on one line, without what would begin another one or turn it round."""
    return text.str.replace_all(UNFIT, " ").str.strip_chars(" ")


def _plain(texts: pl.Series, alphabet: str) -> pl.Series:
    short = texts.str.len_bytes() <= SHORT
    if not short.any():
        return short
    return short & texts.str.contains(alphabet) & ~texts.str.contains("=?", literal=True)


def _encoded_unless(texts: pl.Series, plain: pl.Series) -> pl.Series:
    if plain.all():
        return texts
    return pl.select(pl.when(plain).then(texts).otherwise(encoded_words(texts))).to_series()


def _phrases(names: pl.Series) -> pl.Series:
    atoms = _plain(names, ATOMS)
    if atoms.all():
        return names
    printable = _plain(names, PRINTABLE)
    escaped = pl.lit(names).str.replace_all(r'(["\\])', r"\$1")
    in_quotes = pl.concat_str(pl.lit('"'), escaped, pl.lit('"'))
    return _encoded_unless(
        pl.select(pl.when(printable & ~atoms).then(in_quotes).otherwise(names)).to_series(), printable
    )


def _origin(rows: pl.DataFrame, settings: EmailSettings) -> str | pl.Series:
    constant = pl.select(cleaned(pl.lit(settings.sender_name))).to_series()
    if "from_line" in rows.columns:
        names = rows.select(pl.coalesce("from_line", pl.lit(constant.item()))).to_series()
        return mailboxes(names, pl.repeat(settings.sender, rows.height, dtype=pl.String, eager=True))
    origin: str = mailboxes(constant, pl.Series([settings.sender])).item()
    return origin


def _reply_to(settings: EmailSettings, columns: Collection[str]) -> pl.Expr:
    fixed = f"Reply-To: {_needed(settings.reply_to, 'reply_to')}\r\n" if settings.reply_to else ""
    if "reply_to" not in columns:
        return pl.lit(fixed)
    own = pl.concat_str(pl.lit("Reply-To: "), pl.col("reply_to"), pl.lit("\r\n"))
    return pl.when(pl.col("reply_to").is_not_null()).then(own).otherwise(pl.lit(fixed))


def _linked(url: pl.Expr) -> pl.Expr:
    short = url.str.len_bytes() + len("List-Unsubscribe: <>") <= LONGEST_LINE
    return pl.concat_str(pl.when(short).then(pl.lit(" <")).otherwise(pl.lit("\r\n <")), url, pl.lit(">"))


def _one_click() -> pl.Expr:
    # RFC 8058 asks for HTTPS: over plain HTTP the button would be one that anybody on the way can press.
    secure = pl.col("unsubscribe_url").str.starts_with("https:")
    return pl.when(secure).then(pl.lit(ONE_CLICK)).otherwise(pl.lit(""))


def _constant_lines(settings: EmailSettings) -> str:
    lines = []
    if settings.list_id:
        name = _identifier(settings.list_id)
        lines.append(f"List-Id: <{name if '.' in name else f'{name}.{settings.domain}'}>")
    if settings.feedback:
        parts = [_identifier(part)[:LONGEST_FEEDBACK] for part in settings.feedback[:FEEDBACK_PARTS]]
        lines.append(f"Feedback-ID: {':'.join([*parts, settings.domain])}")
    lines.append("MIME-Version: 1.0")
    return "\r\n".join(lines) + "\r\n"


def _identifier(name: str) -> str:
    return re.sub("[^A-Za-z0-9._-]+", "-", name).strip("-.") or "list"


def _needed(address: str | None, name: str) -> str:
    found = ascii_address(address or "")
    if found is None:
        raise ValueError(f"{name} is no address that a header can hold: {address!r}")
    return found
