"""Whole emails to the entries of a mailbox file (RFC 4155, its lines quoted the reversible way, called mboxrd)."""

from __future__ import annotations

import polars as pl

FROM = "From "
QUOTED = r"(?m)^(>*From )"
TIMES = "%a %b %e %H:%M:%S %Y"  # as C's asctime writes them, in UTC


def mbox_entries(emails: pl.Series, sent_at: pl.Series, sender: str) -> bytes:
    """The entries of emails (Binary, UTF-8) with CRLF line ends, one after the other; `sent_at` is in UTC.

    A mailbox has LF line ends, and each line of an email that begins with `From `, after any number of `>`, gets one
    `>` more, so that no line of an email begins another one.
    """
    speaking = emails.bin.contains(FROM.encode())
    if speaking.any():
        quoted = _quoted(emails.cast(pl.String), speaking).cast(pl.Binary)
        emails = pl.select(pl.when(speaking).then(quoted).otherwise(emails)).to_series()
    separators = (f"{FROM}{sender} " + sent_at.dt.strftime(TIMES) + "\n").cast(pl.Binary).to_list()
    entries = zip(separators, emails.to_list(), strict=True)
    # A carriage return is only ever part of a line end, which makes this the quickest way to be rid of them.
    return b"".join(b"%b%b\n" % (separator, email.translate(None, b"\r")) for separator, email in entries)


def _quoted(emails: pl.Series, speaking: pl.Series) -> pl.Series:
    few = pl.select(pl.when(speaking).then(emails)).to_series()
    return few.str.replace_all(QUOTED, ">${1}")
