"""When the benchmark's shop is looked at, and how far back its files go."""

from __future__ import annotations

import datetime as dt

AS_OF = dt.datetime(2026, 6, 30, 9, 0)
WEEKS = 104
START = AS_OF - dt.timedelta(weeks=WEEKS)
WEEK = 7 * 24 * 3600  # seconds
