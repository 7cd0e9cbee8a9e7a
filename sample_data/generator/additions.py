"""What chance gave nobody, and a recipe asks for. It comes after the draws of all others and moves none of them."""

from __future__ import annotations

import random
from dataclasses import replace

from generator.catalogue import Product
from generator.clock import AS_OF, DAY, HOUR
from generator.diary import Diary
from generator.people import Person, build_person
from generator.places import ARCTIC, COUNTRIES

# Since then a friend who comes may take a parcel every month.
SUBSCRIPTIONS = AS_OF - 30 * DAY
PARCEL_CENTS = 1900
# Who signed up so many hours ago and did not click yet in the mail that asks for it, where a yes has to be on record.
UNCONFIRMED = (("DE", 14.3), ("TR", 31.6))
# In Canada a question allows to be written to for half a year, which is over soon.
INQUIRED_DAYS_AGO = 160


def added_people(seed: int, first: int) -> list[Person]:
    """People with no orders and no habits, from this index on."""
    country = {country.code: country for country in COUNTRIES}
    people = [
        replace(build_person(seed, first + nth, country[code]), signed_up=AS_OF - int(hours * HOUR), unconfirmed=True)
        for nth, (code, hours) in enumerate(UNCONFIRMED)
    ]
    asks = build_person(seed, first + len(people), country["CA"])
    people.append(replace(asks, city=ARCTIC, signed_up=AS_OF - INQUIRED_DAYS_AGO * DAY - HOUR))
    return [
        replace(person, guest=False, kind="lead", first_order_at=None, email_consent=None, sms_consent=None)
        for person in people
    ]


def days_of(person: Person, products: list[Product]) -> Diary:
    """What one of them did: they looked around when they signed up, and one asked something and still comes by."""
    diary = Diary(person, random.Random(person.index))
    looks = [person.signed_up + 40]
    if not person.unconfirmed:
        diary.note(AS_OF - INQUIRED_DAYS_AGO * DAY, "inquiry", query="Do you ship grinders this far north?")
        looks += [AS_OF - days * DAY for days in (75, 31, 12)]
    for nth, at in enumerate(looks):
        product = products[(person.index + nth) % len(products)]
        diary.note(at, "visit", page="/")
        diary.note(at + 50, "view", product_id=product.product_id, page=product.page)
    return diary


def add_subscriptions(diary: Diary) -> None:
    """Friends who have come as guests lately took a subscription ten days later."""
    for at in [event.at for event in diary.events if event.event == "referral" and event.at > SUBSCRIPTIONS]:
        diary.note(at + 10 * DAY, "referral", tag="subscription", value=PARCEL_CENTS)


def add_survey_answers(people: list[Person]) -> None:
    """Some told their birthday, interests and favourite rewards in a survey of this spring."""
    for person in people:
        told = person.birth_date and person.interests and person.reward
        known = person.email and person.email_consent and not person.second_id and not person.guest
        if told and known and person.index % 10 == 8 and person.signed_up < AS_OF - 240 * DAY:
            person.answered_at = AS_OF - (20 + person.index % 60) * DAY + person.index % 7 * HOUR
