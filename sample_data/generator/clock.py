"""The shop's calendar: the moment of the exports, local hours, Black Friday. Times are UTC seconds."""

from __future__ import annotations

import datetime as dt
import functools
from zoneinfo import ZoneInfo

DAY = 86_400
HOUR = 3_600
SHOP_ZONE = ZoneInfo("Europe/Istanbul")
AS_OF = int(dt.datetime(2026, 6, 30, 9, tzinfo=SHOP_ZONE).timestamp())
OPENED = int(dt.datetime(2023, 7, 1, 9, tzinfo=SHOP_ZONE).timestamp())
# The shop began to track visits and its newsletters on this day; orders and reviews are older.
TRACKED = int(dt.datetime(2025, 1, 1, tzinfo=SHOP_ZONE).timestamp())
BLACK_FRIDAYS = (dt.date(2023, 11, 24), dt.date(2024, 11, 29), dt.date(2025, 11, 28))


@functools.cache
def zone(name: str) -> ZoneInfo:
    """The named timezone."""
    return ZoneInfo(name)


def moment(day: dt.date, hour: float, zone_name: str) -> int:
    """The UTC second at which it is `hour` (10.5 is half past ten) on that day in that timezone."""
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone(zone_name))
    return int(midnight.timestamp()) + int(hour * HOUR)


def local(second: int, zone_name: str) -> dt.datetime:
    """The local time of a UTC second."""
    return dt.datetime.fromtimestamp(second, zone(zone_name))


def shop_time(second: int | None, offset: bool = False) -> str:
    """`2024-05-01 09:58:12` in the shop's timezone, with ` +0300` as Shopify writes it when asked."""
    if second is None:
        return ""
    return dt.datetime.fromtimestamp(second, SHOP_ZONE).strftime("%Y-%m-%d %H:%M:%S" + (" %z" if offset else ""))


def in_black_friday_week(second: int) -> bool:
    """Whether a moment lies from the Monday before Black Friday to the Monday after it."""
    day = dt.datetime.fromtimestamp(second, SHOP_ZONE).date()
    return any(-4 <= (day - friday).days <= 3 for friday in BLACK_FRIDAYS)
