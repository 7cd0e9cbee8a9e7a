"""The customers: who they are, what they agreed to, and the habits that the rest of their story follows."""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass, field

from generator.catalogue import slug
from generator.clock import AS_OF, DAY, HOUR, OPENED, in_black_friday_week
from generator.places import AREA_CODES, COUNTRIES, City, Country

REGISTERED = 3000
GUESTS = 120  # bought without an account: they are in no customers.csv
NEWCOMERS = 36  # registered within the last two days
DOMAINS = (
    "example.com", "example.com", "example.org", "example.net",
    "mail.example", "post.example", "inbox.example",
)  # fmt: skip


@dataclass
class Person:
    """A customer with habits. `kind` is lead, once or repeat; hours and weekdays are local."""

    index: int
    customer_id: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    gender: str | None
    birth_date: dt.date | None
    country: Country
    city: City
    language: str
    signed_up: int
    email_consent: bool | None
    sms_consent: bool | None
    kind: str
    guest: bool = False
    tags: list[str] = field(default_factory=list)
    interests: list[str] = field(default_factory=list)
    reward: str | None = None
    referred_by: str | None = None
    second_id: str | None = None  # a second registration with the same address
    unsubscribed_at: int | None = None
    unconfirmed: bool = False  # signed up, and did not click in the mail that asks for it
    answered_at: int | None = None  # when they told their profile in a survey
    # Habits
    gap_days: float = 60.0
    quits_at: int = AS_OF  # the day on which interest in the shop ends
    first_order_at: int | None = None
    curiosity: float = 0.1  # visits a week, at first
    keeps_looking: bool = False
    budget: float = 1.0
    taste: dict[str, float] = field(default_factory=dict)
    opens: float = 0.0  # the share of emails that they open; 0: never
    mail_fades_at: int = AS_OF
    mail_hour: float = 9.0
    mail_weekday: int | None = None
    browse_hour: float = 20.0

    @property
    def timezone(self) -> str:
        return self.city.timezone

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


def build_people(seed: int) -> list[Person]:
    """Everybody, guests last; referrals and second registrations are set."""
    countries = [country for country in COUNTRIES for _ in range(country.people)]
    order = random.Random(f"{seed}:order")
    countries = sorted(countries, key=lambda _: order.random())[:REGISTERED]
    countries += [order.choices(COUNTRIES, [c.people for c in COUNTRIES])[0] for _ in range(GUESTS)]
    people = [build_person(seed, index, country) for index, country in enumerate(countries)]
    _give_phones(people)
    _link_friends(people[:REGISTERED], random.Random(f"{seed}:friends"))
    for person in random.Random(f"{seed}:twice").sample([p for p in people[:REGISTERED] if p.email], 24):
        person.second_id = f"C{20001 + person.index:05d}"
    return people


def build_person(seed: int, index: int, country: Country) -> Person:
    """One customer, drawn from their own random numbers, so that others do not move them."""
    rng = random.Random(f"{seed}:person:{index}")
    guest, newcomer = index >= REGISTERED, index < NEWCOMERS
    woman = rng.random() < 0.55
    first, last = rng.choice(country.women if woman else country.men), rng.choice(country.surnames)
    city = rng.choices(country.cities, [c.weight for c in country.cities])[0]
    email = f"{slug(first) or 'customer'}.{slug(last)}{index:04d}@{rng.choice(DOMAINS)}"
    fate = rng.random()
    if guest:
        kind = "once" if fate < 0.85 else "repeat"
    else:
        kind = "lead" if fate < 0.39 or newcomer else "once" if fate < 0.745 else "repeat"
    signed_up = _signup(rng, newcomer)
    other = country.other_languages
    language = rng.choice(other) if other and rng.random() < 0.12 else country.language
    person = Person(
        index, f"C{10001 + index:05d}", first, last, email, None,
        rng.choices(("female" if woman else "male", "other", None), (0.7, 0.02, 0.28))[0],
        _birth_date(rng, index), country, city,
        language,         signed_up, None, None, kind, guest,
    )  # fmt: skip
    _give_consent(person, rng)
    _give_habits(person, rng)
    _give_profile(person, rng)
    return person


