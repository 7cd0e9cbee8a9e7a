"""Everybody, once: the attributes of a person's records merged into one row, and the dates that follow from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import polars as pl

from segcli.sources.tables import TIME

# Countries south of the equator, or mostly so (ISO 3166).
SOUTHERN = (
    "AO", "AR", "AU", "BI", "BO", "BR", "BW", "CD", "CL", "EC", "FJ", "ID", "KM", "LS", "MG", "MU", "MW", "MZ",
    "NA", "NC", "NZ", "PE", "PF", "PG", "PY", "RE", "RW", "SB", "SC", "SZ", "TL", "TO", "TZ", "UY", "VU", "WS",
    "ZA", "ZM", "ZW",
)  # fmt: skip
SEASONS = ("winter", "spring", "summer", "autumn")  # of the north, from December on
CONSENTS = ("email_consent", "sms_consent")
# Attributes of which two files may say different things; a difference is counted as a conflict.
COMPARED = (
    "email", "phone", "first_name", "last_name", "gender", "birth_date", "country", "city", "postal_code",
    "email_consent", "sms_consent",
)  # fmt: skip
INTERNAL = ("__source", "updated_at", "seen_at")
# All other attributes of a person are those of the newest record that has them.
NOT_NEWEST = frozenset({"customer_id", *INTERNAL, *CONSENTS, "consent_at", "suppressed", "active_at"})


def merge_records(records: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """One row per `customer_id` from its records, and the number of people about whom lists disagree.

    The newest value that is not null wins: what a list of people says before what an order says, then by
    updated_at, consent_at or created_at, then the later source. `seen_at` marks records made from an order.
    """
    several = pl.col("customer_id").is_duplicated()
    single = records.filter(several.not_())
    multiple = records.filter(several)
    if multiple.is_empty():
        return single.drop(INTERNAL, strict=False), 0
    columns = records.columns
    times = [pl.col(name) for name in ("updated_at", "consent_at", "created_at", "seen_at") if name in columns]
    listed = pl.col("seen_at").is_null() if "seen_at" in columns else pl.lit(True)
    ranked = multiple.with_columns(__listed=listed, __time=pl.coalesce(times) if times else pl.lit(None, TIME)).sort(
        "__listed", "__time", "__source", *_tie_columns(multiple)
    )
    attributes = [name for name in columns if name not in NOT_NEWEST]
    merged = ranked.group_by("customer_id").agg(
        *(pl.col(name).drop_nulls().last() for name in attributes), *_merged_by_rule(columns)
    )
    compared = [name for name in COMPARED if name in columns]
    differs = pl.any_horizontal(pl.col(name).drop_nulls().n_unique() > 1 for name in compared)
    lists = ranked.filter("__listed").group_by("customer_id")
    conflicts = lists.agg(differs=differs)["differs"].sum() if compared else 0
    return pl.concat(
        [single.drop(INTERNAL, strict=False), merged.select(single.drop(INTERNAL, strict=False).columns)]
    ), int(conflicts)


def _tie_columns(records: pl.DataFrame) -> list[str | pl.Expr]:
    plain: list[str | pl.Expr] = [
        name for name, dtype in records.schema.items() if name not in INTERNAL and not dtype.is_nested()
    ]
    return plain + [
        pl.col(name).list.join("|") for name, dtype in records.schema.items() if dtype == pl.List(pl.String)
    ]


def _merged_by_rule(columns: Collection[str]) -> list[pl.Expr]:
    """A no wins unless a yes bears a later time; a list's word stands before an order's tick."""
    at = pl.col("consent_at") if "consent_at" in columns else pl.lit(None, TIME)
    merged = []
    for name in CONSENTS:
        if name not in columns:
            continue
        said = pl.col(name).is_not_null()
        # Orders are heard where no list says anything of this person.
        heard = pl.col("__listed") | (said & pl.col("__listed")).any().not_()
        no, yes = heard & pl.col(name).eq(False), heard & pl.col(name)
        timed_yes, timed_no = at.filter(yes).max(), at.filter(no).max()
        yes_is_later = (no & at.is_null()).any().not_() & (timed_yes > timed_no).fill_null(False)
        value = pl.when(no.any()).then(yes_is_later).when(yes.any()).then(True)
        merged.append(value.alias(name))
    if "active_at" in columns:
        merged.append(pl.col("active_at").max())
    if "suppressed" in columns:
        merged.append(pl.col("suppressed").max())  # one email service that may not write to them is enough
    if "consent_at" in columns:
        merged.append(at.filter(pl.col("__listed") | (pl.col("__listed") & at.is_not_null()).any().not_()).max())
    return merged


def as_of_then(records: pl.LazyFrame, as_of: dt.datetime) -> pl.LazyFrame:
    """Records of people who had come by `as_of`; what bears a later time is not known yet."""
    columns = records.collect_schema()
    come = [pl.col(name) for name in ("created_at", "subscribed_at", "seen_at") if name in columns]
    if come:
        records = records.filter(pl.min_horizontal(come).is_null() | (pl.min_horizontal(come) <= as_of))
    told = ("consent_at", "unsubscribed_at", "subscribed_at", "created_at", "active_at")
    later = [name for name in told if name in columns]
    return records.with_columns(pl.when(pl.col(name) <= as_of).then(pl.col(name)).alias(name) for name in later)


def with_dates(
    people: pl.DataFrame, as_of: dt.datetime, wanted: Collection[str], country: str | None = None
) -> pl.DataFrame:
    """Adds age, birthday, signup_anniversary and season, as far as wanted.

    birthday and signup_anniversary are the occurrences nearest to `as_of` (of two equally near, the coming
    one); the day of signing up itself is no anniversary. season is null where nothing says where
    they live; `country` is where those live who do not say.
    """
    today = as_of.date()
    if {"age", "birthday"} & set(wanted):
        birthdays = _days(people, "birth_date", today).with_columns(age=_full_years("birth_date", today))
        people = _by_day(people, birthdays.rename({"nearest": "birthday"}), [*({"age", "birthday"} & set(wanted))])
    if "signup_anniversary" in wanted:
        people = people.with_columns(__day=pl.min_horizontal("created_at", "subscribed_at").dt.date())
        anniversaries = _days(people, "__day", today).rename({"nearest": "signup_anniversary"})
        people = _by_day(people, anniversaries, ["signup_anniversary"]).drop("__day")
    return people.with_columns(season=_season(today, country)) if "season" in wanted else people


def _by_day(people: pl.DataFrame, days: pl.DataFrame, added: Collection[str]) -> pl.DataFrame:
    """Columns that follow from the date in the first column of `days` alone: worked out once per day."""
    # Joined to the dates alone: a join would copy every column of the people.
    day = days.columns[0]
    matched = people.select(day).join(days, on=day, how="left", maintain_order="left")
    return people.with_columns(matched.select(sorted(added)))


def _days(people: pl.DataFrame, column: str, today: dt.date) -> pl.DataFrame:
    """Every date in the column, and `nearest`, its occurrence nearest to today; never the day itself."""
    day = pl.col(column)
    # From the next year back, so that of two equally near occurrences the coming one comes first.
    years = [str(year) for year in (today.year + 1, today.year, today.year - 1)]
    days = people.select(day.drop_nulls().unique())
    days = days.with_columns(_occurrence(day, int(year)).alias(year) for year in years)
    days = days.with_columns(pl.when(pl.col(year) > day).then(year).alias(year) for year in years)
    away = [(pl.col(year) - pl.lit(today)).dt.total_days().abs() for year in years]
    days = days.with_columns(__least=pl.min_horizontal(away))
    nearest = [pl.when(distance == pl.col("__least")).then(year) for distance, year in zip(away, years, strict=True)]
    return days.select(column, nearest=pl.coalesce(nearest))


def _occurrence(day: pl.Expr, year: int) -> pl.Expr:
    leap = dt.date(year, 12, 31).timetuple().tm_yday == 366
    month_day = day.dt.day()
    if not leap:
        month_day = pl.when((day.dt.month() == 2) & (month_day == 29)).then(28).otherwise(month_day)
    return pl.date(year, day.dt.month(), month_day)


def _full_years(column: str, today: dt.date) -> pl.Expr:
    day = pl.col(column)
    had_it = _occurrence(day, today.year) <= today
    years = today.year - day.dt.year().cast(pl.Int64) - pl.when(had_it).then(0).otherwise(1)
    return pl.when(day <= today).then(years).cast(pl.Int64)


def _season(today: dt.date, country: str | None) -> pl.Expr:
    north = SEASONS[today.month % 12 // 3]
    south = SEASONS[(today.month + 6) % 12 // 3]
    in_the_south = pl.coalesce(
        pl.col("latitude") < 0, pl.col("country").fill_null(pl.lit(country, pl.String)).is_in(SOUTHERN)
    )
    return pl.when(in_the_south).then(pl.lit(south)).when(in_the_south.not_()).then(pl.lit(north))
