"""A step's rendered messages to the files that they are for: emails, texts, a list to call, landing pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import polars as pl

from segcli.campaign_messages import email_settings
from segcli.campaign_recipients import StepRecipients
from segcli.exports.call_lists import with_words, write_call_list
from segcli.exports.email_files import Kind, WrittenEmails, write_emails
from segcli.exports.email_headers import EmailSettings, cleaned
from segcli.exports.email_shares import SHARE, write_emails_in_shares
from segcli.exports.landing_pages import write_landing_pages
from segcli.exports.list_files import WrittenFile
from segcli.exports.recipients import write_recipients
from segcli.exports.sms_files import WrittenTexts, write_texts
from segcli.messages.coding import Coding
from segcli.problems import DataError, Problem
from segcli.project.models import Project

COLUMNS = ("subject", "preheader", "html", "text")  # of a send list whose importer takes finished messages
_LINES = ("subject", "preheader")  # the importer makes headers of them, in which data may begin no other


@dataclass(frozen=True)
class StepOutputs:
    """What is written of one step's messages besides its send list."""

    recipients: StepRecipients
    project: Project
    run: str
    members: pl.DataFrame  # the rows of its send list

    @property
    def in_columns(self) -> bool:
        """Whether the messages stand in the send list."""
        return self.recipients.checked.message.step.channel == "email" and self.project.messages.format == "columns"

    def columns_of(self, customers: pl.Series) -> pl.DataFrame:
        """customer_id and COLUMNS of some recipients, plain."""
        parts = [_with_html(part) for part in self.recipients.of(customers).rendered(self.run)]
        whole = pl.concat(part.select("customer_id", *COLUMNS) for part in parts)
        return whole.with_columns(cleaned(pl.col(name)) for name in _LINES)

    def write(self, run: Path, folder: str) -> list[WrittenFile]:
        """Writes the files; what they say of their number and bytes goes into the manifest."""
        return [*self._messages(run, folder), self._recipients(run, folder), *self._pages(run, folder)]

    def _recipients(self, run: Path, folder: str) -> WrittenFile:
        """Whose token is whose: the shop's pages are asked with it to unsubscribe somebody, or who brought a friend."""
        return write_recipients(run, folder, self.recipients.tokens())

    def _pages(self, run: Path, folder: str) -> list[WrittenFile]:
        if not self.recipients.checked.pages:
            return []
        assets: dict[str, Path] = {}
        for page in self.recipients.checked.message.pages.values():
            assets |= page.assets
        return write_landing_pages(run, folder, self.recipients.pages(), assets).files

    def _messages(self, run: Path, folder: str) -> list[WrittenFile]:
        step = self.recipients.checked.message.step
        if step.channel == "sms":
            return self._whole(write_texts(run, folder, self.recipients.rendered(self.run)))
        if step.channel == "list":
            return [write_call_list(run, folder, with_words(self.members, self.recipients.rendered(self.run)))]
        settings = email_settings(self.project, self.recipients.checked)
        if settings is None:
            return []
        coding = Coding(self.project.messages.encoding)
        kind = cast(Kind, self.project.messages.format)
        return self._whole(self._emails(run, folder, coding, settings, kind))

    def _emails(self, run: Path, folder: str, coding: Coding, settings: EmailSettings, kind: Kind) -> WrittenEmails:
        processes = self.recipients.processes
        if processes == 1:
            return write_emails(run, folder, self.recipients.slices(self.run, coding), settings, kind)
        shares = (partial(each.slices, self.run, coding) for each in self.recipients.parts(SHARE))
        return write_emails_in_shares(run, folder, shares, settings, kind, processes, SHARE)

    def _whole(self, written: WrittenEmails | WrittenTexts) -> list[WrittenFile]:
        """The files. Raises DataError if somebody's message was left out after all: it counts as sent."""
        left_out = written.left_out
        if not left_out.is_empty():
            customer, reason = left_out.row(0)
            message = f"the message for customer {customer} could not be written: {reason}."
            raise DataError([Problem(message, hint="Nothing was written.", in_data=True)])
        return written.files


def _with_html(part: pl.DataFrame) -> pl.DataFrame:
    return part if "html" in part.columns else part.with_columns(html=pl.lit(None, pl.String))
