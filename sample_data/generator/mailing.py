"""Emails that the shop sent before: who opened and clicked at which hour, bounced, complained or left."""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass

from generator.browsing import visit
from generator.clock import AS_OF, BLACK_FRIDAYS, DAY, HOUR, TRACKED, local, moment
from generator.diary import Diary
from generator.people import Person
from generator.purchases import Order, Shelf

SHOP = "Europe/Istanbul"
WELCOME = (("hello", 600), ("story", 2 * DAY), ("favourites", 5 * DAY))


@dataclass(frozen=True)
class Mailing:
    campaign: str
    list: str
    at: int


def shop_mailings() -> list[Mailing]:
    """A newsletter every second Thursday, an offer a month, and Black Friday."""
    thursday = dt.date(2026, 6, 25)
    mailings = []
    for back in range(39):
        day = thursday - dt.timedelta(days=14 * back)
        mailings.append(Mailing(f"newsletter.{day:%Y-%m-%d}", "news", moment(day, 10, SHOP)))
    for month in range(18):
        day = dt.date(2025 + month // 12, month % 12 + 1, 6)
        mailings.append(Mailing(f"offer.{day:%Y-%m}", "offers", moment(day, 11, SHOP)))
    friday = BLACK_FRIDAYS[-1]
    for step, days in (("early", -3), ("today", 0), ("last-hours", 3)):
        mailings.append(Mailing(f"black-friday.{step}", "offers", moment(friday + dt.timedelta(days=days), 9, SHOP)))
    return sorted((m for m in mailings if m.at >= TRACKED), key=lambda mailing: mailing.at)


def read_mail(person: Person, shelf: Shelf, orders: list[Order], mailings: list[Mailing], diary: Diary) -> None:
    """Every email to one person and what they did; may end in a bounce, a complaint or an unsubscribe."""
    if person.email_consent is None or person.email is None or person.guest:
        return
    rng = diary.rng
    # Who says no today may have said yes before: half of the refusals are people who left.
    if person.email_consent is False and rng.random() < 0.5:
        return
    ends = _end_of_mail(person, rng)
    lists = {"news", "offers"} if rng.random() < 0.7 else {"news"}
    for name in sorted(lists):
        diary.note(person.signed_up + 20, "subscribe", list=name)
    welcome = [Mailing(f"welcome.{step}", "news", person.signed_up + after) for step, after in WELCOME]
    received = [m for m in [*welcome, *mailings] if m.list in lists and max(person.signed_up, TRACKED) < m.at < ends]
    for mailing in received:
        _one_email(person, shelf, orders, mailing, diary, rng)
    _leave(person, received, ends, lists, diary, rng)


def _end_of_mail(person: Person, rng: random.Random) -> int:
    if person.email_consent:
        return AS_OF
    since = max(person.signed_up, TRACKED) + 3 * DAY
    return since + int((AS_OF - since) * rng.random()) if since < AS_OF else AS_OF


def _one_email(
    person: Person, shelf: Shelf, orders: list[Order], mailing: Mailing, diary: Diary, rng: random.Random
) -> None:
    about = {"campaign": mailing.campaign, "list": mailing.list}
    diary.note(mailing.at, "sent", **about)
    if mailing.at > person.mail_fades_at or person.opens == 0:
        return
    last = max([person.signed_up, *(order.at for order in orders if order.at < mailing.at)])
    warmth = 0.45 + 0.85 * math.exp(-(mailing.at - last) / (160 * DAY))
    if mailing.campaign.startswith(("welcome", "black-friday")):
        warmth *= 1.4
    if rng.random() > person.opens * warmth:
        return
    at = _opening(person, mailing.at, rng)
    for _ in range(rng.choices((1, 2, 3), (78, 17, 5))[0]):
        diary.note(at, "open", **about)
        at += int(rng.expovariate(1 / (6 * HOUR))) + 60
    if rng.random() < 0.20:
        clicked = at + rng.randrange(10, 200)
        product = shelf.pick(mailing.at)
        diary.note(clicked, "click", page=product.page, product_id=product.product_id, **about)
        if clicked > TRACKED:
            visit(
                diary,
                shelf,
                clicked + 3,
                [product],
                leaves_cart=rng.random() < 0.3,
                campaign=mailing.campaign,
            )


def _opening(person: Person, sent_at: int, rng: random.Random) -> int:
    """The next time that it is this person's hour, give or take; some wait for their day of the week."""
    sent = local(sent_at, person.timezone)
    hour = min(23.4, max(5.5, rng.gauss(person.mail_hour, 0.6))) if rng.random() < 0.88 else rng.uniform(6.5, 23.5)
    day = sent.date()
    if hour < sent.hour + sent.minute / 60 + 0.05:
        day += dt.timedelta(days=1)
    if person.mail_weekday is not None and rng.random() < 0.6:
        day += dt.timedelta(days=(person.mail_weekday - day.weekday()) % 7)
    elif rng.random() < 0.25:
        day += dt.timedelta(days=rng.choice((1, 1, 2, 3)))
    return moment(day, hour, person.timezone)


def _leave(
    person: Person, received: list[Mailing], ends: int, lists: set[str], diary: Diary, rng: random.Random
) -> None:
    """Bounces, complaints and unsubscribes; the last of them is what the consent of today says."""
    if not received:
        return
    last = received[-1]
    about = {"campaign": last.campaign, "list": last.list}
    if person.email_consent is False:
        at = min(ends, last.at + rng.randrange(HOUR, 30 * HOUR), AS_OF - HOUR)
        for name in sorted(lists):
            diary.note(at, "unsubscribe", campaign=last.campaign, list=name)
        person.unsubscribed_at = at
        if rng.random() < 0.12:
            diary.note(at - 60, "complaint", **about)
    elif rng.random() < 0.03:
        number = rng.randrange(max(0, len(received) - 6), len(received))
        bounced = received[number]
        later = {mailing.at for mailing in received[number:]}
        # Nothing is opened from the bounce on.
        diary.events[:] = [e for e in diary.events if not (e.campaign and e.at >= bounced.at and e.event != "sent")]
        diary.events[:] = [e for e in diary.events if not (e.event == "sent" and e.at in later and e.at > bounced.at)]
        diary.note(bounced.at + 90, "bounce", campaign=bounced.campaign, list=bounced.list,
            tag="hard" if rng.random() < 0.8 else "soft")  # fmt: skip
    elif "offers" in lists and rng.random() < 0.05:
        diary.note(last.at + HOUR, "unsubscribe", list="offers", campaign=last.campaign)