def _signup(rng: random.Random, newcomer: bool) -> int:
    """A moment of registration: the shop grows, and Black Friday weeks bring more than four times as many."""
    if newcomer:
        return AS_OF - rng.randrange(HOUR // 2, 47 * HOUR)
    while True:
        second = OPENED + int((AS_OF - HOUR - OPENED) * rng.random() ** 0.8)
        if in_black_friday_week(second) or rng.random() < 0.22:
            return second


def _birth_date(rng: random.Random, index: int) -> dt.date | None:
    if index % 331 == 0:
        return dt.date(rng.choice((1972, 1980, 1984, 1988, 1992, 1996, 2000)), 2, 29)
    if rng.random() < 0.38:
        return None
    years = min(82, max(18, rng.gauss(39, 13)))
    return dt.date(2026, 6, 30) - dt.timedelta(days=int(years * 365.25) + rng.randrange(365))


def _give_consent(person: Person, rng: random.Random) -> None:
    answer = rng.random()
    if person.guest:
        person.email_consent = True if answer < 0.15 else None
        return
    yes, no = person.country.email_yes, person.country.email_no
    if person.index < NEWCOMERS:
        yes = 0.9
    person.email_consent = True if answer < yes else False if answer < yes + no else None
    person.sms_consent = True if rng.random() < person.country.sms_yes else None if rng.random() < 0.5 else False


def _give_habits(person: Person, rng: random.Random) -> None:
    signed_up = person.signed_up
    if person.kind != "lead":
        # Half of the buyers buy on the day they register, the others within days or weeks.
        wait = rng.random() * HOUR if rng.random() < 0.5 else rng.lognormvariate(2.2, 1.1) * DAY
        person.first_order_at = min(signed_up + int(wait), AS_OF - rng.randrange(HOUR, 20 * DAY))
        person.first_order_at = max(person.first_order_at, signed_up + 600)
    if person.kind == "repeat":
        person.gap_days = min(150.0, max(18.0, rng.lognormvariate(math.log(52), 0.45)))
        stays = rng.expovariate(1 / 620) * DAY
        # The shop's first friends: many orders in its first year, and some of them left for good.
        if signed_up < OPENED + 330 * DAY and rng.random() < 0.45:
            person.gap_days = rng.uniform(20, 40)
            stays = rng.uniform(330, 520) * DAY if rng.random() < 0.45 else 3000 * DAY
        person.quits_at = signed_up + int(max(stays, 40 * DAY))
        person.curiosity = rng.uniform(0.15, 0.55)
    else:
        person.quits_at = (person.first_order_at or signed_up) + int(rng.lognormvariate(3.2, 0.9) * DAY)
        person.curiosity = rng.uniform(0.05, 0.5)
        person.keeps_looking = rng.random() < (0.18 if person.kind == "lead" else 0.10)
    person.budget = rng.lognormvariate(0.0, 0.7)
    gear = rng.random() < 0.5
    person.taste = {
        "coffee": rng.uniform(2, 8), "tea": rng.uniform(0.3, 6 if person.country.code in ("TR", "GB",
            "VN") else 3),
        "brewers": 2.2 if gear else 0.6, "grinders": 1.2 if gear else 0.3,
        "espresso machines": 0.9 if gear else 0.15,
        "kettles": rng.uniform(0.2, 1.2), "cups": rng.uniform(0.3, 2.0), "care": 1.0 if gear else 0.4,
    }  # fmt: skip
    person.opens = 0.0 if rng.random() < 0.17 else rng.betavariate(2.2, 4.0)
    if rng.random() < 0.30:
        person.mail_fades_at = AS_OF - int(rng.uniform(20, 480) * DAY)
    person.mail_hour = rng.choices((rng.gauss(8, 0.8), rng.gauss(12.5, 0.8), rng.gauss(20.5, 1.0)), (4, 3, 4))[0]
    person.mail_weekday = rng.randrange(7) if rng.random() < 0.4 else None
    person.browse_hour = rng.choices((rng.gauss(11, 1.5), rng.gauss(20.5, 1.4)), (2, 5))[0]


def _give_profile(person: Person, rng: random.Random) -> None:
    favourites = sorted(person.taste, key=lambda name: -person.taste[name])
    if rng.random() < 0.45:
        person.interests = favourites[: rng.randint(1, 3)]
    if rng.random() < 0.40:
        person.reward = rng.choice(("percent", "free_shipping", "gift", "amount"))
    chances = {
        "coffee-club": 0.08,
        "newsletter": 0.25,
        "gift-buyer": 0.05,
        "wholesale": 0.015,
        "tasting-2025": 0.04,
    }
    person.tags = [tag for tag, chance in chances.items() if rng.random() < chance]
    if person.index % 12 == 7:  # no throw of the dice: it would change everybody's life
        person.tags.append("donates")


def _give_phones(people: list[Person]) -> None:
    """Numbers from ranges kept for fiction, none twice; some people have nothing else."""
    taken: dict[str, int] = {}
    for person in people:
        rng = random.Random(f"phone:{person.index}")
        if person.country.phone is None or rng.random() > 0.55:
            continue
        pattern, first, last, digits = person.country.phone
        prefix = pattern.format(area=AREA_CODES.get(person.city.name, ""))
        number = first + taken.get(prefix, 0)
        if number > last:
            continue
        taken[prefix] = taken.get(prefix, 0) + 1
        person.phone = f"{prefix}{number:0{digits}d}"
        if rng.random() < 0.07 and not person.guest:
            person.email, person.email_consent = None, None
    for person in people:
        if person.phone is None:
            person.sms_consent = None


def _link_friends(people: list[Person], rng: random.Random) -> None:
    """Who was brought by whom: three great ambassadors, many with a friend or two."""
    early = [p for p in people if p.kind == "repeat" and p.signed_up < AS_OF - 500 * DAY and p.quits_at > AS_OF]
    ambassadors = rng.sample(early, 3)
    guests = [p for p in people if p.signed_up > AS_OF - 480 * DAY and p.index >= 20]
    brought = rng.sample(guests, 23 + 27 + 21)
    for number, person in enumerate(brought):
        person.referred_by = ambassadors[0 if number < 23 else 1 if number < 50 else 2].customer_id
    for person in rng.sample(guests, 170):
        friend = rng.choice(early)
        if person.referred_by is None and friend.signed_up < person.signed_up:
            person.referred_by = friend.customer_id


CUSTOMER_HEADER = (
    "customer_id", "email", "phone", "first_name", "last_name", "gender", "birth_date", "country", "region",
    "city",
    "postal_code", "latitude", "longitude", "language", "timezone", "subscribed_at", "created_at",
    "email_consent",
    "sms_consent", "consent_at", "consent_source", "tags", "referred_by", "unsubscribed_at", "interests",
    "reward_preference",
)  # fmt: skip
