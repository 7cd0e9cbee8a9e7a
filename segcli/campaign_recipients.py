"""Those who are sent one step: what their messages are made of, trying them, and slices of them rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import cast

import polars as pl

from segcli.campaigns.clocks import in_utc, local_times
from segcli.campaigns.customer_times import SendTimes
from segcli.campaigns.starting_rows import ROW
from segcli.exports.email_headers import EmailSettings
from segcli.exports.email_parts import with_reasons
from segcli.messages.coding import PLAIN, Coding
from segcli.messages.context import ShopFacts, context_of, landing_paths, tokens, with_landing_urls
from segcli.messages.landing import PAGE_NAMES, recipients_pages, shared_pages
from segcli.messages.model import CLIPPED_AT, LONGEST_SUBJECT, OF_EMAIL
from segcli.messages.opt_out import with_opt_out
from segcli.messages.rendering import render
from segcli.messages.sms import text_rows
from segcli.messages.sms_lints import lint_texts
from segcli.messages.step_rendering import SLICE, CheckedMessage, render_step, spoken_locale
from segcli.messages.texts import RenderedSlice, parts_of
from segcli.problems import Problem, Problems
from segcli.processes import results_in_order, usable_cores

MANY_IN_JINJA = 30_000  # messages for which the processor works so long that a second one is worth its start
WHOSE = ("customer_id", "series")


@dataclass
class _Tried:
    """Who of some recipients can get no message, and how many messages are unwise in which way."""

    failed: list[pl.DataFrame] = field(default_factory=list)  # customer_id and reason
    notes: list[Problem] = field(default_factory=list)
    large: int = 0
    long: int = 0
    blank: int = 0
    longest: int = 0  # subject, in characters

    def add(self, other: _Tried) -> None:
        """Counts the messages of another one too."""
        self.large += other.large
        self.long += other.long
        self.blank += other.blank
        self.longest = max(self.longest, other.longest)


@dataclass(frozen=True)
class StepRecipients:
    """Those who are sent one step, by customer_id: `rows` are the decided ones, `people` what messages name of them."""

    checked: CheckedMessage
    rows: pl.DataFrame
    people: pl.DataFrame
    shop: ShopFacts
    times: SendTimes
    started: pl.DataFrame | None = None  # customer_id, series and what messages name of the row that started it

    def context(self, first: int, count: int) -> pl.DataFrame:
        """What messages may name, a row per recipient of this slice."""
        rows = self.rows.slice(first, count)
        found = context_of(rows, self.people, self.shop, self.checked.message.parameters)
        if self.checked.pages:
            found = with_landing_urls(found, self.shop, rows["series"])
        if self.started is not None:
            started = rows.select(WHOSE).join(self.started, on=WHOSE, how="left", maintain_order="left")
            found = found.with_columns(started[ROW])
        return found.with_columns(
            pl.lit(None, pl.String).alias(name) for name in sorted(self.checked.names) if name not in found.columns
        )

    def of(self, customers: pl.Series) -> StepRecipients:
        """Only these of them."""
        return replace(self, rows=self.rows.filter(pl.col("customer_id").is_in(customers.implode())))

    def part(self, first: int, count: int) -> StepRecipients:
        """Some of them, with no more than what their own messages are made of: another process can have it."""
        rows = self.times.with_zones(self.rows.slice(first, count))
        mine = rows.select("customer_id").unique()
        people = self.people.join(mine, on="customer_id", how="semi", maintain_order="left")
        started = self.started
        if started is not None:
            started = started.join(mine, on="customer_id", how="semi", maintain_order="left")
        times = replace(self.times, customers=mine.lazy(), events=None)  # the zones stand in the rows already
        return replace(self, rows=rows, people=people, times=times, started=started)

    def parts(self, size: int) -> Iterator[StepRecipients]:
        """All of them, so many at a time."""
        return (self.part(first, size) for first in range(0, self.rows.height, size))

    @property
    def processes(self) -> int:
        """In how many processes it pays to make the messages.

        The columnar way writes about as fast as files can be made, and waits for them in threads; Jinja's is Python.
        """
        templates = (each for parts in self.checked.templates.values() for each in parts.values())
        in_jinja = not all(each.columnar for each in templates)
        return usable_cores() if in_jinja and self.rows.height >= MANY_IN_JINJA else 1

    def tokens(self) -> pl.DataFrame:
        """customer_id, email, phone and token of each recipient."""
        known = [name for name in ("email", "phone") if name in self.people.columns]
        rows = self.rows.select("customer_id").join(
            self.people.select("customer_id", *known), on="customer_id", how="left", maintain_order="left"
        )
        return rows.with_columns(tokens(self.shop.key))

    def pages(self) -> Iterator[pl.DataFrame]:
        """The landing pages: path, html, failure, and customer_id where each recipient has one of their own.

        `html` is null where the page could not be rendered, and `failure` says why.
        """
        own = self.shop.settings.landing_per_recipient
        parts = []
        for first in range(0, self.rows.height, SLICE):
            context = self.context(first, SLICE)
            paths = landing_paths(context, self.shop, self.rows["series"].slice(first, SLICE))
            if own:
                yield self._rendered_pages(recipients_pages(context, paths))
            else:
                parts.append(context.select(*sorted(PAGE_NAMES & {*context.columns}), paths))
        if parts:
            whole = pl.concat(parts)
            links = self.shop.settings.links
            yield self._rendered_pages(shared_pages(whole.drop("path"), whole["path"], token=links.token))

    def _rendered_pages(self, rows: pl.DataFrame) -> pl.DataFrame:
        languages = sorted(language for language in self.checked.pages if language)
        spoken = pl.col("locale").str.split("_").list.first()
        rows = rows.with_columns(
            version=pl.when(spoken.is_in([each.split("-")[0] for each in languages])).then(spoken),
        )
        parts = []
        for (version,), some in rows.group_by(["version"], maintain_order=True):
            fits = (language for language in languages if version and language.split("-")[0] == version)
            template = self.checked.pages[next(fits, None)]
            written = some.with_columns(spoken_locale(str(version) if version else None, self.checked.message.locale))
            kept = [name for name in ("customer_id", "path") if name in some.columns]
            page = render(template, written)
            reasons = page.failures.unique("row", keep="first", maintain_order=True).rename({"reason": "failure"})
            told = some.select(kept).with_columns(page.values.alias("html")).with_row_index("row")
            parts.append(told.join(reasons, on="row", how="left", maintain_order="left").drop("row"))
        return pl.concat(parts).sort("path")

    def _without_page(self) -> pl.DataFrame:
        """customer_id and reason of those whose landing page cannot be rendered: the message would lead nowhere."""
        reason = pl.concat_str(pl.lit("the landing page: "), "failure").alias("reason")
        if self.shop.settings.landing_per_recipient:
            failed = [page.filter(pl.col("html").is_null()).select("customer_id", reason) for page in self.pages()]
            return pl.concat(failed)
        (shared,) = self.pages()
        failing = shared.filter(pl.col("html").is_null()).select("path", reason)
        if failing.is_empty():
            return failing.select(customer_id="path", reason="reason")
        context = self.context(0, self.rows.height)
        whose = context.select("customer_id", landing_paths(context, self.shop, self.rows["series"]))
        return whose.join(failing, on="path").select("customer_id", "reason")

    @cached_property
    def _moments(self) -> pl.DataFrame:
        rows = self.times.with_zones(self.rows)
        return rows.select(
            in_utc(rows["send_at"], self.times.here).alias("send_at_utc"),
            local_times(rows["send_at"], rows["zone"], self.times.here).alias("send_at_local"),
        )

    def rendered(self, run: str, coding: Coding = PLAIN) -> Iterator[pl.DataFrame]:
        """Slices with all that a message of any channel is written from, texts and all: see `write_texts`.

        `failure` says of whom nothing could be rendered, and why; of them there is no text.
        """
        for part in self.slices(run, coding):
            there = pl.col("failure").is_null()
            yield part.frame().with_columns(pl.when(there).then(pl.col(name)).alias(name) for name in part.texts)

    def slices(self, run: str, coding: Coding = PLAIN) -> Iterator[RenderedSlice]:
        """The same slices with texts that are put together when they are asked for: see `write_emails`."""
        first = 0
        for context, parts in render_step(self.checked, self.rows.height, self.context, coding):
            kept = [name for name in (*OF_EMAIL, "unsubscribe_url", "token", "locale") if name in context.columns]
            moments = self._moments.slice(first, context.height)
            rows = context.select(*kept).hstack(parts.rows.get_columns()).hstack(moments.get_columns())
            first += context.height
            texts = {name: each for name, each in parts.texts.items() if name != "html" or self.checked.has_html}
            yield self._with_way_out(RenderedSlice(self._with_names(rows, run), texts))

    def _with_names(self, frame: pl.DataFrame, run: str) -> pl.DataFrame:
        message = self.checked.message
        missing = [name for name in OF_EMAIL if name not in frame.columns]
        frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
        named = [pl.col(name).fill_null("") for name in ("first_name", "last_name")]
        name = pl.concat_str(named, separator=" ").str.strip_chars()
        key = pl.concat_str(pl.lit(f"{run}\n{message.campaign}\n{message.step.name}\n"), "customer_id")
        return frame.with_columns(key=key, name=pl.when(name != "").then(name))

    def _with_way_out(self, part: RenderedSlice) -> RenderedSlice:
        """A marketing text says how to stop it."""
        step = self.checked.message.step
        if step.channel != "sms" or not step.marketing:
            return part
        return RenderedSlice.of(with_opt_out(part.frame()), list(part.texts))

    def tried(self, run: str, settings: EmailSettings | None, notes: Problems) -> pl.DataFrame:
        """customer_id and reason of those who can get no message: nothing is written for this.

        What is unwise about the messages of the others goes to `notes`.
        """
        found = [pl.DataFrame(schema={"customer_id": pl.String, "reason": pl.String})]
        found += [self._without_page()] if self.checked.pages else []
        whole = _Tried()
        parts = self.parts(SLICE) if self.processes > 1 else [self]
        tasks = (partial(each.tried_part, run, settings) for each in parts)
        for number, part in enumerate(results_in_order(tasks, self.processes)):
            found += part.failed
            whole.add(part)
            if number == 0:  # so many texts are enough to know of
                notes.found.extend(part.notes)
        self._note(
            whole.large, f"of the emails are over {CLIPPED_AT // 1000} kB, after which Gmail cuts them off", notes
        )
        more = f"have over {LONGEST_SUBJECT} characters, the longest {whole.longest}"
        self._note(whole.long, f"of the subjects {more}; phones show fewer", notes)
        self._note(whole.blank, "of the subjects are empty", notes)
        return pl.concat(found)

    def tried_part(self, run: str, settings: EmailSettings | None) -> _Tried:
        """What trying their messages came to."""
        tried = _Tried()
        for number, part in enumerate(self.slices(run)):
            there = pl.col("failure").is_null()
            tried.failed.append(part.rows.filter(~there).select("customer_id", reason="failure"))
            if self.checked.message.step.channel == "sms":
                texts = text_rows(part.frame().filter(there))
                tried.failed.append(texts.failures)
                if number == 0:
                    told = Problems(tried.notes)
                    lint_texts(texts.rows, self.checked.message.step.place, self._key, told)
                continue
            if settings is not None:
                rows = part.rows.with_columns(text=pl.when(part.texts["text"].missing().not_()).then(pl.lit("")))
                unfit = with_reasons(rows.filter(there), settings).filter(pl.col("reason").is_not_null())
                tried.failed.append(unfit.select("customer_id", "reason"))
            if "html" in part.texts:
                sizes = (some.str.len_bytes() for _, some in parts_of(part.texts["html"]))
                tried.large += sum(int((each > CLIPPED_AT).sum()) for each in sizes)
            lengths = part.rows["subject"].str.strip_chars().str.len_chars().drop_nulls()
            tried.long += int((lengths > LONGEST_SUBJECT).sum())
            # With finished emails it is a reason not to send it.
            tried.blank += int((lengths == 0).sum()) if settings is None else 0
            tried.longest = max(tried.longest, cast(int, lengths.max() or 0))
        return tried

    @property
    def _key(self) -> str:
        return f"{self.checked.message.campaign}.{self.checked.message.step.name}"

    def _note(self, count: int, said: str, notes: Problems) -> None:
        if count:
            notes.warn(f"{count / self.rows.height:.1%} {said}.", self.checked.message.step.place, self._key)
