"""Time zones, countries, locales, currencies and moments, as a project writes them."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo, available_timezones

from segcli.problems import Place, Problems, nearest

_ISO_3166_1 = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_ISO_3166_1.split())
_OTHER_COUNTRY_CODES = {"UK": "GB", "EL": "GR", "EN": "GB"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?\s?(Z|[+-]\d\d:?\d\d)?)?")

YEARS = range(1980, 2201)  # at whose days a run may be: before them no shop has orders, and days can be counted on


def read_timezone(name: str, place: Place | None, problems: Problems) -> ZoneInfo:
    """The time zone of that name; UTC and a problem when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there, not a name, a folder of zones
        known = available_timezones()
    by_lower = {zone.lower(): zone for zone in known}
    by_city = {zone.rsplit("/", 1)[-1].lower(): zone for zone in sorted(known)}
    plain = name.strip().lower().replace(" ", "_")
    found = by_lower.get(plain) or by_city.get(plain)
    hint = f"Did you mean '{found}'?" if found else nearest(name, known)
    hint = hint or "Write a name such as Europe/Istanbul or UTC."
    problems.error(f"no time zone named '{name}'.", place, "timezone", hint=hint)
    return ZoneInfo("UTC")


def read_country(code: str, place: Place, problems: Problems, key: str = "country") -> str | None:
    """An ISO 3166 code of two letters."""
    if code in COUNTRIES:
        return code
    upper = code.strip().upper()
    found = upper if upper in COUNTRIES else _OTHER_COUNTRY_CODES.get(upper)
    hint = f"Write {found}." if found else "Write an ISO 3166 code such as TR, DE or US."
    problems.error(f"no country with the code '{code}'.", place, key, hint=hint)
    return None


def check_currency(code: str, place: Place, key: str, problems: Problems) -> bool:
    """Whether this is an ISO 4217 code of three letters; notes a problem when not."""
    if re.fullmatch("[A-Z]{3}", code):
        return True
    hint = f"Write {code.upper()}." if re.fullmatch("[A-Za-z]{3}", code) else "Write three letters such as EUR or TRY."
    problems.error(f"'{code}' is no currency code.", place, key, hint=hint)
    return False


def read_locale(name: str, place: Place, problems: Problems) -> str:
    """A language with or without a script and a country: en, tr_TR, zh_Hant_TW."""
    match = re.fullmatch(r"([a-z]{2,3})(?:[_-]([A-Z][a-z]{3}))?(?:[_-]([A-Z]{2}))?", name)
    if match and (match[3] is None or match[3] in COUNTRIES):
        return "_".join(part for part in match.groups() if part)
    problems.error(
        f"'{name}' is no locale.",
        place,
        "locale",
        hint="Write a language, or a language and a country: en, tr_TR.",
    )
    return "en"


def read_moment(text: str, zone: ZoneInfo, place: Place | None, key: str, problems: Problems) -> dt.datetime | None:
    """A moment to the minute, naive in `zone`; a zoned one is converted, a date alone is its first minute."""
    moment = parse_moment(text, zone)
    if moment is None:
        hint = "Write 2026-06-30, 2026-06-30T09:00 or 2026-06-30T09:00+03:00."
        problems.error(f"'{text}' is no moment.", place, key, hint=hint)
    elif moment.year not in YEARS:
        hint = f"Write a moment of the years {YEARS[0]} to {YEARS[-1]}."
        problems.error(f"'{text}' is no moment at which a shop can be.", place, key, hint=hint)
        return None
    return moment


def parse_moment(text: str, zone: ZoneInfo) -> dt.datetime | None:
    """The moment that a text says, as `read_moment` gives it, or None."""
    try:
        moment = dt.datetime.fromisoformat(text.strip()) if _MOMENT.fullmatch(text.strip()) else None
        if moment is not None:
            return naive_minute(moment, zone)
    except (ValueError, OverflowError):
        pass
    return None


def naive_minute(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The moment on the clocks of `zone`, without seconds; a naive one is taken as being there already."""
    local = moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
    return local.replace(second=0, microsecond=0)
