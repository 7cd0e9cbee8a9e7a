"""What must be true of any year, worked out from the journal and the shop's own files with none of segcli's code."""

from __future__ import annotations

import datetime as dt

import polars as pl

from tests.year.living import Year

# The caps that come with segcli: one a day, and by how much a customer listens at most five a week.
MOST_A_DAY, MOST_A_WEEK = 1, 5
# Where the law wants a yes that is on record (soft opt-in is off in the sample).
YES_NEEDED = ("DE", "FR", "NL", "ES", "IT", "SE", "PL", "AT", "BE", "GB", "TR", "VN")


def twice(year: Year) -> pl.DataFrame:
    """Messages that somebody got more than once in one series."""
    key = ["campaign", "step", "customer_id", "series"]
    return year.sent.group_by(key).len().filter(pl.col("len") > 1)


def over_the_cap(year: Year) -> pl.DataFrame:
    """Marketing emails with too many others of the same customer in the day or the week before them."""
    mails = year.sent.filter("marketing", pl.col("channel") == "email").select("customer_id", "send_at", "message")
    pairs = mails.join(mails, on="customer_id", suffix="_before").filter(pl.col("send_at_before") <= pl.col("send_at"))
    apart = pl.col("send_at") - pl.col("send_at_before")
    counted = pairs.group_by("customer_id", "send_at", "message").agg(
        day=(apart < dt.timedelta(hours=24)).sum(), week=(apart < dt.timedelta(days=7)).sum()
    )
    return counted.filter((pl.col("day") > MOST_A_DAY) | (pl.col("week") > MOST_A_WEEK))


def without_consent(year: Year) -> pl.DataFrame:
    """Marketing emails to who had said no by then, or nothing where the law wants a yes, or who has no address.

    A yes may stand in the customers' file, among their events, or on any order or checkout of the same address.
    """
    people = pl.read_csv(year.shop / "customers.csv", infer_schema=False)
    people = people.with_columns(pl.col("consent_at").str.to_datetime(time_unit="us"))
    mails = year.sent.filter("marketing", pl.col("channel") == "email").join(people, on="customer_id", how="left")
    exports = [
        pl.read_csv(year.shop / name, infer_schema=False) for name in ("orders_export.csv", "checkouts_export.csv")
    ]
    yes = pl.col("Accepts Marketing") == "yes"
    said_yes = {email.lower() for rows in exports for email in rows.filter(yes)["Email"].drop_nulls()}
    at_checkout = pl.col("email").str.to_lowercase().is_in(sorted(said_yes)).fill_null(value=False)
    subscribed = (
        _events(year).filter(pl.col("event") == "subscribe").group_by("customer_id").agg(since=pl.col("at").min())
    )
    mails = mails.join(subscribed, on="customer_id", how="left")
    by_event = (pl.col("since") <= pl.col("as_of")).fill_null(value=False)
    by_then = pl.col("consent_at").is_null() | (pl.col("consent_at") <= pl.col("as_of"))
    in_file = (pl.col("email_consent") == "yes") & by_then
    no = (pl.col("email_consent") == "no") & by_then
    asked = pl.col("country").is_in(YES_NEEDED) & ~(in_file.fill_null(value=False) | at_checkout | by_event)
    nowhere = pl.col("email").is_null() & pl.col("customer_id").is_in(people["customer_id"].implode())
    broken = mails.filter(asked | (no & ~at_checkout) | nowhere)
    return broken.select("run", "message", "customer_id", "country", "email_consent", "consent_at", "since")


def _events(year: Year) -> pl.DataFrame:
    """What people did, at the shop's own time."""
    events = pl.read_parquet(year.shop / "events.parquet", columns=["customer_id", "event", "at", "list"])
    here = pl.col("at").dt.convert_time_zone("Europe/Istanbul").dt.replace_time_zone(None).cast(pl.Datetime("us"))
    return events.with_columns(here)


def after_a_no(year: Year) -> pl.DataFrame:
    """Marketing emails after a complaint, or after an unsubscription from all or from their list."""
    events = _events(year)
    noes = events.filter(pl.col("event").is_in(["unsubscribe", "complaint"])).rename({"list": "of"})
    mails = year.sent.filter("marketing", pl.col("channel") == "email")
    told = mails.join(noes, on="customer_id").filter(pl.col("at") <= pl.col("as_of"))
    meant = (pl.col("event") == "complaint") | pl.col("of").is_null() | (pl.col("of") == pl.col("list"))
    yeses = events.filter(pl.col("event") == "subscribe").select("customer_id", of="list", again="at")
    later = told.filter(meant).join(yeses, on=["customer_id", "of"], how="left", nulls_equal=True)
    again = (pl.col("again") > pl.col("at")) & (pl.col("again") <= pl.col("as_of"))
    key = ["run", "message", "customer_id", "series", "at"]
    return later.group_by(key).agg(again.any().fill_null(value=False)).filter(~pl.col("again"))


def while_suppressed(year: Year, suppressing: tuple[str, ...]) -> pl.DataFrame:
    """Marketing messages to members of a segment that takes its members off every list."""
    gone = year.members.filter(pl.col("segment").is_in(suppressing))
    both = year.sent.filter("marketing").join(gone, on="customer_id")
    left = pl.col("left_at").is_not_null() & (pl.col("left_at") <= pl.col("as_of"))
    return both.filter(pl.col("entered_at") <= pl.col("as_of"), ~left)


def endless(year: Year) -> pl.DataFrame:
    """Series with more messages than their campaign has steps, or with a step after a later one."""
    steps = year.sends.group_by("campaign").agg(steps=pl.col("step").n_unique())
    counted = (
        year.sent.sort("as_of", "number")
        .group_by("campaign", "customer_id", "series")
        .agg(messages=pl.len(), back=(pl.col("number").diff() <= 0).any())
    )
    return counted.join(steps, on="campaign").filter((pl.col("messages") > pl.col("steps")) | pl.col("back"))


def shared_codes(year: Year) -> pl.DataFrame:
    """Codes made for one series that another series has too; codes that everybody gets are left out."""
    codes = year.sent.filter(pl.col("code").is_not_null(), pl.col("code").str.contains("-"))
    owners = codes.group_by("code").agg(pl.struct("campaign", "customer_id", "series").n_unique().alias("owners"))
    return owners.filter(pl.col("owners") > 1)


def silent(year: Year) -> list[str]:
    """Campaigns that sent nothing in all the year."""
    heard = set(year.sent["campaign"])
    return [name for name in year.programme if name not in heard]


def months(year: Year) -> pl.DataFrame:
    """Messages by campaign and month: what the year looked like."""
    counted = year.sent.with_columns(month=pl.col("as_of").dt.strftime("%y-%m")).sort("month")
    return (
        counted.pivot("month", index="campaign", values="step", aggregate_function="len").fill_null(0).sort("campaign")
    )
